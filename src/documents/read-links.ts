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
import { itemsOf, noteUnused, placeOfMember, type Reading } from "./reading.ts";

/** A link as it was read, and its place. */
interface Read {
	readonly item: AcceptedLink;
	readonly place: string;
}

type Index = ReadonlyMap<string, Read>;

/** The links that a guest can have, in the document's order; every reference among them resolves. */
export function readLinks(list: readonly AcceptedLink[] | null | undefined, reading: Reading): Link[] {
	const byId = new Map<string, Read>();
	for (const [item, place] of itemsOf(list, "/links", reading)) {
		const id = item.id?.toString() || place.slice(1);
		if (typeof item.id !== "string" || item.id === "") reading.note(`${place}/id`, "no text: taken for one");
		if (byId.has(id)) reading.note(`${place}/id`, "an earlier link has this id: the link is dropped");
		else byId.set(id, { item, place });
	}
	const links = [...byId].flatMap(([id, read]) => {
		const link = readLink(id, read, byId, reading);
		return link === undefined ? [] : [reading.from(read.place, link)];
	});
	return withSoundReferences(links, reading);
}

function readLink(id: string, read: Read, byId: Index, reading: Reading): Link | undefined {
	const { item, place } = read;
	if (item.type !== "bond") noteUnused(item, AcceptedLink.properties, place, reading);
	const mac = readMac(read, byId, reading);
	if (mac === undefined) return undefined;
	const base = { id, ...(item.vif_id && { vif_id: item.vif_id }), ...readMtu(read, reading) };
	if (item.type === "bond") return readBond(base, mac, read, reading);
	if (item.type === "vlan") return readVlan(base, mac, read, reading);
	return { ...base, type: physicalType(read, reading), ethernet_mac_address: mac };
}

function physicalType({ item, place }: Read, reading: Reading): PhysicalLink["type"] {
	const known = PHYSICAL_TYPES.find((type) => type === item.type);
	if (known === undefined && !NOVA_PHYSICAL_TYPES.some((type) => type === item.type)) {
		reading.note(`${place}/type`, "an unknown type: taken for a physical link");
	}
	return known ?? "phy";
}

const macKey = (item: AcceptedLink) => (item.type === "vlan" ? "vlan_mac_address" : "ethernet_mac_address");

/** A bond without an address has its first member's, a VLAN without one its parent's: so does the kernel. */
function readMac(read: Read, byId: Index, reading: Reading): string | undefined {
	const { item, place } = read;
	const key = macKey(item);
	const own = item[key];
	const canonical = canonicalMac(own ?? "");
	if (canonical !== undefined) {
		if (canonical !== own) reading.note(`${place}/${key}`, "written in lower case with colons");
		return canonical;
	}
	const inherited = inheritedMac(read, byId);
	const what = own ? "no MAC address" : "missing";
	const then = item.type === "bond" ? "its first member's is taken" : "its parent's is taken";
	reading.note(`${place}/${key}`, `${what}: ${inherited === undefined ? "the link is dropped" : then}`);
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

function readMtu({ item, place }: Read, reading: Reading): { mtu?: number } {
	if (item.mtu === undefined || item.mtu === null) return {};
	const mtu = Number(item.mtu);
	if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65535) {
		reading.note(`${place}/mtu`, "not 68 to 65535: dropped");
		return {};
	}
	if (typeof item.mtu === "string") reading.note(`${place}/mtu`, "text: taken for a number");
	return { mtu };
}

type Base = Pick<Link, "id" | "vif_id" | "mtu">;

function readBond(base: Base, mac: string, { item, place }: Read, reading: Reading): BondLink | undefined {
	const options: Record<`bond_${string}`, string> = {};
	for (const [key, value] of Object.entries(item)) {
		const at = placeOfMember(place, key);
		if (Object.hasOwn(AcceptedLink.properties, key)) continue;
		if (!key.startsWith("bond_")) reading.note(at, "no member that Guestwire knows: dropped");
		else if (["string", "number", "boolean"].includes(typeof value)) {
			options[key as `bond_${string}`] = String(value);
			if (typeof value !== "string") reading.note(at, "no text: taken for one");
		} else reading.note(at, "no value of an option: dropped");
	}
	const mode = readBondMode(item.bond_mode, `${place}/bond_mode`, reading);
	const members = itemsOf(item.bond_links, `${place}/bond_links`, reading).map(([id]) => id);
	if (mode === undefined) return undefined;
	return { ...base, type: "bond", ethernet_mac_address: mac, ...options, bond_mode: mode, bond_links: members };
}

/** `802.1ad` stands for 802.3ad in the specification's own example. */
function readBondMode(
	mode: string | number | null | undefined,
	place: string,
	reading: Reading,
): BondLink["bond_mode"] | undefined {
	const text = mode?.toString() ?? "";
	const known = BOND_MODES.find((name) => name === text);
	if (known !== undefined) return known;
	const meant = text === "802.1ad" ? "802.3ad" : text === "" ? BOND_MODES[0] : BOND_MODES[Number(text)];
	reading.note(
		place,
		meant === undefined ? "no mode of the bonding driver: the link is dropped" : `taken for ${meant}`,
	);
	return meant;
}

function readVlan(base: Base, mac: string, { item, place }: Read, reading: Reading): VlanLink | undefined {
	const id = Number(item.vlan_id ?? "");
	if (!Number.isInteger(id) || id < 1 || id > 4094) {
		reading.note(`${place}/vlan_id`, "not 1 to 4094: the link is dropped");
		return undefined;
	}
	if (typeof item.vlan_id === "string") reading.note(`${place}/vlan_id`, "text: taken for a number");
	const parent = item.vlan_link?.toString() ?? "";
	return { ...base, type: "vlan", vlan_id: id, vlan_link: parent, vlan_mac_address: mac };
}

/** Drops VLANs without their parent, and members that are not there. */
function withSoundReferences(links: readonly Link[], reading: Reading): Link[] {
	const vlans = links.filter((link) => link.type === "vlan");
	const onParent = Map.groupBy(vlans, (vlan) => vlan.vlan_link);
	const kept = new Map<string, Link>(links.filter((link) => link.type !== "vlan").map((link) => [link.id, link]));
	// A Map's iterator reaches what is set while it runs: VLANs on VLANs come in turn.
	for (const [id] of kept) for (const vlan of onParent.get(id) ?? []) kept.set(vlan.id, vlan);
	return links.flatMap((link): Link[] => {
		const place = reading.placeOf(link) ?? "";
		if (!kept.has(link.id)) reading.note(`${place}/vlan_link`, "names no link: the link is dropped");
		else if (link.type !== "bond") return [link];
		else return [reading.from(place, { ...link, bond_links: membersOf(link, kept, place, reading) })];
		return [];
	});
}

function membersOf(bond: BondLink, links: ReadonlyMap<string, Link>, place: string, reading: Reading): string[] {
	return bond.bond_links.filter((id, i) => {
		if (links.has(id)) return true;
		reading.note(`${place}/bond_links/${i}`, "names no link: dropped");
		return false;
	});
}
