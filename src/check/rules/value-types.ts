/** Types that cloud-init's own schema for network configuration requires (schema-network-config-v1.json). */
import { type Entry, listed, routesOf } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import { isDns } from "../name-servers.ts";
import type { FoundFault, Rule } from "../rule.ts";

const isText = (value: unknown) => typeof value === "string";
const isInteger = (value: unknown) => Number.isInteger(value);
const isTextList = (value: unknown) => Array.isArray(value) && value.every(isText);

/** What the schema accepts for each member; other rules report what also does harm. */
const BOND_TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
	mtu: (value) => value !== null,
	bond_mode: (value) => value !== null,
	bond_miimon: (value) => isInteger(value) || (isText(value) && /^\d{1,9}$/.test(value as string)),
	bond_xmit_hash_policy: isText,
	bond_lacp_rate: (value) => value !== null,
	bond_links: (value) => !isText(value),
};
const VLAN_TYPES: typeof BOND_TYPES = { mtu: (value) => value !== null };
const NETWORK_TYPES: typeof BOND_TYPES = {
	netmask: (value) => isText(value) || typeof value === "number",
	gateway: (value) => !isBlank(value) || value === "",
	dns_search: isTextList,
	dns_nameservers: isTextList,
};
const ROUTE_TYPES: typeof BOND_TYPES = { netmask: isText, gateway: isText, metric: isInteger };

export const valueTypeRules: readonly Rule[] = [
	{
		id: "value-type",
		title: "A value of a type that cloud-init's own schema rejects",
		fix: "write the value with the usual type, or leave the member out",
		*find(document) {
			for (const link of document.links) {
				const types = link.kind === "bond" ? BOND_TYPES : link.kind === "vlan" ? VLAN_TYPES : {};
				for (const fault of wrongTypes(link, types)) yield { ...fault, link };
			}
			for (const network of document.networks) {
				if (!network.link) continue;
				// A network's own services take the place of its dns_nameservers.
				const { dns_nameservers: _, ...types } = NETWORK_TYPES;
				const isOverridden = listed(network, "services").some(isDns);
				for (const fault of wrongTypes(network, isOverridden ? types : NETWORK_TYPES)) yield { ...fault, network };
			}
			for (const route of routesOf(document)) {
				if (!route.owner.link) continue;
				for (const fault of wrongTypes(route, ROUTE_TYPES)) yield { ...fault, route, network: route.owner };
				if (!Object.hasOwn(route.raw, "gateway")) {
					yield { pointer: route.pointer, message: "the route has no gateway", route, network: route.owner };
				}
			}
			for (const service of document.services) {
				const value = member(service.raw, "address");
				if (isText(value) || isTextList(value)) continue;
				const message = value === undefined ? "the service has no address" : `the address is ${show(value)}`;
				yield { pointer: service.pointer, message, value, service };
			}
		},
	},
];

function* wrongTypes({ pointer, raw }: Entry, types: typeof BOND_TYPES): Iterable<FoundFault> {
	for (const [name, accepts] of Object.entries(types)) {
		const value = member(raw, name);
		if (value === undefined || accepts(value)) continue;
		yield { pointer: `${pointer}/${name}`, message: `${name} is ${show(value)}`, value };
	}
}
