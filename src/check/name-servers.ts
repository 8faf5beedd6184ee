/** The name servers of a document, wherever they are written. */
import { addressVersion, canonicalAddress } from "../instance/addresses.ts";
import type { IpVersion } from "../instance/instance.ts";
import { type Cell, configures, reads } from "./clients/cell.ts";
import type { Member } from "./clients/client.ts";
import {
	bounded,
	type DocumentView,
	type Entry,
	LONGEST,
	listed,
	type NetworkView,
	type RouteView,
} from "./document-view.ts";
import { member } from "./json.ts";

/** One name server, in one of the places where a document can have it. */
export interface NameServer {
	readonly pointer: string;
	/** Canonical text. */
	readonly address: string;
	/** What a client must read to find it. */
	readonly source: Member;
	/** Absent for the document's own services. */
	readonly network?: NetworkView;
}

export function isDns({ raw }: Entry): boolean {
	return member(raw, "type") === "dns";
}

/** The address of a service as canonical text; undefined if it is invalid. */
export function serverOf({ raw }: Entry): string | undefined {
	return addressOf(member(raw, "address"));
}

function addressOf(value: unknown): string | undefined {
	return typeof value === "string" && value.length <= 100 ? canonicalAddress(value) : undefined;
}

/**
 * The addresses of one of the document's own services, as canonical text: one, or each of a list, which cloud-init and VyOS
 * read. Invalid ones are left out.
 */
export function serversOf({ raw }: Entry): string[] {
	const value = member(raw, "address");
	const addresses = Array.isArray(value) ? bounded(value, LONGEST.services) : [value];
	return addresses.flatMap((address) => addressOf(address) ?? []);
}

/** The name servers in the document's own services. */
export function ownNameServersOf({ services }: DocumentView): NameServer[] {
	return services
		.filter(isDns)
		.flatMap((service) =>
			serversOf(service).map((address): NameServer => ({ pointer: service.pointer, address, source: "services" })),
		);
}

/** What may have services beside the document itself: a network, or one of its routes. */
export interface ServiceHolder {
	readonly holder: Entry;
	readonly network: NetworkView;
	readonly route?: RouteView;
}

/** All networks and routes, in the order of the document. */
export function serviceHolders({ networks }: DocumentView): ServiceHolder[] {
	return networks.flatMap((network): ServiceHolder[] => [
		{ holder: network, network },
		...network.routes.map((route) => ({ holder: route, network, route })),
	]);
}

/** The services of all networks and routes. */
export function networkServices(document: DocumentView): (Omit<ServiceHolder, "holder"> & { service: Entry })[] {
	return serviceHolders(document).flatMap(({ holder, ...parts }) =>
		listed(holder, "services").map((service) => ({ ...parts, service })),
	);
}

/** Every name server of the document. */
export function nameServersOf(document: DocumentView): NameServer[] {
	return [...ownNameServersOf(document), ...document.networks.flatMap(nameServersOfNetwork)];
}

/** The name servers on a network: in `services`, in `dns_nameservers` and in its routes' `services`. */
export function nameServersOfNetwork(network: NetworkView): NameServer[] {
	const list = member(network.raw, "dns_nameservers");
	const plain = typeof list === "string" ? list.split(/\s+/) : bounded(list, LONGEST.services);
	return [
		...serversAmong(listed(network, "services"), "networks[].services", network),
		...plain.flatMap((value): NameServer[] => {
			const address = addressOf(value);
			const pointer = `${network.pointer}/dns_nameservers`;
			return address === undefined ? [] : [{ pointer, address, source: "networks[].dns_nameservers", network }];
		}),
		...network.routes.flatMap((route) => serversAmong(listed(route, "services"), "routes[].services", network)),
	];
}

function serversAmong(services: readonly Entry[], source: Member, network: NetworkView): NameServer[] {
	return services.filter(isDns).flatMap((service): NameServer[] => {
		const address = serverOf(service);
		return address === undefined ? [] : [{ pointer: service.pointer, address, source, network }];
	});
}

/** Whether the client reads a name server where it is written. */
export function readsServer(cell: Cell, { source, network }: NameServer): boolean {
	return reads(cell, source, network && { network }) && (network === undefined || configures(cell, network));
}

/** The families of the guest's addresses; undefined if it has none, or if DHCP or SLAAC may bring a name server. */
export function staticFamilies({ networks }: DocumentView): ReadonlySet<IpVersion> | undefined {
	const linked = networks.filter(({ link }) => link);
	if (linked.length === 0 || linked.some(({ isStatic }) => !isStatic)) return undefined;
	const families = new Set(linked.flatMap(({ address }) => address?.version ?? []));
	return families.size > 0 ? families : undefined;
}

/** The families of these name servers. */
export function familiesOf(servers: readonly NameServer[]): ReadonlySet<IpVersion> {
	return new Set(servers.map(({ address }) => addressVersion(address)));
}
