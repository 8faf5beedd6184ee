/** Name servers and search domains. */
import { addressVersion, canonicalAddress } from "../../instance/addresses.ts";
import type { IpVersion } from "../../instance/instance.ts";
import { allBut, type Client, type ClientSet, inBoth, without } from "../clients.ts";
import {
	bounded,
	type DocumentView,
	type Entry,
	LONGEST,
	listed,
	type NetworkView,
	placeOf,
} from "../document-view.ts";
import { afterburnFails, afterburnGivesUp, keyError, netplanRefuses, windowsPluginFails } from "../effects.ts";
import { isBlank, isObject, member, show } from "../json.ts";
import { crash, type Hit, ignored, inEveryClient, type Rule, wrong } from "../rule.ts";

const unread = wrong("reads the document's own services alone: the guest has no such name server");

export const dnsRules: readonly Rule[] = [
	{
		id: "service-not-dns",
		title: "A service other than DNS (`ntp`) in the document's own `services`",
		fix: "take it out: network_data.json knows name servers alone",
		effects: { "cloud-init": wrong("takes every service for a name server") },
		*find({ services }) {
			for (const { pointer, raw } of services) {
				const type = member(raw, "type");
				if (typeof type !== "string" || type === "dns") continue;
				yield { pointer: `${pointer}/type`, message: `the service is ${show(type)}` };
			}
		},
	},
	{
		id: "service-type-missing",
		title: "A service without a type",
		fix: 'write "dns"',
		effects: {
			"cloudbase-init": wrong("leaves it out"),
			talos: wrong("leaves it out"),
			glean: keyError,
			nuageinit: wrong("leaves it out"),
			afterburn: afterburnGivesUp,
		},
		*find({ services }) {
			for (const service of services) {
				const type = member(service.raw, "type");
				if (typeof type === "string") continue;
				const only = type === undefined ? allBut() : allBut("glean");
				yield { pointer: placeOf(service, "type"), message: "the service has no type in text", only };
			}
		},
	},
	{
		id: "service-address-missing",
		title: "A name server without an address",
		fix: "write the address, or take the entry out",
		effects: {
			"cloud-init": netplanRefuses,
			glean: crash("KeyError, or a name server None in resolv.conf"),
			afterburn: afterburnGivesUp,
		},
		*find(document) {
			for (const service of document.services) {
				const address = member(service.raw, "address");
				if (!isBlank(address)) continue;
				const readers = serviceReaders(service, document);
				// An entry without the member it skips, an empty list it adds.
				const only = address === undefined || Array.isArray(address) ? without(readers, "cloud-init") : readers;
				yield { pointer: placeOf(service, "address"), message: "the name server has no address", only };
			}
		},
	},
	{
		id: "service-address-invalid",
		title: "A name server whose address is none",
		fix: "write an address without prefix, or take the entry out: names are not resolved yet",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": crash("Windows refuses it: no further address is set"),
			talos: crash('"failed to parse dns service ip": no networking from the document'),
			glean: wrong("writes it into resolv.conf as it is"),
			nuageinit: wrong("writes it into resolv.conf as it is"),
			afterburn: afterburnFails,
		},
		*find(document) {
			for (const service of document.services) yield* invalidAddress(service, serviceReaders(service, document));
			for (const { network, service } of networkServices(document)) {
				// Windows and cloud-init alone read a network's own name servers, and use them with static addresses.
				const only = inBoth(network.readBy, new Set(["cloud-init", "cloudbase-init"] as const));
				if (network.isStatic && isDns(service)) yield* invalidAddress(service, only);
			}
		},
	},
	{
		id: "network-services-type",
		title: "A network's `services` is null or no list",
		fix: "write a list, empty if need be",
		effects: {
			"cloud-init": crash("TypeError since 24.3: no NIC is configured"),
			"cloudbase-init": windowsPluginFails,
		},
		*find({ networks }) {
			for (const network of networks) {
				const services = member(network.raw, "services");
				if (services === undefined || Array.isArray(services)) continue;
				const only = networkServiceReaders(network);
				if (typeof services !== "number" && typeof services !== "boolean" && services !== null && isBlank(services))
					continue;
				yield { pointer: `${network.pointer}/services`, message: `services is ${show(services)}, not a list`, only };
			}
		},
	},
	{
		id: "network-service-type",
		title: "An entry of a network's `services` that is no object, or a name server without an address",
		fix: "take the entry out",
		effects: { "cloud-init": crash("stops since 24.3: no NIC is configured"), "cloudbase-init": windowsPluginFails },
		*find({ networks }) {
			for (const network of networks) {
				const only = networkServiceReaders(network);
				for (const [index, item] of bounded(member(network.raw, "services"), LONGEST.services).entries()) {
					const pointer = `${network.pointer}/services/${index}`;
					if (!isObject(item)) yield { pointer, message: `the service is ${show(item)}, not an object`, only };
					else if (isDns({ pointer, raw: item }) && member(item, "address") === undefined) {
						const message = "the name server has no address";
						yield { pointer, message, only: without(only, "cloudbase-init") };
					}
				}
			}
		},
	},
	{
		id: "dns-search-type",
		title: "Search domains that are neither a list nor text",
		fix: "write a list of domain names",
		effects: { "cloud-init": crash("AttributeError: no NIC is configured") },
		*find({ networks }) {
			for (const { pointer, raw, link } of networks) {
				for (const name of ["dns_search", "dns_nameservers"]) {
					const value = member(raw, name);
					if (!link || isBlank(value) || Array.isArray(value) || typeof value === "string") continue;
					yield { pointer: `${pointer}/${name}`, message: `${name} is ${show(value)}` };
				}
			}
		},
	},
	{
		id: "dns-on-networks-alone",
		title: "A name server that stands on a network alone",
		fix: "repeat it in the document's own services",
		effects: { talos: unread, glean: unread, nuageinit: unread, afterburn: unread },
		*find(document) {
			const own = new Set(document.services.filter(isDns).map(serverOf));
			for (const { service } of networkServices(document)) {
				const server = isDns(service) ? serverOf(service) : undefined;
				if (server === undefined || own.has(server)) continue;
				own.add(server);
				yield { pointer: service.pointer, message: `the name server ${server} stands on networks alone` };
			}
		},
	},
	{
		id: "dns-out-of-reach",
		title: "Name servers of a family in which the guest has no address",
		fix: "name a server of the guest's own family",
		effects: inEveryClient(wrong("the guest resolves no name")),
		*find(document) {
			const families = staticFamilies(document);
			const servers = serversOf(document);
			if (!families || servers.length === 0 || servers.some((server) => families.has(addressVersion(server)))) return;
			yield { pointer: "", message: `no name server is IPv${[...families].join(" or IPv")}, as the guest is` };
		},
	},
	{
		id: "dns-missing",
		title: "Static addresses alone and no name server",
		fix: "name a server in services, unless the guest needs none",
		effects: inEveryClient(ignored("the guest resolves no name")),
		*find(document) {
			if (staticFamilies(document) && serversOf(document).length === 0) {
				yield { pointer: "", message: "the document names no DNS server, and no network gets one by DHCP" };
			}
		},
	},
	{
		id: "dns-family-missing",
		title: "Static addresses of both families, name servers of one",
		fix: "name a server of each family, if one of them is to do alone",
		effects: inEveryClient(ignored("the guest resolves no name while that one family fails")),
		*find(document) {
			const families = staticFamilies(document);
			const served = new Set(serversOf(document).map(addressVersion));
			if (families?.size !== 2 || served.size !== 1) return;
			yield { pointer: "", message: `all name servers are IPv${[...served].join()}` };
		},
	},
	{
		id: "dns-search-unread",
		title: "Search domains",
		fix: "nothing, unless such guests need them",
		limitation: true,
		effects: {
			"cloudbase-init": ignored("leaves them out"),
			talos: ignored("leaves them out"),
			glean: ignored("leaves them out"),
			nuageinit: ignored("leaves them out"),
			afterburn: ignored("leaves them out"),
		},
		*find({ networks }) {
			const network = networks.find(({ raw }) => !isBlank(member(raw, "dns_search")));
			if (network) yield { pointer: `${network.pointer}/dns_search`, message: "the network has search domains" };
		},
	},
];

