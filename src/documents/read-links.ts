import { canonicalMac } from "../instance/addresses.ts";
import { AcceptedLink } from "./accepted-network-data.ts";
import {
	BOND_MODES,
	type BondLink,
	type Link,
	NOVA_PHYSICAL_TYPES,
	PHYSICAL_TYPES,
	type PhysicalLink,
	type VlanLink,
} from "./network-data.ts";
import { itemsOf, memberPointer, type Reading, remarkUnused } from "./reading.ts";

/** A link as it stands in the document, and where. */
interface Read {
	readonly item: AcceptedLink;
	readonly pointer: string;
}

type Index = ReadonlyMap<string, Read>;

/** The links that a guest can have, in document order. Every reference between them resolves. */
export function readLinks(list: readonly AcceptedLink[] | null | undefined, reading: Reading): Link[] {
	const byId = new Map<string, Read>();
	for (const [item, pointer] of itemsOf(list, "/links", reading)) {
		const id = item.id?.toString() || pointer.slice(1);
		if (typeof item.id !== "string" || item.id === "") reading.remark(`${pointer}/id`, "not text: converted");
		if (byId.has(id)) reading.remark(`${pointer}/id`, "an earlier link has the same id: the link is dropped");
		else byId.set(id, { item, pointer });
	}
	const links = [...byId].flatMap(([id, read]) => {
		const link = readLink(id, read, byId, reading);
		return link === undefined ? [] : [reading.from(read.pointer, link)];
	});
	return withValidReferences(links, reading);
}

function readLink(id: string, read: Read, byId: Index, reading: Reading): Link | undefined {
	const { item, pointer } = read;
	if (item.type !== "bond") remarkUnused(item, AcceptedLink.properties, pointer, reading);
	const mac = readMac(read, byId, reading);
	if (mac === undefined) return undefined;
	const base = { id, ...(item.vif_id && { vif_id: item.vif_id }), ...readMtu(read, reading) };
	if (item.type === "bond") return readBond(base, mac, read, reading);
	if (item.type === "vlan") return readVlan(base, mac, read, reading);
	return { ...base, type: physicalType(read, reading), ethernet_mac_address: mac };
}

function physicalType({ item, pointer }: Read, reading: Reading): PhysicalLink["type"] {
	const known = PHYSICAL_TYPES.find((type) => type === item.type);
	if (known === undefined && !NOVA_PHYSICAL_TYPES.some((type) => type === item.type)) {
		reading.remark(`${pointer}/type`, "unknown type: read as a physical link");
	}
	return known ?? "phy";
}

const macKey = (item: AcceptedLink) => (item.type === "vlan" ? "vlan_mac_address" : "ethernet_mac_address");

/** Like the kernel, gives a bond without an address its first member's, and a VLAN its parent's. */
function readMac(read: Read, byId: Index, reading: Reading): string | undefined {
	const { item, pointer } = read;
	const key = macKey(item);
	const own = item[key];
	const canonical = canonicalMac(own ?? "");
	if (canonical !== undefined) {
		if (canonical !== own) reading.remark(`${pointer}/${key}`, "converted to lower case with colons");
		return canonical;
	}
	const inherited = inheritedMac(read, byId);
	const what = own ? "not a MAC address" : "missing";
	const then = `the MAC address of its ${item.type === "bond" ? "first member" : "parent"} is used`;
	reading.remark(`${pointer}/${key}`, `${what}: ${inherited === undefined ? "the link is dropped" : then}`);
	return inherited;
}

function inheritedMac(read: Read, byId: Index): string | undefined {
	const seen = new Set<Read>();
	let from: Read | undefined = read;
	while (from !== undefined && !seen.has(from)) {
		seen.add(from);
		const { item } = from;
		const mac = canonicalMac(item[macKey(item)] ?? "");
		if (mac !== undefined) return mac;
		from = byId.get((item.type === "bond" ? item.bond_links?.[0] : item.vlan_link)?.toString() ?? "");
	}
	return undefined;
}

