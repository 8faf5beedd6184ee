/**
 * The form that a `network_data.json` of any maker (Nova, Ironic, Metal3, KubeVirt, CloudStack, a person) may have: for
 * each member, the types that at least one client reads. `readNetworkData` judges the values.
 */
import Type, { type Static, type TSchema } from "typebox";

/** More than any real document has. It bounds the work on a hostile one. */
const MAX_ITEMS = 10_000;

const textOrNull = Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"] }));
const numberOrText = Type.Optional(Type.Unsafe<string | number | null>({ type: ["string", "integer", "null"] }));
const textOrList = Type.Optional(
	Type.Unsafe<string | string[] | null>({
		type: ["array", "string", "null"],
		items: { type: "string" },
		maxItems: MAX_ITEMS,
	}),
);

const list = <T extends TSchema>(items: T) =>
	Type.Optional(Type.Unsafe<Static<T>[] | null>({ type: ["array", "null"], items, maxItems: MAX_ITEMS }));

export const AcceptedService = Type.Object({ type: textOrNull, address: textOrNull });
export type AcceptedService = Static<typeof AcceptedService>;

export const AcceptedRoute = Type.Object({ network: textOrNull, netmask: numberOrText, gateway: textOrNull });
export type AcceptedRoute = Static<typeof AcceptedRoute>;

export const AcceptedLink = Type.Object({
	id: numberOrText,
	vif_id: textOrNull,
	type: textOrNull,
	mtu: numberOrText,
	ethernet_mac_address: textOrNull,
	bond_mode: numberOrText,
	bond_links: list(Type.String()),
	vlan_id: numberOrText,
	vlan_link: numberOrText,
	vlan_mac_address: textOrNull,
});
export type AcceptedLink = Static<typeof AcceptedLink>;

export const AcceptedNetworkEntry = Type.Object({
	id: numberOrText,
	type: textOrNull,
	link: numberOrText,
	network_id: textOrNull,
	subnet_id: textOrNull,
	ip_address: textOrNull,
	netmask: numberOrText,
	/** Not in any specification. cloud-init, Talos and nuageinit read it. */
	gateway: textOrNull,
	routes: list(AcceptedRoute),
	services: list(AcceptedService),
	/** Not in any specification. cloud-init and Afterburn read it. */
	dns_nameservers: textOrList,
	dns_search: textOrList,
});
export type AcceptedNetworkEntry = Static<typeof AcceptedNetworkEntry>;

export const AcceptedNetworkData = Type.Object({
	links: list(AcceptedLink),
	networks: list(AcceptedNetworkEntry),
	services: list(AcceptedService),
});
export type AcceptedNetworkData = Static<typeof AcceptedNetworkData>;
