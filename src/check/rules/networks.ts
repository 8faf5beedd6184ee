/** What every network needs: an id, a link, and a type that clients know. */
import { closest, distance } from "fastest-levenshtein";
import { configures, knowsType } from "../clients/cell.ts";
import { NOVA_NETWORK_TYPES } from "../clients/network-types.ts";
import { memberPointer, type NetworkView } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";

export const networkRules: readonly Rule[] = [
	{
		id: "network-id-missing",
		title: "A network without a text id",
		fix: "give each network an id of its own, as text",
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "id");
				if (typeof value === "string" && value !== "") continue;
				yield { pointer: memberPointer(network, "id"), message: "the network has no text id", value, network };
			}
		},
	},
	{
		id: "network-id-repeated",
		title: "Two networks with the same id",
		fix: "give each network an id of its own",
		*find({ networks }) {
			const seen = new Map<string, NetworkView>();
			for (const network of networks) {
				const id = member(network.raw, "id");
				if (typeof id !== "string" || id === "") continue;
				const first = seen.get(id);
				if (!first) seen.set(id, network);
				else {
					const message = `${first.pointer} has the id ${show(id)} already`;
					yield { pointer: `${network.pointer}/id`, message, network, otherNetwork: first };
				}
			}
		},
	},
	{
		id: "network-link-missing",
		title: "A network that names no link",
		fix: "write the id of the network's link",
		*find({ networks }) {
			for (const network of networks) {
				if (member(network.raw, "link") !== undefined) continue;
				yield { pointer: network.pointer, message: "the network names no link", network };
			}
		},
	},
	{
		id: "network-link-unknown",
		title: "A network on no link of the document",
		fix: "name a link by its id, or add the link",
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "link");
				if (value === undefined || network.link) continue;
				yield { pointer: `${network.pointer}/link`, message: `no link has the id ${show(value)}`, value, network };
			}
		},
	},
	{
		id: "network-type-missing",
		title: "A network without a text type",
		fix: "write the type, for example ipv4 or ipv4_dhcp",
		*find({ networks }) {
			for (const network of networks) {
				const { type } = network;
				if (typeof type === "string" && type !== "") continue;
				yield {
					pointer: memberPointer(network, "type"),
					message: "the network has no text type",
					value: type,
					network,
				};
			}
		},
	},
	{
		id: "network-type-unknown",
		title: "A network type that no client knows, or only cloud-init (`ipv6_dhcpv6_stateful`, `static` …)",
		fix: `write one of ${NOVA_NETWORK_TYPES.join(", ")}`,
		effect: { outcome: "lost", text: "configures nothing for the network" },
		concerns: (cell, { value }) => !knowsType(cell, value),
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, type } = network;
				if (typeof type !== "string" || type === "" || isNovaType(type)) continue;
				const message = `the type is ${show(type)}${suggestion(type)}`;
				yield { pointer: `${pointer}/type`, message, value: type, network };
			}
		},
	},
	{
		id: "network-type-unsupported",
		title: "A way to get an address that not every client supports",
		fix: "nothing, unless such guests need this address: then give it in a way that they support",
		limitation: true,
		effect: { outcome: "ignored", text: "leaves it out" },
		concerns: (cell, { value }) => !knowsType(cell, value),
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, type } = network;
				if (typeof type !== "string" || !isNovaType(type)) continue;
				yield { pointer: `${pointer}/type`, message: `the type is ${type}`, value: type, network };
			}
		},
	},
	{
		id: "network-type-approximated",
		title: "SLAAC, for clients that ask for DHCPv6 instead",
		fix: "nothing: the address still comes by router advertisement",
		limitation: true,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, type, link } = network;
				if (!link || (type !== "ipv6_slaac" && type !== "ipv6_dhcpv6-stateless")) continue;
				yield { pointer: `${pointer}/type`, message: `the type is ${type}`, value: type, network };
			}
		},
	},
	{
		id: "dhcp6-starts-dhcp4",
		title: "Stateful DHCPv6 without DHCPv4, for clients that ask for both",
		fix: "nothing, unless a DHCPv4 server answers on the link",
		limitation: true,
		*find({ links }) {
			for (const { networks } of links) {
				const network = networks.find(({ type }) => type === "ipv6_dhcpv6-stateful");
				if (!network || networks.some(({ version }) => version === 4)) continue;
				yield { pointer: `${network.pointer}/type`, message: "the link asks only for DHCPv6", network };
			}
		},
	},
	{
		id: "link-unconfigured",
		title: "A link whose networks all have types that a client does not support",
		fix: "for such guests, add a network that they support: a static IPv4 one, or ipv4_dhcp",
		limitation: true,
		effect: { outcome: "lost", text: "the link has no address" },
		concerns: (cell, { link }) => link?.networks.some(({ type }) => knowsType(cell, type)) === false,
		*find({ links }) {
			for (const link of links) {
				const { pointer, kind, networks } = link;
				const known = networks.filter(({ type }) => isNovaType(type));
				if (kind !== "nic" || known.length === 0) continue;
				const types = [...new Set(known.map(({ type }) => type))].join(", ");
				yield { pointer, message: `the link has only ${types}`, link };
			}
		},
	},
	{
		id: "ipv6-without-ipv4",
		title: "A link with IPv6 networks and no IPv4 network",
		fix: "for such guests, add an IPv4 network to the link",
		limitation: true,
		concerns: (cell, { link }) => link?.networks.some((network) => configures(cell, network)) ?? false,
		*find({ links }) {
			for (const link of links) {
				const { pointer, networks } = link;
				if (networks.length === 0 || networks.some(({ version }) => version !== 6)) continue;
				yield { pointer, message: "the link has only IPv6 networks", link };
			}
		},
	},
];

function isNovaType(type: unknown): boolean {
	return NOVA_NETWORK_TYPES.some((name) => name === type);
}

/** The type of Nova's with nearly the same name, as a question; empty if none is close. */
function suggestion(type: string): string {
	if (isBlank(type) || type.length > 30) return "";
	const known = closest(type, NOVA_NETWORK_TYPES);
	return distance(type, known) <= 3 ? `; did you mean ${known}?` : "";
}
