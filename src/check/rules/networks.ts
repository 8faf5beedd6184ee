/** What every network needs: an id, a link, a type that clients know. */
import { closest, distance } from "fastest-levenshtein";
import { allBut, CLIENTS, type Client, NETWORK_TYPES_OF } from "../clients.ts";
import { type NetworkView, placeOf } from "../document-view.ts";
import { afterburnGivesUp, keyError, nuageinitStops } from "../effects.ts";
import { isBlank, member, show } from "../json.ts";
import { crash, ignored, lost, type Rule } from "../rule.ts";

export const networkRules: readonly Rule[] = [
	{
		id: "network-id-missing",
		title: "A network without an id in text",
		fix: "give each network an id of its own, as text",
		effects: {
			talos: lost("skips the network"),
			glean: keyError,
			afterburn: afterburnGivesUp,
		},
		*find({ networks }) {
			for (const network of networks) {
				const id = member(network.raw, "id");
				if (typeof id === "string" && id !== "") continue;
				const only = id === undefined ? allBut() : id === "" ? allBut("glean", "afterburn") : allBut("glean");
				yield { pointer: placeOf(network, "id"), message: "the network has no id in text", only };
			}
		},
	},
	{
		id: "network-id-repeated",
		title: "Two networks with one id",
		fix: "give each network an id of its own",
		effects: { glean: lost("keeps the last of them") },
		*find({ networks }) {
			const seen = new Map<string, NetworkView>();
			for (const network of networks) {
				const id = member(network.raw, "id");
				if (typeof id !== "string" || id === "") continue;
				const first = seen.get(id);
				if (!first) seen.set(id, network);
				else yield { pointer: `${network.pointer}/id`, message: `the id ${show(id)} is ${first.pointer}'s already` };
			}
		},
	},
	{
		id: "network-link-missing",
		title: "A network that names no link",
		fix: "write the id of the network's link",
		effects: {
			"cloud-init": keyError,
			"cloudbase-init": crash("looks for an adapter without name: no further address is set"),
			talos: lost("skips the network"),
			glean: keyError,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
		},
		*find({ links, networks }) {
			for (const { pointer, raw, type } of networks) {
				if (member(raw, "link") !== undefined) continue;
				// cloud-init goes through the networks once for each link.
				const spared: Client[] = links.length > 0 ? [] : ["cloud-init"];
				yield { pointer, message: "the network names no link", only: allBut(...spared, ...passingBy(type)) };
			}
		},
	},
	{
		id: "network-link-unknown",
		title: "A network on no link of the document",
		fix: "name a link by its id, or add the link",
		effects: {
			"cloud-init": lost("leaves the network out without a word"),
			"cloudbase-init": crash("finds no adapter of that name: no further address is set"),
			talos: lost("skips the network"),
			glean: lost("skips the network"),
			nuageinit: nuageinitStops,
			afterburn: lost("skips the network"),
		},
		*find({ networks }) {
			for (const { pointer, raw, link, type } of networks) {
				const id = member(raw, "link");
				if (id === undefined || link) continue;
				const message = `no link has the id ${show(id)}`;
				yield { pointer: `${pointer}/link`, message, only: allBut(...passingBy(type)) };
			}
		},
	},
	{
		id: "network-type-missing",
		title: "A network without a type in text",
		fix: "write the type, for example ipv4 or ipv4_dhcp",
		effects: {
			"cloud-init": crash("no NIC is configured"),
			"cloudbase-init": lost("skips the network"),
			talos: lost("skips the network"),
			glean: lost("configures nothing for the network"),
			nuageinit: lost("configures nothing for the network"),
			afterburn: afterburnGivesUp,
		},
		*find({ networks }) {
			for (const network of networks) {
				const { type, link } = network;
				if (typeof type === "string" && type !== "") continue;
				const only = link ? allBut() : allBut("cloud-init");
				yield { pointer: placeOf(network, "type"), message: "the network has no type in text", only };
			}
		},
	},
	{
		id: "network-type-unknown",
		title: "A network type that no client knows, or cloud-init alone (`ipv6_dhcpv6_stateful`, `static` …)",
		fix: `write one of ${NETWORK_TYPES_OF.talos.join(", ")}`,
		effects: {
			"cloud-init": lost("brings the link up without an address, or netplan refuses the whole file"),
			"cloudbase-init": lost("skips the network"),
			talos: lost("skips the network"),
			glean: lost("configures nothing for the network"),
			nuageinit: lost("configures nothing for the network"),
			afterburn: lost("configures nothing for the network"),
		},
		*find({ networks }) {
			for (const { pointer, type } of networks) {
				if (typeof type !== "string" || type === "" || NETWORK_TYPES_OF.talos.includes(type)) continue;
				const only = new Set(CLIENTS.filter((client) => !NETWORK_TYPES_OF[client].includes(type)));
				yield { pointer: `${pointer}/type`, message: `the type is ${show(type)}${nearest(type)}`, only };
			}
		},
	},
	{
		id: "network-type-unsupported",
		title: "A way to get an address that not every client knows",
		fix: "nothing, unless such guests are to have this address: then a static network",
		limitation: true,
		effects: {
			"cloud-init": ignored(
				"with netplan it becomes dhcp6: true (issue 6847); the address still comes by router advertisement",
			),
			"cloudbase-init": ignored("leaves it to Windows, which follows router advertisements"),
			glean: ignored("leaves it out; static IPv6 it knows, but not on Red Hat"),
			nuageinit: ignored("leaves it out"),
			afterburn: ignored("leaves it out"),
		},
		*find({ networks }) {
			for (const { pointer, type } of networks) {
				if (typeof type !== "string" || !NETWORK_TYPES_OF.talos.includes(type)) continue;
				const hit = new Set(CLIENTS.filter((client) => !NETWORK_TYPES_OF[client].includes(type)));
				// An adapter that nothing is said about keeps DHCP.
				if (type === "ipv4_dhcp") hit.delete("cloudbase-init");
				if (type === "ipv6_slaac") hit.add("cloud-init");
				if (type === "ipv6") hit.add("glean");
				yield { pointer: `${pointer}/type`, message: `the type is ${type}`, only: hit };
			}
		},
	},
	{
		id: "link-unconfigured",
		title: "A link all of whose networks are of types that a client leaves out",
		fix: "for such guests, add a network that they know: a static one, or ipv4_dhcp",
		limitation: true,
		effects: {
			glean: lost("the link has no address (with systemd-networkd, SLAAC works)"),
			nuageinit: lost("the link has no address"),
			afterburn: lost("the link has no address"),
		},
		*find({ links }) {
			for (const { pointer, kind, networks } of links) {
				const known = networks.filter(({ type }) => NETWORK_TYPES_OF.talos.some((name) => name === type));
				if (kind !== "nic" || known.length === 0) continue;
				const only = new Set(CLIENTS.filter((client) => !networks.some(({ readBy }) => readBy.has(client))));
				const types = [...new Set(known.map(({ type }) => type))].join(", ");
				yield { pointer, message: `the link has ${types} alone`, only };
			}
		},
	},
];

/** The clients that pass by a network of this type without a look at its link. */
function passingBy(type: unknown): Client[] {
	return (["cloudbase-init", "nuageinit"] as const).filter(
		(client) => !NETWORK_TYPES_OF[client].some((name) => name === type),
	);
}

/** Nova's type of nearly the same name, as a question; empty when none is near. */
function nearest(type: string): string {
	if (isBlank(type) || type.length > 30) return "";
	const known = closest(type, NETWORK_TYPES_OF.talos);
	return distance(type, known) <= 3 ? `; is ${known} meant?` : "";
}
