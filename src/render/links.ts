/** The links of a document as interfaces: with names, members and parents. What a guest can't have is dropped. */
import type { BondLink, Link, PhysicalLink, VlanLink } from "../documents/network-data.ts";
import { planBondOptions } from "./bond-options.ts";
import { createNamer, type Namer } from "./names.ts";
import type { AddRemark, BondLinkPlan, BondMode, LinkPlan, PhysicalLinkPlan, VlanLinkPlan } from "./plan.ts";
import { parseMac } from "./values.ts";

/** Not imported from the schema: its library takes longer to load than all of `render`. */
const BOND_MODES: Readonly<Record<BondMode, true>> = {
	"balance-rr": true,
	"active-backup": true,
	"balance-xor": true,
	broadcast: true,
	"802.3ad": true,
	"balance-tlb": true,
	"balance-alb": true,
};

/** A link and where it stands in the document. */
interface Located<T> {
	readonly link: T;
	readonly pointer: string;
}

/** Interfaces by the ids of their links, in the order of `Plan.interfaces`. */
export type LinkPlans = ReadonlyMap<string, LinkPlan>;

/** @throws GuestwireError `usage` if a name is not a valid interface name, or is given twice */
export function planLinks(links: readonly Link[], names: ReadonlyMap<string, string>, remark: AddRemark): LinkPlans {
	const namer = createNamer(names);
	const located = withUniqueIds(links, remark);
	const physical = planPhysical(located.filter(isPhysical), namer, remark);
	const bonds = planBonds(located.filter(isBond), physical, namer, remark);
	const plans = new Map<string, LinkPlan>([...physical, ...bonds]);
	addVlans(plans, located.filter(isVlan), namer, remark);
	return plans;
}

function withUniqueIds(links: readonly Link[], remark: AddRemark): Located<Link>[] {
	const ids = new Set<string>();
	return links
		.map((link, i) => ({ link, pointer: `/links/${i}` }))
		.filter(({ link, pointer }) => {
			const isRepeated = ids.has(link.id);
			if (isRepeated) remark(pointer, "an earlier link has the same id: dropped");
			ids.add(link.id);
			return !isRepeated;
		});
}

const isBond = (located: Located<Link>): located is Located<BondLink> => located.link.type === "bond";
const isVlan = (located: Located<Link>): located is Located<VlanLink> => located.link.type === "vlan";
const isPhysical = (located: Located<Link>): located is Located<PhysicalLink> => !isBond(located) && !isVlan(located);

function planPhysical(
	links: readonly Located<PhysicalLink>[],
	namer: Namer,
	remark: AddRemark,
): Map<string, PhysicalLinkPlan> {
	const plans = new Map<string, PhysicalLinkPlan>();
	const macs = new Set<string>();
	for (const { link, pointer } of links) {
		const macAddress = checkMac(link.ethernet_mac_address, `${pointer}/ethernet_mac_address`, remark);
		if (macAddress === undefined) continue;
		if (macs.has(macAddress)) {
			remark(pointer, "an earlier link has the same MAC address, and a guest finds its NICs by it: dropped");
			continue;
		}
		macs.add(macAddress);
		plans.set(link.id, {
			kind: "physical",
			...namer.physical(macAddress),
			pointer,
			macAddress,
			...checkMtu(link.mtu, pointer, remark),
		});
	}
	return plans;
}

function planBonds(
	links: readonly Located<BondLink>[],
	physical: Map<string, PhysicalLinkPlan>,
	namer: Namer,
	remark: AddRemark,
): Map<string, BondLinkPlan> {
	const plans = new Map<string, BondLinkPlan>();
	for (const { link, pointer } of links) {
		const macAddress = checkMac(link.ethernet_mac_address, `${pointer}/ethernet_mac_address`, remark);
		const mode = Object.hasOwn(BOND_MODES, link.bond_mode) ? link.bond_mode : undefined;
		if (mode === undefined) remark(`${pointer}/bond_mode`, "unknown bond mode: the bond is dropped");
		if (macAddress === undefined || mode === undefined) continue;
		const name = namer.bond();
		plans.set(link.id, {
			kind: "bond",
			name,
			pointer,
			macAddress,
			...checkMtu(link.mtu, pointer, remark),
			options: planBondOptions(link, mode, pointer, remark),
			members: assignMembers(link.bond_links, name, physical, pointer, remark),
		});
	}
	return plans;
}

