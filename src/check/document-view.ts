/** A document of unknown shape, read once for all rules: bounded, with references resolved and addresses parsed. */
import { isStaticType } from "../documents/network-description.ts";
import type { Cidr } from "../instance/addresses.ts";
import type { IpVersion } from "../instance/instance.ts";
import { type Address, isMac, networkOf, parseAddress } from "./addressing.ts";
import { isBlank, isObject, type JsonObject, member } from "./json.ts";

/** A JSON object, with the pointer to it. */
export interface Entry {
	readonly pointer: string;
	readonly raw: JsonObject;
}

export interface LinkView extends Entry {
	/** Text in a sound document. */
	readonly id: unknown;
	/** What clients treat it as: everything but bonds and VLANs is a NIC. */
	readonly kind: "nic" | "bond" | "vlan";
	/** The networks on this link, in document order. */
	readonly networks: NetworkView[];
}

export interface NetworkView extends Entry {
	/** The link that it names; absent if there is no link with that id. */
	readonly link?: LinkView;
	readonly type: unknown;
	/** According to its type. */
	readonly version?: IpVersion;
	/** Whether its address is in the document: types `ipv4` and `ipv6`, and cloud-init's own `static` and `static6`. */
	readonly isStatic: boolean;
	/** `ip_address`, if it is valid. */
	readonly address?: Address;
	/** The subnet of that address, if it has a mask. */
	readonly subnet?: Cidr;
	readonly routes: RouteView[];
}

export interface RouteView extends Entry {
	/** The network that has the route. */
	readonly owner: NetworkView;
	/** The member that says where the route leads: not every client reads `destination`. */
	readonly key: "network" | "destination";
	/** Whether `destination` says something else than `network`: clients that read it take that one. */
	readonly isContradicted: boolean;
	/** Its value, if it is valid. */
	readonly address?: Address;
	/** That address with its mask. */
	readonly destination?: Cidr;
	/** Canonical text. */
	readonly gateway?: string;
}

/** One of the document's three lists. */
export interface ListView {
	readonly name: "links" | "networks" | "services";
	/** Undefined if the document has no such member. */
	readonly value: unknown;
	/** Its items, up to the limit; empty if it is not a list. */
	readonly items: readonly unknown[];
}

export interface DocumentView {
	/** The whole document, of whatever type. */
	readonly value: unknown;
	/** Undefined if the document is not an object. */
	readonly root?: JsonObject;
	readonly lists: readonly ListView[];
	readonly links: readonly LinkView[];
	/** Without those on links that are not read. */
	readonly networks: readonly NetworkView[];
	/** The document's top-level `services`. */
	readonly services: readonly Entry[];
	/** The first link with that id. */
	linkById(id: unknown): LinkView | undefined;
	/** The MAC addresses of the guest's NICs in lower case, if they are known. */
	readonly nics?: ReadonlySet<string>;
	/** The pointers of whole numbers that are written with a fraction. */
	readonly fractions: ReadonlySet<string>;
	/** Why the text is not JSON, if it is YAML. */
	readonly notJson?: string;
}

/** What the document alone does not show. */
export interface ViewOptions {
	readonly nics?: readonly string[];
	readonly fractions?: readonly string[];
	readonly notJson?: string;
}

/** How much of a list is read. Real guests have about ten links; the limits are for hostile documents. */
export const LONGEST = { links: 256, networks: 512, services: 256, routes: 64, bond_links: 64 } as const;

/** Reads any JSON value; never throws. */
export function viewDocument(document: unknown, { nics, fractions = [], notJson }: ViewOptions = {}): DocumentView {
	const root = isObject(document) ? document : undefined;
	const lists = (["links", "networks", "services"] as const).map((name): ListView => {
		const value = root && member(root, name);
		return { name, value, items: bounded(value, LONGEST[name]) };
	});
	const entries = (name: ListView["name"]) =>
		entriesOf(lists.find((list) => list.name === name)?.items ?? [], `/${name}`);
	const { links, unread } = readLinks(lists, entries("links").map(viewLink));
	const byId = new Map(links.toReversed().map((link) => [link.id, link]));
	const linkById = (id: unknown) => (id === undefined ? undefined : byId.get(id));
	const networks = entries("networks")
		.filter(({ raw }) => !unread.has(member(raw, "link")))
		.map((entry) => viewNetwork(entry, linkById(member(entry.raw, "link"))));
	const guestNics = nics && new Set(nics.map((mac) => mac.toLowerCase()));
	return {
		value: document,
		...(root && { root }),
		lists,
		links,
		networks,
		services: entries("services"),
		linkById,
		fractions: new Set(fractions),
		...(guestNics && { nics: guestNics }),
		...(notJson !== undefined && { notJson }),
	};
}

interface ReadLinks {
	readonly links: readonly LinkView[];
	/** The ids of links that are not read. */
	readonly unread: ReadonlySet<unknown>;
}

/**
 * The links that are read, without the bonds and VLANs on links that are not: these can't be judged.
 */