function isDns({ raw }: Entry): boolean {
	return member(raw, "type") === "dns";
}

/** Canonical text of a service's address. */
function serverOf({ raw }: Entry): string | undefined {
	const address = member(raw, "address");
	return typeof address === "string" && address.length <= 100 ? canonicalAddress(address) : undefined;
}

function networkServices({ networks }: DocumentView): { network: NetworkView; service: Entry }[] {
	return networks.flatMap((network) => listed(network, "services").map((service) => ({ network, service })));
}

/** Every name server of the document, wherever it stands. */
function serversOf(document: DocumentView): string[] {
	const services = [...document.services, ...networkServices(document).map(({ service }) => service)];
	return services.filter(isDns).flatMap((service) => serverOf(service) ?? []);
}

/** The families of the guest's addresses; undefined where it has none or DHCP or SLAAC may bring a name server. */
function staticFamilies({ networks }: DocumentView): Set<IpVersion> | undefined {
	const placed = networks.filter(({ link }) => link);
	if (placed.length === 0 || placed.some(({ isStatic }) => !isStatic)) return undefined;
	const families = new Set(placed.flatMap(({ address }) => address?.version ?? []));
	return families.size > 0 ? families : undefined;
}

function* invalidAddress(service: Entry, only: ClientSet): Iterable<Hit> {
	const address = member(service.raw, "address");
	if (isBlank(address) || serverOf(service) !== undefined) return;
	yield { pointer: `${service.pointer}/address`, message: `${show(address)} is no address`, only };
}

/**
 * The clients that read the address of one of the document's own services: cloud-init that of any type, the others
 * those of name servers. netplan and Windows get them with a static address alone.
 */
function serviceReaders(service: Entry, { networks }: DocumentView): ClientSet {
	const readers: ClientSet = isDns(service) ? allBut() : new Set(["cloud-init"] as const);
	return networks.some(({ isStatic, link }) => isStatic && link)
		? readers
		: without(readers, "cloud-init", "cloudbase-init");
}

/** cloud-init looks at the services of every network on a link, Windows at those of static ones. */
function networkServiceReaders({ link, readBy }: NetworkView): ClientSet {
	return new Set<Client>([...readBy, ...(link ? (["cloud-init"] as const) : [])]);
}
