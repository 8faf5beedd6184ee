/**
 * The form that a `network_data.json` from any program (Nova, Ironic, Metal3, KubeVirt, CloudStack, a person) may have: for
 * each member, the types that at least one client reads. `readNetworkData` judges the values.
 */
import Type, { type Static, type TSchema } from "typebox";

/** More than any real document has. Limits the work for a hostile one. */
const MAX_ITEMS = 10_000;

const textOrNull = Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"] }));
/** Ids, too: documents made from templates have numbers for ids. */
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

export const AcceptedService = Type.Object({
	type: textOrNull,
	/** Of a service `dns-search`, one search domain or several. */
	address: textOrList,
	search: textOrList,
});
export type AcceptedService = Static<typeof AcceptedService>;

export const AcceptedRoute = Type.Object({
	network: textOrNull,
	/** cloud-init reads it for `network`. */
	destination: textOrNull,
	netmask: numberOrText,
	gateway: textOrNull,
	/** cloud-init and Afterburn read it. */
	metric: numberOrText,
	/** Metal3 writes a network's name servers here. cloud-init reads them since 24.3. */
	services: list(AcceptedService),
});
export type AcceptedRoute = Static<typeof AcceptedRoute>;

export const AcceptedLink = Type.Object({
	id: numberOrText,
	vif_id: numberOrText,
	type: textOrNull,
	/** Metal3, Airship and people write it. cloud-init reads it. */
	name: textOrNull,
	mtu: numberOrText,
	ethernet_mac_address: textOrNull,
	bond_mode: numberOrText,
	bond_links: list(Type.Unsafe<string | number>({ type: ["string", "integer"] })),
	vlan_id: numberOrText,
	vlan_link: numberOrText,
	vlan_mac_address: textOrNull,
});
export type AcceptedLink = Static<typeof AcceptedLink>;

export const AcceptedNetworkEntry = Type.Object({
	id: numberOrText,
	type: textOrNull,
	link: numberOrText,
	network_id: numberOrText,
	subnet_id: numberOrText,
	ip_address: textOrList,
	netmask: numberOrText,
	/** Not in any specification. cloud-init, Talos and nuageinit read it. */
	gateway: textOrNull,
	/** Of the `gateway`. cloud-init reads it. */
	metric: numberOrText,
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
