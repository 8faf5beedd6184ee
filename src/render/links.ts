/** A document's links as interfaces: named, members and parents found, what can't be made left out. */
import type { BondLink, Link, PhysicalLink, VlanLink } from "../documents/network-data.ts";
import { planBondOptions } from "./bond-options.ts";
import { type Naming, naming } from "./names.ts";
import type { BondMode, Warn, WiredBond, WiredInterface, WiredPhysical, WiredVlan } from "./plan.ts";
import { parseMac } from "./values.ts";

/** The schema has the same list, but the library under it costs more to import than all of `guest`. */
const BOND_MODES: Readonly<Record<BondMode, true>> = {
	"balance-rr": true,
	"active-backup": true,
	"balance-xor": true,
	broadcast: true,
	"802.3ad": true,
	"balance-tlb": true,
	"balance-alb": true,
};

/** A link with its place in the document. */
interface Placed<T> {
	readonly link: T;
	readonly place: string;
}

/** Interfaces by the ids of their links, in the order of `Plan.interfaces`. */
export type Wiring = ReadonlyMap<string, WiredInterface>;

/** @throws GuestwireError `usage` for a name that is none, or is given twice */
export function wire(links: readonly Link[], names: ReadonlyMap<string, string>, warn: Warn): Wiring {
	const give = naming(names);
	const placed = withUniqueIds(links, warn);
	const physical = wirePhysical(placed.filter(isPhysical), give, warn);
	const bonds = wireBonds(placed.filter(isBond), physical, give, warn);
	const wired = new Map<string, WiredInterface>([...physical, ...bonds]);
	addVlans(wired, placed.filter(isVlan), give, warn);
	return wired;
}

function withUniqueIds(links: readonly Link[], warn: Warn): Placed<Link>[] {
	const ids = new Set<string>();
	return links
		.map((link, i) => ({ link, place: `/links/${i}` }))
		.filter(({ link, place }) => {
			const isRepeated = ids.has(link.id);
			if (isRepeated) warn(place, "an earlier link has the same id: left out");
			ids.add(link.id);
			return !isRepeated;
		});
}

const isBond = (placed: Placed<Link>): placed is Placed<BondLink> => placed.link.type === "bond";
const isVlan = (placed: Placed<Link>): placed is Placed<VlanLink> => placed.link.type === "vlan";
const isPhysical = (placed: Placed<Link>): placed is Placed<PhysicalLink> => !isBond(placed) && !isVlan(placed);

function wirePhysical(links: readonly Placed<PhysicalLink>[], give: Naming, warn: Warn): Map<string, WiredPhysical> {
	const wired = new Map<string, WiredPhysical>();
	const macs = new Set<string>();
	for (const { link, place } of links) {
		const macAddress = checkMac(link.ethernet_mac_address, `${place}/ethernet_mac_address`, warn);
		if (macAddress === undefined) continue;
		if (macs.has(macAddress)) {
			warn(place, "an earlier link has the same MAC address, and a guest finds its NICs by it: left out");
			continue;
		}
		macs.add(macAddress);
		wired.set(link.id, {
			kind: "physical",
			...give.physical(macAddress),
			place,
			macAddress,
			...checkMtu(link.mtu, place, warn),
		});
	}
	return wired;
}

function wireBonds(
	links: readonly Placed<BondLink>[],
	physical: Map<string, WiredPhysical>,
	give: Naming,
	warn: Warn,
): Map<string, WiredBond> {
	const wired = new Map<string, WiredBond>();
	for (const { link, place } of links) {
		const macAddress = checkMac(link.ethernet_mac_address, `${place}/ethernet_mac_address`, warn);
		const mode = Object.hasOwn(BOND_MODES, link.bond_mode) ? link.bond_mode : undefined;
		if (mode === undefined) warn(`${place}/bond_mode`, "no mode of the bonding driver: the bond is left out");
		if (macAddress === undefined || mode === undefined) continue;
		const name = give.bond();
		wired.set(link.id, {
			kind: "bond",
			name,
			place,
			macAddress,
			...checkMtu(link.mtu, place, warn),
			options: planBondOptions(link, mode, place, warn),
			members: enslave(link.bond_links, name, physical, place, warn),
		});
	}
	return wired;
}