function readMtu({ item, pointer }: Read, reading: Reading): { mtu?: number } {
	if (item.mtu === undefined || item.mtu === null) return {};
	const mtu = Number(item.mtu);
	if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65535) {
		reading.remark(`${pointer}/mtu`, "not 68 to 65535: dropped");
		return {};
	}
	if (typeof item.mtu === "string") reading.remark(`${pointer}/mtu`, "text instead of a number: converted");
	return { mtu };
}

type Base = Pick<Link, "id" | "vif_id" | "mtu">;

function readBond(base: Base, mac: string, { item, pointer }: Read, reading: Reading): BondLink | undefined {
	const options: Record<`bond_${string}`, string> = {};
	for (const [key, value] of Object.entries(item)) {
		const at = memberPointer(pointer, key);
		if (Object.hasOwn(AcceptedLink.properties, key)) continue;
		if (!key.startsWith("bond_")) reading.remark(at, "unknown member: dropped");
		else if (["string", "number", "boolean"].includes(typeof value)) {
			options[key as `bond_${string}`] = String(value);
			if (typeof value !== "string") reading.remark(at, "not text: converted");
		} else reading.remark(at, "not the value of an option: dropped");
	}
	const mode = readBondMode(item.bond_mode, `${pointer}/bond_mode`, reading);
	const members = itemsOf(item.bond_links, `${pointer}/bond_links`, reading).map(([id]) => id);
	if (mode === undefined) return undefined;
	return { ...base, type: "bond", ethernet_mac_address: mac, ...options, bond_mode: mode, bond_links: members };
}

/** The example in the specification says `802.1ad` and means 802.3ad. */
function readBondMode(
	mode: string | number | null | undefined,
	pointer: string,
	reading: Reading,
): BondLink["bond_mode"] | undefined {
	const text = mode?.toString() ?? "";
	const known = BOND_MODES.find((name) => name === text);
	if (known !== undefined) return known;
	const meant = text === "802.1ad" ? "802.3ad" : text === "" ? BOND_MODES[0] : BOND_MODES[Number(text)];
	reading.remark(pointer, meant === undefined ? "unknown bond mode: the link is dropped" : `read as ${meant}`);
	return meant;
}

function readVlan(base: Base, mac: string, { item, pointer }: Read, reading: Reading): VlanLink | undefined {
	const id = Number(item.vlan_id ?? "");
	if (!Number.isInteger(id) || id < 1 || id > 4094) {
		reading.remark(`${pointer}/vlan_id`, "not 1 to 4094: the link is dropped");
		return undefined;
	}
	if (typeof item.vlan_id === "string") reading.remark(`${pointer}/vlan_id`, "text instead of a number: converted");
	const parent = item.vlan_link?.toString() ?? "";
	return { ...base, type: "vlan", vlan_id: id, vlan_link: parent, vlan_mac_address: mac };
}

/** Drops VLANs whose parent is missing, and missing bond members. */
function withValidReferences(links: readonly Link[], reading: Reading): Link[] {
	const vlans = links.filter((link) => link.type === "vlan");
	const onParent = Map.groupBy(vlans, (vlan) => vlan.vlan_link);
	const kept = new Map<string, Link>(links.filter((link) => link.type !== "vlan").map((link) => [link.id, link]));
	// A Map's iterator also visits entries added during the iteration: VLANs on VLANs.
	for (const [id] of kept) for (const vlan of onParent.get(id) ?? []) kept.set(vlan.id, vlan);
	return links.flatMap((link): Link[] => {
		const pointer = reading.pointerOf(link) ?? "";
		if (!kept.has(link.id)) reading.remark(`${pointer}/vlan_link`, "no link has this id: the link is dropped");
		else if (link.type !== "bond") return [link];
		else return [reading.from(pointer, { ...link, bond_links: membersOf(link, kept, pointer, reading) })];
		return [];
	});
}

function membersOf(bond: BondLink, links: ReadonlyMap<string, Link>, pointer: string, reading: Reading): string[] {
	return bond.bond_links.filter((id, i) => {
		if (links.has(id)) return true;
		reading.remark(`${pointer}/bond_links/${i}`, "no link has this id: dropped");
		return false;
	});
}
