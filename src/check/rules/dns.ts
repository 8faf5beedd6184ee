/** Name servers and search domains: which client finds them, and for which link. */
import { addressVersion } from "../../instance/addresses.ts";
import type { Cell } from "../clients/cell.ts";
import { type DocumentView, type Entry, isDynamic, type LinkView, listed, type NetworkView } from "../document-view.ts";
import { isBlank, member } from "../json.ts";
import {
	familiesOf,
	isDns,
	type NameServer,
	nameServersOf,
	nameServersOfNetwork,
	ownNameServersOf,
	readsServer,
	serverOf,
	staticFamilies,
} from "../name-servers.ts";
import type { Rule } from "../rule.ts";
import { onNetwork, onUnreadMember } from "./concerns.ts";

export const dnsRules: readonly Rule[] = [
	{
		id: "dns-on-networks-alone",
		title: "A name server that is written only where some clients do not look",
		fix: "repeat it in the document's own services",
		effect: { outcome: "wrong", text: "does not read it there: the guest does not have this name server" },
		concerns: (cell, fault) =>
			cell.client.configuresNetwork !== false && !readServers(cell, fault.document).has(fault.value as string),
		*find(document) {
			const seen = new Set(
				nameServersOf(document).flatMap(({ address, source }) => (source === "services" ? address : [])),
			);
			for (const { pointer, address } of nameServersOf(document)) {
				if (seen.has(address)) continue;
				seen.add(address);
				yield { pointer, message: `the name server ${address} is not in the document's services`, value: address };
			}
		},
	},
	{
		id: "dns-not-on-link",
		title: "A static network whose name servers some versions of a client do not read",
		fix: "repeat the servers on the network as dns_nameservers",
		concerns: onNetwork,
		*find(document) {
			const named = new Set(document.networks.flatMap(nameServersOfNetwork).map(({ address }) => address));
			const allFamilies = familiesOf(nameServersOf(document));
			const isOnLinks = ownNameServersOf(document).every(({ address }) => named.has(address));
			for (const network of document.networks) {
				const { link, isStatic, pointer } = network;
				if (!link || !isStatic) continue;
				const needsServers = link.networks.some(isServed) ? isServed(network) : !isOnLinks;
				const offered = isServed(network) ? familiesOf(nameServersOfNetwork(network)) : allFamilies;
				const families = new Set(link.networks.map(({ address, version }) => address?.version ?? version));
				if (!needsServers || ![...offered].some((family) => families.has(family))) continue;
				yield { pointer, message: "the network needs name servers", network, link };
			}
		},
	},
	{
		id: "dns-nameservers-overridden",
		title: "A name server in a network's `dns_nameservers`, beside `services` without it",
		fix: "put the same servers in both, or only one of them",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const own = new Set(serversAmong(listed(network, "services")));
				if (own.size === 0) continue;
				const plain = nameServersOfNetwork(network).filter(({ source }) => source === "networks[].dns_nameservers");
				for (const { pointer, address } of missingFrom(own, plain)) {
					const message = `the name server ${address} is not in the network's services`;
					yield { pointer, message, value: address, network };
				}
			}
		},
	},
	{
		id: "dns-in-services-alone",
		title: "A name server that is only in the document's own services, while every link has others",
		fix: "repeat the server on a network",
		*find(document) {
			const fixed = document.links.filter(({ networks }) => networks.some(({ isStatic }) => isStatic));
			if (fixed.length === 0 || !fixed.every(({ networks }) => networks.some(isServed))) return;
			const onNetworks = new Set(document.networks.flatMap(nameServersOfNetwork).map(({ address }) => address));
			for (const { pointer, address } of ownNameServersOf(document)) {
				if (onNetworks.has(address)) continue;
				yield { pointer, message: `no network has the name server ${address}`, value: address };
			}
		},
	},
	{
		id: "dns-on-dhcp-link",
		title: "The document's own name servers, for a link with DHCP or SLAAC alone",
		fix: "nothing, as long as the DHCP server or the router hands out name servers",
		limitation: true,
		*find(document) {
			const families = familiesOf(ownNameServersOf(document));
			for (const link of document.links) {
				const { networks, pointer } = link;
				if (!networks.some(isDynamic) || networks.some(({ isStatic }) => isStatic)) continue;
				if (![...families].some((family) => networks.some(({ version }) => version === family))) continue;
				yield { pointer, message: "all addresses of the link come from DHCP or router advertisements", link };
			}
		},
	},
	{
		id: "dhcp-dns-unread",
		title: "A name server that is written only on a network with DHCP or SLAAC, beside a static network",
		fix: "repeat it on a static network of the link, or let the router or DHCP server hand it out",
		limitation: true,
		*find({ links }) {
			for (const { networks } of links) {
				const fixed = networks.filter(({ isStatic }) => isStatic).flatMap(nameServersOfNetwork);
				if (fixed.length === 0) continue;
				const known = new Set(fixed.map(({ address }) => address));
				const dynamic = networks.filter(({ isStatic }) => !isStatic).flatMap(nameServersOfNetwork);
				for (const { pointer, address, network } of missingFrom(known, dynamic)) {
					if (!network) continue;
					const message = `the name server ${address} is on no static network of the link`;
					yield { pointer, message, value: address, network };
				}
			}
		},
	},
	{
		id: "dns-on-every-link",
		title: "A static network without name servers, beside one that has some",
		fix: "give the network a search domain (dns_domain in Neutron), which keeps the other servers off it with netplan",
		limitation: true,
		*find(document) {
			if (document.services.length === 0 || !document.networks.some(isServed)) return;
			for (const network of document.networks) {
				const { link, isStatic, pointer } = network;
				if (!link || !isStatic || link.networks.some(isServed)) continue;
				if (!isBlank(member(network.raw, "dns_search"))) continue;
				yield { pointer, message: "the link has no name servers of its own", network };
			}
		},
	},
	{
		id: "dns-of-every-link",
		title: "Links with different name servers",
		fix: "nothing in the document helps, unless all links can have the same servers",
		limitation: true,
		*find(document) {
			const serversOf = ({ networks }: LinkView) => serversText(networks.flatMap(nameServersOfNetwork));
			const [first, ...others] = document.links.filter((link) => serversOf(link) !== "");
			const other = first && others.find((link) => serversOf(link) !== serversOf(first));
			if (!other || document.services.length === 0) return;
			const message = `the link's name servers are not those of ${first.pointer}`;
			yield { pointer: other.pointer, message, link: other };
		},
	},
	{
		id: "dns-out-of-reach",
		title: "Name servers only of a family in which the guest has no address",
		fix: "name a server of the guest's own family",
		effect: { outcome: "wrong", text: "the guest resolves no names" },
		*find(document) {
			const families = staticFamilies(document);
			const served = familiesOf(nameServersOf(document));
			if (!families || served.size === 0 || [...served].some((family) => families.has(family))) return;
			yield { pointer: "", message: `no name server is IPv${[...families].join(" or IPv")}, as the guest is` };
		},
	},
	{
		id: "dns-family-unread",
		title: "A name server that is on no network of its own family, or a network with none of its own",
		fix: "write each server on a network of its own family",
		limitation: true,
		*find(document) {
			const { links } = document;
			const own = ownNameServersOf(document);
			const ofHost = own.flatMap(({ address }) => (addressVersion(address) === 4 ? address : []));
			const reached = new Set([...ofHost, ...links.flatMap(serversOfFamily)]);
			const message = (address: string) => `the name server ${address} is on no IPv${addressVersion(address)} network`;
			for (const { pointer, address } of missingFrom(reached, own)) {
				reached.add(address);
				yield { pointer, message: message(address), value: address };
			}
			const onNetworks = links.flatMap(({ networks }) => networks.flatMap(nameServersOfNetwork));
			for (const { pointer, address, network } of missingFrom(reached, onNetworks)) {
				if (network) yield { pointer, message: message(address), value: address, network };
			}
			for (const { network, servers } of links.flatMap(serversByNetwork)) {
				const isOwn = (address: string) => addressVersion(address) === network.version;
				if (network.version === undefined || servers.length === 0 || servers.some(isOwn)) continue;
				yield { pointer: network.pointer, message: `no name server of the network is IPv${network.version}`, network };
			}
		},
	},
	{
		id: "dns-missing",
		title: "Static addresses only, and no name server",
		fix: "add a name server to services, unless the guest needs none",
		effect: { outcome: "ignored", text: "the guest resolves no names" },
		*find(document) {
			if (staticFamilies(document) && nameServersOf(document).length === 0) {
				yield { pointer: "", message: "the document names no DNS server, and no network gets one by DHCP" };
			}
		},
	},
	{
		id: "dns-family-missing",
		title: "Static addresses of both families, name servers of one",
		fix: "name a server of each family, if one family must work alone",
		effect: { outcome: "ignored", text: "the guest resolves no names while that family is down" },
		*find(document) {
			const families = staticFamilies(document);
			const served = familiesOf(nameServersOf(document));
			if (families?.size !== 2 || served.size !== 1) return;
			yield { pointer: "", message: `all name servers are IPv${[...served].join()}` };
		},
	},
	{
		id: "dns-search-unread",
		title: "Search domains",
		fix: "nothing, unless such guests need them",
		limitation: true,
		effect: { outcome: "ignored", text: "leaves them out" },
		concerns: onUnreadMember("networks[].dns_search"),
		*find({ networks }) {
			const network = networks.find(({ raw, link }) => link && !isBlank(member(raw, "dns_search")));
			if (!network) return;
			yield { pointer: `${network.pointer}/dns_search`, message: "the network has search domains", network };
		},
	},
];