/** Marks the members as the bond's, and gives their names. */
function enslave(
	ids: readonly string[],
	bond: string,
	physical: Map<string, WiredPhysical>,
	place: string,
	warn: Warn,
): string[] {
	const members: string[] = [];
	for (const [i, id] of ids.entries()) {
		const member = physical.get(id);
		if (member === undefined) warn(`${place}/bond_links/${i}`, "no physical link of this document: left out");
		else if (member.bond !== undefined) warn(`${place}/bond_links/${i}`, "a member of a bond already: left out");
		else {
			physical.set(id, { ...member, bond });
			members.push(member.name);
		}
	}
	return members;
}

/** Adds each VLAN after its parent, which may be a VLAN itself. */
function addVlans(
	wired: Map<string, WiredInterface>,
	links: readonly Placed<VlanLink>[],
	give: Naming,
	warn: Warn,
): void {
	const onParent = Map.groupBy(links, ({ link }) => link.vlan_link);
	// A Map's iterator reaches what is set while it runs: VLANs on VLANs come in turn.
	for (const [id, parent] of wired) {
		const tags = new Set<number>();
		for (const { link, place } of onParent.get(id) ?? []) {
			const vlan = wireVlan(link, place, parent, tags, give, warn);
			if (vlan !== undefined) wired.set(link.id, vlan);
		}
		onParent.delete(id);
	}
	for (const { place } of [...onParent.values()].flat()) {
		warn(`${place}/vlan_link`, "names no link that can be made: the VLAN is left out");
	}
}

function wireVlan(
	link: VlanLink,
	place: string,
	parent: WiredInterface,
	tags: Set<number>,
	give: Naming,
	warn: Warn,
): WiredVlan | undefined {
	const macAddress = checkMac(link.vlan_mac_address, `${place}/vlan_mac_address`, warn);
	const vlanId = link.vlan_id;
	if (!Number.isInteger(vlanId) || vlanId < 1 || vlanId > 4094) {
		warn(`${place}/vlan_id`, "not 1 to 4094: the VLAN is left out");
		return undefined;
	}
	if (tags.has(vlanId)) {
		warn(`${place}/vlan_id`, "the parent has a VLAN of this id already: left out");
		return undefined;
	}
	if (macAddress === undefined) return undefined;
	tags.add(vlanId);
	const { mtu } = checkMtu(link.mtu, place, warn);
	const tooBig = mtu !== undefined && parent.mtu !== undefined && mtu > parent.mtu;
	if (tooBig) warn(`${place}/mtu`, "above the parent's MTU, which the kernel refuses: the parent's is taken");
	const fitting = tooBig ? parent.mtu : mtu;
	return {
		kind: "vlan",
		name: give.vlan(parent.name, vlanId),
		place,
		macAddress,
		...(fitting !== undefined && { mtu: fitting }),
		vlanId,
		parent: parent.name,
	};
}

function checkMac(text: string, place: string, warn: Warn): string | undefined {
	const mac = parseMac(text);
	// InfiniBand's first 12 bytes may change at each boot: nothing to find a NIC by (kernel, infiniband/ipoib.rst).
	if (mac === undefined) warn(place, "no MAC address of 6 bytes: the link is left out");
	return mac;
}

function checkMtu(mtu: number | undefined, place: string, warn: Warn): { mtu?: number } {
	if (mtu === undefined) return {};
	if (Number.isInteger(mtu) && mtu >= 68 && mtu <= 65535) return { mtu };
	warn(`${place}/mtu`, "not 68 to 65535: left out");
	return {};
}
