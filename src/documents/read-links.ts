import { canonicalMac } from "../instance/addresses.ts";
import { AcceptedLink } from "./accepted-network-data.ts";
import { NOVA_PHYSICAL_TYPES, PHYSICAL_TYPES, type PhysicalLink } from "./network-data.ts";
import type { DescribedBond, DescribedLink, DescribedVlan } from "./network-description.ts";
import { readBond } from "./read-bonds.ts";
import { itemsOf, type Reading, remarkUnused } from "./reading.ts";

/** A link as it stands in the document, and where. */
interface LinkItem {
	readonly item: AcceptedLink;
	readonly pointer: string;
}

type Index = ReadonlyMap<string, LinkItem>;

/** The links that a guest can have, in document order. Every reference between them resolves. */
export function readLinks(list: readonly AcceptedLink[] | null | undefined, reading: Reading): DescribedLink[] {
	const byId = new Map<string, LinkItem>();
	for (const [item, pointer] of itemsOf(list, "/links", reading)) {
		const id = item.id?.toString() || pointer.slice(1);
		if (typeof item.id !== "string" || item.id === "") reading.remark(`${pointer}/id`, "not text: converted", item.id);
		if (byId.has(id)) reading.remark(`${pointer}/id`, "an earlier link has the same id: the link is dropped", id);
		else byId.set(id, { item, pointer });
	}
	const links = [...byId].flatMap(([id, read]) => {
		const link = readLink(id, read, byId, reading);
		return link === undefined ? [] : [reading.from(read.pointer, link)];
	});
	return withValidReferences(links, reading);
}

function readLink(id: string, read: LinkItem, byId: Index, reading: Reading): DescribedLink | undefined {
	const { item, pointer } = read;
	if (item.type !== "bond") remarkUnused(item, AcceptedLink.properties, pointer, reading);
	const vif = item.vif_id?.toString();
	const base = { id, ...(vif && { vif_id: vif }), ...readMtu(read, reading) };
	const mac = readMac(read, byId, reading);
	if (item.type === "bond") {
		const nameOf = (member: string) => byId.get(member)?.item.name;
		return readBond({ ...base, ...(mac && { ethernet_mac_address: mac }) }, item, nameOf, pointer, reading);
	}
	if (item.type === "vlan") return readVlan({ ...base, ...(mac && { vlan_mac_address: mac }) }, read, reading);
	const nic = { ...base, type: physicalType(read, reading) };
	if (mac === undefined) {
		if (item.name) return { ...nic, name: item.name };
		reading.remark(pointer, "neither a MAC address nor a name: the link is dropped");
		return undefined;
	}
	if (item.name) reading.remark(`${pointer}/name`, "found by its MAC address and not renamed: dropped", item.name);
	return { ...nic, ethernet_mac_address: mac };
}

function physicalType({ item, pointer }: LinkItem, reading: Reading): PhysicalLink["type"] {
	const known = PHYSICAL_TYPES.find((type) => type === item.type);
	if (known === undefined && !NOVA_PHYSICAL_TYPES.some((type) => type === item.type)) {
		reading.remark(`${pointer}/type`, "unknown type: read as a physical link", item.type);
	}
	return known ?? "phy";
}

/** The MAC address of a link. Some makers give a VLAN's as `ethernet_mac_address`. */
function ownMac({ type, vlan_mac_address: vlan, ethernet_mac_address: ethernet }: AcceptedLink) {
	const isOther = type === "vlan" && !vlan && Boolean(ethernet);
	const key = type === "vlan" && !isOther ? "vlan_mac_address" : "ethernet_mac_address";
	const text = key === "vlan_mac_address" ? vlan : ethernet;
	return { key, isOther, text, mac: canonicalMac(text ?? "") };
}