/** The addresses of all name servers that the client finds. */
function readServers(cell: Cell, document: DocumentView): ReadonlySet<string> {
	return new Set(
		nameServersOf(document)
			.filter((server) => readsServer(cell, server))
			.map(({ address }) => address),
	);
}

/**
 * The servers of a link's networks. One that has neither servers nor search domains has those of the link's first that has
 * some.
 */
function serversByNetwork({ networks }: LinkView): { network: NetworkView; servers: readonly string[] }[] {
	const own = networks.map((network) => {
		const servers = nameServersOfNetwork(network).map(({ address }) => address);
		return servers.length > 0 || !isBlank(member(network.raw, "dns_search")) ? servers : undefined;
	});
	const first = own.find((servers) => servers !== undefined) ?? [];
	return networks.map((network, index) => ({ network, servers: own[index] ?? first }));
}

/** The servers of a link that stand on a network of their own family. */
function serversOfFamily(link: LinkView): string[] {
	return serversByNetwork(link).flatMap(({ network, servers }) =>
		servers.filter((address) => addressVersion(address) === network.version),
	);
}

function isServed(network: NetworkView): boolean {
	return nameServersOfNetwork(network).length > 0;
}

function serversAmong(services: readonly Entry[]): string[] {
	return services.filter(isDns).flatMap((service) => serverOf(service) ?? []);
}

/** The servers that are not among the known addresses, each once. */
function missingFrom(known: ReadonlySet<string>, servers: readonly NameServer[]): NameServer[] {
	const seen = new Set(known);
	return servers.filter(({ address }) => !seen.has(address) && seen.add(address));
}

function serversText(servers: readonly NameServer[]): string {
	return [...new Set(servers.map(({ address }) => address))].toSorted().join();
}
