/** Types that cloud-init's own schema for network configuration requires (schema-network-config-v1.json). */
import { type Entry, isDynamic, listed, routesOf } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import { isDns } from "../name-servers.ts";
import type { FoundFault, Rule } from "../rule.ts";

const isText = (value: unknown) => typeof value === "string";
const isInteger = (value: unknown) => Number.isInteger(value);
const isTextList = (value: unknown) => Array.isArray(value) && value.every(isText);

const inRange = (most: number) => (value: unknown) => isInteger(value) && Number(value) >= 0 && Number(value) <= most;

type Types = Readonly<Record<string, (value: unknown) => boolean>>;

/** The options of bonds that no other rule reports for their types. */
const OPTION_VALUE_TYPES: Types = {
	...Object.fromEntries(
		[
			...["active_slave", "ad_actor_system", "ad_select", "all_slaves_active", "arp_all_targets", "arp_ip_target"],
			...["ad_user_port_key", "fail_over_mac", "primary", "resend_igmp", "tlb_dynamic_lb", "updelay", "use_carrier"],
		].map((option) => [`bond_${option}`, isText]),
	),
	...Object.fromEntries(
		[...["ad_actor_sys_prio", "arp_interval", "downdelay", "lp_interval", "min_links", "peer_notif_delay"]].map(
			(option) => [`bond_${option}`, isInteger],
		),
	),
	bond_arp_validate: (value) => typeof value === "boolean",
	bond_num_grat_arp: inRange(255),
	bond_num_unsol_na: inRange(255),
	bond_packets_per_slave: inRange(65_535),
	bond_primary_reselect: (value) => ["always", "better", "failure"].includes(value as string),
};

/** What the schema accepts for each member; other rules report what also does harm. */
const BOND_VALUE_TYPES: Types = {
	...OPTION_VALUE_TYPES,
	mtu: (value) => value !== null,
	bond_mode: (value) => value !== null,
	bond_miimon: (value) => isInteger(value) || (isText(value) && /^\d{1,9}$/.test(value as string)),
	bond_xmit_hash_policy: isText,
	bond_lacp_rate: (value) => value !== null,
	bond_links: (value) => !isText(value),
};
const VLAN_VALUE_TYPES: Types = { mtu: (value) => value !== null };
const NETWORK_VALUE_TYPES: Types = {
	netmask: (value) => isText(value) || typeof value === "number",
	gateway: (value) => !isBlank(value) || value === "",
	dns_search: isTextList,
	dns_nameservers: isTextList,
};
const SERVICE_VALUE_TYPES: Types = { search: isTextList };
const ROUTE_VALUE_TYPES: Types = { netmask: isText, gateway: isText, metric: isInteger };

/** Whether the schema of cloud-init 24.4 and later knows a bond's option, named without `bond_`. 24.2 misspells `resend_igmp`. */
export function isInSchema(option: string): boolean {
	return option !== "resend_igmp" && Object.hasOwn(BOND_VALUE_TYPES, `bond_${option}`);
}

export const valueTypeRules: readonly Rule[] = [
	{
		id: "value-type",
		title: "A value of a type that cloud-init's own schema rejects",
		fix: "write the value with the usual type, or leave the member out",
		*find(document) {
			for (const link of document.links) {
				const types = link.kind === "bond" ? BOND_VALUE_TYPES : link.kind === "vlan" ? VLAN_VALUE_TYPES : {};
				for (const fault of wrongTypes(link, types)) yield { ...fault, link };
			}
			for (const network of document.networks) {
				if (!network.link) continue;
				// A network's own services take the place of its dns_nameservers.
				const { dns_nameservers: _, ...others } = NETWORK_VALUE_TYPES;
				const types = listed(network, "services").some(isDns) ? others : NETWORK_VALUE_TYPES;
				// With an address, any other gateway is reported as invalid.
				const checked = isDynamic(network) ? { ...types, gateway: isText } : types;
				for (const fault of wrongTypes(network, checked)) yield { ...fault, network };
			}
			for (const route of routesOf(document)) {
				if (!route.owner.link) continue;
				for (const fault of wrongTypes(route, ROUTE_VALUE_TYPES)) yield { ...fault, route, network: route.owner };
				if (Object.hasOwn(route.raw, "network") && Object.hasOwn(route.raw, "destination")) {
					const pointer = `${route.pointer}/destination`;
					yield { pointer, message: "the route has network and destination", route, network: route.owner };
				}
				if (!Object.hasOwn(route.raw, "gateway")) {
					yield { pointer: route.pointer, message: "the route has no gateway", route, network: route.owner };
				}
			}
			for (const service of document.services) {
				for (const fault of wrongTypes(service, SERVICE_VALUE_TYPES)) yield { ...fault, service };
				const value = member(service.raw, "address");
				if (isText(value) || isTextList(value)) continue;
				const message = value === undefined ? "the service has no address" : `the address is ${show(value)}`;
				yield { pointer: service.pointer, message, value, service };
			}
		},
	},
];

function* wrongTypes({ pointer, raw }: Entry, types: Types): Iterable<FoundFault> {
	for (const [name, accepts] of Object.entries(types)) {
		const value = member(raw, name);
		if (value === undefined || accepts(value)) continue;
		yield { pointer: `${pointer}/${name}`, message: `${name} is ${show(value)}`, value };
	}
}