function readLinks(lists: readonly ListView[], read: readonly LinkView[]): ReadLinks {
	const value = lists.find(({ name }) => name === "links")?.value;
	const rest: readonly unknown[] = Array.isArray(value) ? value.slice(LONGEST.links) : [];
	const known = new Set(read.map(({ id }) => id));
	const ids = rest.flatMap((link) => (isObject(link) ? [member(link, "id")] : []));
	const unread = new Set(ids.filter((id) => id !== undefined && !known.has(id)));
	const isOnUnread = (link: LinkView) => idsBelow(link).some((id) => unread.has(id));
	let links = read;
	// A VLAN may be on a bond that is left out.
	for (let count = -1; count !== links.length; ) {
		count = links.length;
		const [made, others] = [links.filter(isOnUnread), links.filter((link) => !isOnUnread(link))];
		for (const { id } of made) unread.add(id);
		links = others;
	}
	return { links, unread };
}

/** The ids of the links that a bond or a VLAN is made of. */
function idsBelow({ kind, raw }: LinkView): readonly unknown[] {
	if (kind === "nic") return [];
	return kind === "vlan" ? [member(raw, "vlan_link")] : bounded(member(raw, "bond_links"), LONGEST.bond_links);
}

/** The objects in a list, each with its pointer; other items are left out. */
export function entriesOf(items: readonly unknown[], pointer: string): Entry[] {
	return items.flatMap((raw, index) => (isObject(raw) ? [{ pointer: `${pointer}/${index}`, raw }] : []));
}

/** The beginning of a list; empty for anything else. */
export function bounded(value: unknown, longest: number): readonly unknown[] {
	return Array.isArray(value) ? value.slice(0, longest) : [];
}

/** A link's MAC address in lower case; undefined if it has none, or an invalid one. */
export function macOf({ raw }: Entry): string | undefined {
	const mac = member(raw, "ethernet_mac_address");
	return typeof mac === "string" && isMac(mac) ? mac.toLowerCase() : undefined;
}

/** The pointer to a member of an entry, or to the entry itself if the member is missing. */
export function memberPointer({ pointer, raw }: Entry, name: string): string {
	return Object.hasOwn(raw, name) ? `${pointer}/${name}` : pointer;
}

/** The objects in a list of an entry: `routes`, `services`. */
export function listed(entry: Entry, name: "routes" | "services"): Entry[] {
	return entriesOf(bounded(member(entry.raw, name), LONGEST[name]), `${entry.pointer}/${name}`);
}

/**
 * Whether the link names its Neutron port, as in Nova's documents: its addresses and its MTU are then those of the network,
 * which a document cannot change.
 */
export function isNeutronPort(link: LinkView | undefined): boolean {
	return link !== undefined && !isBlank(member(link.raw, "vif_id"));
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
		isStatic: isStaticInAnyForm(type),
		...(address && { address }),
		...(subnet && { subnet }),
		routes: [],
	};
	network.routes.push(...listed(network, "routes").map((route) => viewRoute(route, network)));
	link?.networks.push(network);
	return network;
}

function viewRoute(entry: Entry, owner: NetworkView): RouteView {
	const isElsewhere = isBlank(member(entry.raw, "network")) && !isBlank(member(entry.raw, "destination"));
	const key = isElsewhere ? "destination" : "network";
	const address = parseAddress(member(entry.raw, key));
	const other = member(entry.raw, "destination");
	const isOther = other !== undefined && other !== null && other !== "" && other !== member(entry.raw, key);
	const destination = networkOf(address, entry.raw);
	const gateway = parseGateway(member(entry.raw, "gateway"));
	return {
		...entry,
		owner,
		key,
		isContradicted: isOther,
		...(address && { address }),
		...(destination && { destination }),
		...(gateway && { gateway }),
	};
}

/** The routes of all networks. */
export function routesOf({ networks }: DocumentView): RouteView[] {
	return networks.flatMap(({ routes }) => routes);
}

/** The canonical address of a gateway, which must not have a prefix. */
export function parseGateway(value: unknown): string | undefined {
	const parsed = parseAddress(value);
	return parsed?.ownPrefix === undefined ? parsed?.address : undefined;
}

function versionOf(type: unknown): IpVersion | undefined {
	if (typeof type !== "string") return undefined;
	if (type.startsWith("ipv4") || ["static", "dhcp", "dhcp4"].includes(type)) return 4;
	return type.startsWith("ipv6") || type === "static6" || type === "dhcp6" ? 6 : undefined;
}

/** Whether its address comes by DHCP or router advertisements. */
export function isDynamic({ version, isStatic }: NetworkView): boolean {
	return !isStatic && version !== undefined;
}

/** The first network of the family on the link whose address comes by DHCP or router advertisements. */
export function dynamicNetworkOf({ networks }: LinkView, version: IpVersion): NetworkView | undefined {
	return networks.find((network) => network.version === version && isDynamic(network));
}

function isStaticInAnyForm(type: unknown): boolean {
	return isStaticType(type) || type === "static" || type === "static6";
}