/** Marks the members as the bond's, and returns their names. */
function assignMembers(
	ids: readonly string[],
	bond: string,
	physical: Map<string, PhysicalLinkPlan>,
	pointer: string,
	remark: AddRemark,
): string[] {
	const members: string[] = [];
	for (const [i, id] of ids.entries()) {
		const member = physical.get(id);
		if (member === undefined) remark(`${pointer}/bond_links/${i}`, "no physical link has this id: dropped");
		else if (member.bond !== undefined) remark(`${pointer}/bond_links/${i}`, "already a member of a bond: dropped");
		else {
			physical.set(id, { ...member, bond });
			members.push(member.name);
		}
	}
	return members;
}

/** Adds each VLAN after its parent, which may be a VLAN itself. */
function addVlans(
	plans: Map<string, LinkPlan>,
	links: readonly Located<VlanLink>[],
	namer: Namer,
	remark: AddRemark,
): void {
	const onParent = Map.groupBy(links, ({ link }) => link.vlan_link);
	// A Map's iterator also visits entries added during the iteration: VLANs on VLANs.
	for (const [id, parent] of plans) {
		const tags = new Set<number>();
		for (const { link, pointer } of onParent.get(id) ?? []) {
			const vlan = planVlan(link, pointer, parent, tags, namer, remark);
			if (vlan !== undefined) plans.set(link.id, vlan);
		}
		onParent.delete(id);
	}
	for (const { pointer } of [...onParent.values()].flat()) {
		remark(`${pointer}/vlan_link`, "no usable link has this id: the VLAN is dropped");
	}
}

function planVlan(
	link: VlanLink,
	pointer: string,
	parent: LinkPlan,
	tags: Set<number>,
	namer: Namer,
	remark: AddRemark,
): VlanLinkPlan | undefined {
	const macAddress = checkMac(link.vlan_mac_address, `${pointer}/vlan_mac_address`, remark);
	const vlanId = link.vlan_id;
	if (!Number.isInteger(vlanId) || vlanId < 1 || vlanId > 4094) {
		remark(`${pointer}/vlan_id`, "not 1 to 4094: the VLAN is dropped");
		return undefined;
	}
	if (tags.has(vlanId)) {
		remark(`${pointer}/vlan_id`, "the parent already has a VLAN with this id: dropped");
		return undefined;
	}
	if (macAddress === undefined) return undefined;
	tags.add(vlanId);
	const { mtu } = checkMtu(link.mtu, pointer, remark);
	const tooBig = mtu !== undefined && parent.mtu !== undefined && mtu > parent.mtu;
	if (tooBig) remark(`${pointer}/mtu`, "above the parent's MTU, which the kernel rejects: the parent's MTU is used");
	const fitting = tooBig ? parent.mtu : mtu;
	return {
		kind: "vlan",
		name: namer.vlan(parent.name, vlanId),
		pointer,
		macAddress,
		...(fitting !== undefined && { mtu: fitting }),
		vlanId,
		parent: parent.name,
	};
}

function checkMac(text: string, pointer: string, remark: AddRemark): string | undefined {
	const mac = parseMac(text);
	// The first 12 bytes of an InfiniBand address may change at each boot (kernel, infiniband/ipoib.rst).
	if (mac === undefined) remark(pointer, "not a MAC address of 6 bytes: the link is dropped");
	return mac;
}

function checkMtu(mtu: number | undefined, pointer: string, remark: AddRemark): { mtu?: number } {
	if (mtu === undefined) return {};
	if (Number.isInteger(mtu) && mtu >= 68 && mtu <= 65535) return { mtu };
	remark(`${pointer}/mtu`, "not 68 to 65535: dropped");
	return {};
}