/** Like the kernel, gives a bond without an address its first member's, and a VLAN its parent's. */
function readMac(read: LinkItem, byId: Index, reading: Reading): string | undefined {
	const { item, pointer } = read;
	const { key, isOther, text, mac } = ownMac(item);
	const at = `${pointer}/${key}`;
	if (isOther) reading.remark(at, "converted to vlan_mac_address", text);
	else if (mac !== undefined && mac !== text) reading.remark(at, "converted to lower case with colons", text);
	if (mac !== undefined) return mac;
	const isStacked = item.type === "bond" || item.type === "vlan";
	if (text) reading.remark(at, `not a MAC address: ${isStacked ? "the one below is used" : "dropped"}`, text);
	else if (isStacked) {
		reading.remark(at, `missing: that of its ${item.type === "bond" ? "first member" : "parent"} is used`);
	}
	return isStacked ? inheritedMac(read, byId) : undefined;
}

function inheritedMac(read: LinkItem, byId: Index): string | undefined {
	const seen = new Set<LinkItem>();
	let from: LinkItem | undefined = read;
	while (from !== undefined && !seen.has(from)) {
		seen.add(from);
		const { item } = from;
		const { mac } = ownMac(item);
		if (mac !== undefined) return mac;
		from = byId.get((item.type === "bond" ? item.bond_links?.[0] : item.vlan_link)?.toString() ?? "");
	}
	return undefined;
}

function readMtu({ item, pointer }: LinkItem, reading: Reading): { mtu?: number } {
	if (item.mtu === undefined || item.mtu === null) return {};
	const mtu = Number(item.mtu);
	if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65535) {
		reading.remark(`${pointer}/mtu`, "not 68 to 65535: dropped", item.mtu);
		return {};
	}
	if (typeof item.mtu === "string") reading.remark(`${pointer}/mtu`, "text instead of a number: converted", item.mtu);
	return { mtu };
}

function readVlan(
	base: Pick<DescribedVlan, "id" | "vif_id" | "mtu" | "vlan_mac_address">,
	{ item, pointer }: LinkItem,
	reading: Reading,
): DescribedVlan | undefined {
	const id = Number(item.vlan_id ?? "");
	if (!Number.isInteger(id) || id < 1 || id > 4094) {
		reading.remark(`${pointer}/vlan_id`, "not 1 to 4094: the link is dropped", item.vlan_id);
		return undefined;
	}
	const text = "text instead of a number: converted";
	if (typeof item.vlan_id === "string") reading.remark(`${pointer}/vlan_id`, text, item.vlan_id);
	if (item.name) reading.remark(`${pointer}/name`, "a VLAN is named after its parent: dropped", item.name);
	return { ...base, type: "vlan", vlan_id: id, vlan_link: item.vlan_link?.toString() ?? "" };
}

/** Drops VLANs whose parent is missing, and missing bond members. */
function withValidReferences(links: readonly DescribedLink[], reading: Reading): DescribedLink[] {
	const vlans = links.filter((link) => link.type === "vlan");
	const onParent = Map.groupBy(vlans, (vlan) => vlan.vlan_link);
	const kept = new Map<string, DescribedLink>(
		links.filter((link) => link.type !== "vlan").map((link) => [link.id, link]),
	);
	// A Map's iterator also visits entries added during the iteration: VLANs on VLANs.
	for (const [id] of kept) for (const vlan of onParent.get(id) ?? []) kept.set(vlan.id, vlan);
	return links.flatMap((link): DescribedLink[] => {
		const pointer = reading.pointerOf(link) ?? "";
		if (link.type === "vlan" && !kept.has(link.id)) {
			reading.remark(`${pointer}/vlan_link`, "no link has this id: the link is dropped", link.vlan_link);
			return [];
		}
		if (link.type !== "bond") return [link];
		return [reading.from(pointer, { ...link, bond_links: membersOf(link, kept, pointer, reading) })];
	});
}

function membersOf(
	bond: DescribedBond,
	links: ReadonlyMap<string, DescribedLink>,
	pointer: string,
	reading: Reading,
): string[] {
	return bond.bond_links.filter((id, i) => {
		if (links.has(id)) return true;
		reading.remark(`${pointer}/bond_links/${i}`, "no link has this id: dropped", id);
		return false;
	});
}
