/** A document of unknown shape, read once for all rules: bounded, its references resolved, its addresses parsed. */
import type { Cidr } from "../instance/addresses.ts";
import type { IpVersion } from "../instance/instance.ts";
import { type Address, isMac, networkOf, parseAddress } from "./addressing.ts";
import { CLIENTS, type ClientSet, NETWORK_TYPES_OF, TALOS_NIC_TYPES } from "./clients.ts";
import { isObject, type JsonObject, member } from "./json.ts";

/** A JSON object at its place. */
export interface Entry {
	readonly pointer: string;
	readonly raw: JsonObject;
}

export interface LinkView extends Entry {
	/** Text in a sound document. */
	readonly id: unknown;
	/** What clients take it for: everything but bonds and VLANs is a NIC. */
	readonly kind: "nic" | "bond" | "vlan";
	/** Those that name this link, in the document's order. */
	readonly networks: NetworkView[];
}

export interface NetworkView extends Entry {
	/** The link that it names; absent when there is none of that id. */
	readonly link?: LinkView;
	readonly type: unknown;
	/** By its type's name. */
	readonly version?: IpVersion;
	/** Whether its address stands in the document: types `ipv4` and `ipv6`, and cloud-init's own `static`, `static6`. */
	readonly isStatic: boolean;
	/** `ip_address`, where it is one. */
	readonly address?: Address;
	/** The subnet of that address, where a mask is told. */
	readonly subnet?: Cidr;
	/** The clients that configure something for an entry of this type on this link. */
	readonly readBy: ClientSet;
	readonly routes: RouteView[];
}

export interface RouteView extends Entry {
	readonly network: NetworkView;
	/** `network`, where it is an address. */
	readonly address?: Address;
	/** That address with its mask. */
	readonly destination?: Cidr;
	/** Canonical text. */
	readonly gateway?: string;
}

/** One of the document's three lists. */
export interface ListView {
	readonly name: "links" | "networks" | "services";
	/** Undefined when the document has no such member. */
	readonly value: unknown;
	/** What is in it, or in as much of it as is read; empty when it is no list. */
	readonly items: readonly unknown[];
}

export interface DocumentView {
	/** Undefined when the document is no object. */
	readonly root?: JsonObject;
	readonly lists: readonly ListView[];
	readonly links: readonly LinkView[];
	readonly networks: readonly NetworkView[];
	/** The document's own `services`. */
	readonly services: readonly Entry[];
	/** The first link with that id. */
	linkById(id: unknown): LinkView | undefined;
}

/** How much of a list is read. Real guests have some ten links; the bound is for hostile documents. */
export const LONGEST = { links: 256, networks: 512, services: 256, routes: 64, bond_links: 64 } as const;

/** Reads what can be read of any JSON value; never throws. */
export function viewDocument(document: unknown): DocumentView {
	const root = isObject(document) ? document : undefined;
	const lists = (["links", "networks", "services"] as const).map((name): ListView => {
		const value = root && member(root, name);
		return { name, value, items: bounded(value, LONGEST[name]) };
	});
	const entries = (name: ListView["name"]) =>
		entriesOf(lists.find((list) => list.name === name)?.items ?? [], `/${name}`);
	const links = entries("links").map(viewLink);
	const byId = new Map(links.toReversed().map((link) => [link.id, link]));
	const linkById = (id: unknown) => (id === undefined ? undefined : byId.get(id));
	const networks = entries("networks").map((entry) => viewNetwork(entry, linkById(member(entry.raw, "link"))));
	return { ...(root && { root }), lists, links, networks, services: entries("services"), linkById };
}

/** The objects in a list, each with its pointer; the list's other items are left out. */
export function entriesOf(items: readonly unknown[], pointer: string): Entry[] {
	return items.flatMap((raw, index) => (isObject(raw) ? [{ pointer: `${pointer}/${index}`, raw }] : []));
}

/** As much of a list as is read; empty for what is no list. */
export function bounded(value: unknown, longest: number): readonly unknown[] {
	return Array.isArray(value) ? value.slice(0, longest) : [];
}

/** A link's MAC address in lower case; undefined when it has none in the form of one. */
export function macOf({ raw }: Entry): string | undefined {
	const mac = member(raw, "ethernet_mac_address");
	return typeof mac === "string" && isMac(mac) ? mac.toLowerCase() : undefined;
}

/** The pointer to an entry's member, or to the entry where it has none of that name. */
export function placeOf({ pointer, raw }: Entry, name: string): string {
	return Object.hasOwn(raw, name) ? `${pointer}/${name}` : pointer;
}

/** The objects in an entry's own list: `routes`, `services`. */
export function listed(entry: Entry, name: "routes" | "services"): Entry[] {
	return entriesOf(bounded(member(entry.raw, name), LONGEST[name]), `${entry.pointer}/${name}`);
}

function viewLink(entry: Entry): LinkView {
	const type = member(entry.raw, "type");
	return {
		...entry,
		id: member(entry.raw, "id"),
		kind: type === "bond" || type === "vlan" ? type : "nic",
		networks: [],
	};
}

function viewNetwork(entry: Entry, link: LinkView | undefined): NetworkView {
	const type = member(entry.raw, "type");
	const address = parseAddress(member(entry.raw, "ip_address"));
	const subnet = networkOf(address, entry.raw);
	const version = versionOf(type);
	const network: NetworkView = {
		...entry,
		type,
		...(link && { link }),
		...(version && { version }),
		isStatic: isStaticType(type),
		...(address && { address }),
		...(subnet && { subnet }),
		readBy: link ? readersOf(entry, type, link) : new Set(),
		routes: [],
	};
	network.routes.push(...listed(network, "routes").map((route) => viewRoute(route, network)));
	link?.networks.push(network);
	return network;
}

function viewRoute(entry: Entry, network: NetworkView): RouteView {
	const address = parseAddress(member(entry.raw, "network"));
	const destination = networkOf(address, entry.raw);
	const gateway = parseGateway(member(entry.raw, "gateway"));
	return {
		...entry,
		network,
		...(address && { address }),
		...(destination && { destination }),
		...(gateway && { gateway }),
	};
}

/** A gateway's canonical address; a prefix has no place there. */
export function parseGateway(value: unknown): string | undefined {
	const parsed = parseAddress(value);
	return parsed?.ownPrefix === undefined ? parsed?.address : undefined;
}

function versionOf(type: unknown): IpVersion | undefined {
	if (typeof type !== "string") return undefined;
	if (type.startsWith("ipv4") || type === "static") return 4;
	return type.startsWith("ipv6") || type === "static6" ? 6 : undefined;
}

function isStaticType(type: unknown): boolean {
	return type === "ipv4" || type === "ipv6" || type === "static" || type === "static6";
}

function readersOf(network: Entry, type: unknown, link: LinkView): ClientSet {
	const id = member(network.raw, "id");
	const talosTakes = (link.kind !== "nic" || isTalosNic(link)) && typeof id === "string" && id !== "";
	return new Set(
		CLIENTS.filter(
			(client) =>
				typeof type === "string" && NETWORK_TYPES_OF[client].includes(type) && (client !== "talos" || talosTakes),
		),
	);
}

function isTalosNic(link: LinkView): boolean {
	return TALOS_NIC_TYPES.includes(member(link.raw, "type"));
}
