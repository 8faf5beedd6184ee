/** The links of a document as interfaces: with names, members and parents. What a guest can't have is dropped. */
import type { DescribedBond, DescribedLink, DescribedNic, DescribedVlan } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import { isNicMac } from "../instance/addresses.ts";
import { BOND_MODES } from "../instance/bonding.ts";
import { planBondOptions } from "./bond-options.ts";
import { createNamer, type Namer } from "./names.ts";
import type { BondLinkPlan, LinkPlan, PhysicalLinkPlan, VlanLinkPlan } from "./plan.ts";
import { parseMac } from "./values.ts";

/** A link and where it stands in the document. */
interface Located<T> {
	readonly link: T;
	readonly pointer: string;
}

/** Interfaces by the ids of their links, in the order of `Plan.interfaces`. */
export type LinkPlans = ReadonlyMap<string, LinkPlan>;

/** @throws GuestwireError `usage` if a name is not a valid interface name, or is given twice */
export function planLinks(
	links: readonly DescribedLink[],
	names: ReadonlyMap<string, string>,
	remark: AddRemark,
): LinkPlans {
	const namer = createNamer(names);
	const located = withUniqueIds(links, remark);
	const nics = located.filter(isPhysical);
	// Names of the document come first, so that no assumed name takes one of them.
	const named = planNamedNics(nics, namer, remark);
	const bondNames = takeBondNames(located.filter(isBond), namer, remark);
	const physical = planPhysical(nics, named, namer, remark);
	const bonds = planBonds(located.filter(isBond), bondNames, physical, namer, remark);
	const plans = new Map<string, LinkPlan>([...physical, ...bonds]);
	addVlans(plans, located.filter(isVlan), namer, remark);
	return plans;
}

function withUniqueIds(links: readonly DescribedLink[], remark: AddRemark): Located<DescribedLink>[] {
	const ids = new Set<string>();
	return links
		.map((link, i) => ({ link, pointer: `/links/${i}` }))
		.filter(({ link, pointer }) => {
			const isRepeated = ids.has(link.id);
			if (isRepeated) remark(pointer, "an earlier link has the same id: dropped", link.id);
			ids.add(link.id);
			return !isRepeated;
		});
}

const isBond = (located: Located<DescribedLink>): located is Located<DescribedBond> => located.link.type === "bond";
const isVlan = (located: Located<DescribedLink>): located is Located<DescribedVlan> => located.link.type === "vlan";
const isPhysical = (located: Located<DescribedLink>): located is Located<DescribedNic> =>
	!isBond(located) && !isVlan(located);

/** NICs without a MAC address, which the guest finds by name. */
function planNamedNics(
	links: readonly Located<DescribedNic>[],
	namer: Namer,
	remark: AddRemark,
): Map<string, PhysicalLinkPlan> {
	const plans = new Map<string, PhysicalLinkPlan>();
	for (const { link, pointer } of links) {
		const { name } = link;
		if (link.ethernet_mac_address !== undefined || name === undefined) continue;
		if (!namer.take(name)) {
			remark(`${pointer}/name`, "not a valid interface name, or used twice: the link is dropped", name);
			continue;
		}
		plans.set(link.id, { kind: "physical", name, nameKnown: true, pointer, ...checkMtu(link.mtu, pointer, remark) });
	}
	return plans;
}

function planPhysical(
	links: readonly Located<DescribedNic>[],
	named: ReadonlyMap<string, PhysicalLinkPlan>,
	namer: Namer,
	remark: AddRemark,
): Map<string, PhysicalLinkPlan> {
	const plans = new Map<string, PhysicalLinkPlan>();
	const macs = new Set<string>();
	for (const { link, pointer } of links) {
		const byName = named.get(link.id);
		if (byName !== undefined) plans.set(link.id, byName);
		if (link.ethernet_mac_address === undefined) continue;
		const macAddress = checkMac(link.ethernet_mac_address, `${pointer}/ethernet_mac_address`, remark);
		if (macAddress === undefined) continue;
		if (macs.has(macAddress)) {
			const reason = "an earlier link has the same MAC address, and a guest finds its NICs by it: dropped";
			remark(pointer, reason, macAddress);
			continue;
		}
		macs.add(macAddress);
		const mtu = checkMtu(link.mtu, pointer, remark);
		plans.set(link.id, { kind: "physical", ...namer.physical(macAddress), pointer, macAddress, ...mtu });
	}
	return plans;
}

/** The names that bonds have in the document, by link id. cloud-init and Metal3 use them. */
function takeBondNames(links: readonly Located<DescribedBond>[], namer: Namer, remark: AddRemark): Map<string, string> {
	const names = new Map<string, string>();
	for (const { link, pointer } of links) {
		if (link.name === undefined) continue;
		if (namer.take(link.name)) names.set(link.id, link.name);
		else remark(`${pointer}/name`, "not a valid interface name, or used twice: replaced", link.name);
	}
	return names;
}

function planBonds(
	links: readonly Located<DescribedBond>[],
	names: ReadonlyMap<string, string>,
	physical: Map<string, PhysicalLinkPlan>,
	namer: Namer,
	remark: AddRemark,
): Map<string, BondLinkPlan> {
	const plans = new Map<string, BondLinkPlan>();
	for (const { link, pointer } of links) {
		const mode = BOND_MODES.find((known) => known === link.bond_mode);
		if (mode === undefined) {
			remark(`${pointer}/bond_mode`, "unknown bond mode: the bond is dropped", link.bond_mode);
			continue;
		}
		const mac = optionalMac(link.ethernet_mac_address, `${pointer}/ethernet_mac_address`, remark);
		if (mac === "invalid") continue;
		const members = usableMembers(link.bond_links, physical, pointer, remark);
		if (members.size === 0 && link.bond_links.length > 0) {
			remark(`${pointer}/bond_links`, "no usable member: the bond is dropped");
			continue;
		}
		const name = names.get(link.id) ?? namer.bond();
		plans.set(link.id, {
			kind: "bond",
			name,
			pointer,
			...mac,
			...checkMtu(link.mtu, pointer, remark),
			options: planBondOptions(link, mode, members, pointer, remark),
			members: [...members.values()].map((member) => member.name),
		});
		for (const [id, member] of members) physical.set(id, { ...member, bond: name });
	}
	return plans;
}

/** The NICs among the members that are in no bond yet, by the ids of their links. */
function usableMembers(
	ids: readonly string[],
	physical: ReadonlyMap<string, PhysicalLinkPlan>,
	pointer: string,
	remark: AddRemark,
): Map<string, PhysicalLinkPlan> {
	const members = new Map<string, PhysicalLinkPlan>();
	for (const [i, id] of ids.entries()) {
		const member = physical.get(id);
		const isTaken = member?.bond !== undefined || members.has(id);
		if (member === undefined) remark(`${pointer}/bond_links/${i}`, "no physical link has this id: dropped", id);
		else if (isTaken) remark(`${pointer}/bond_links/${i}`, "already a member of a bond: dropped", id);
		else members.set(id, member);
	}
	return members;
}

/** Adds each VLAN after its parent, which may be a VLAN itself. */
function addVlans(
	plans: Map<string, LinkPlan>,
	links: readonly Located<DescribedVlan>[],
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
	for (const { link, pointer } of [...onParent.values()].flat()) {
		remark(`${pointer}/vlan_link`, "no usable link has this id: the VLAN is dropped", link.vlan_link);
	}
}

function planVlan(
	link: DescribedVlan,
	pointer: string,
	parent: LinkPlan,
	tags: Set<number>,
	namer: Namer,
	remark: AddRemark,
): VlanLinkPlan | undefined {
	const mac = optionalMac(link.vlan_mac_address, `${pointer}/vlan_mac_address`, remark);
	const vlanId = link.vlan_id;
	if (!Number.isInteger(vlanId) || vlanId < 1 || vlanId > 4094) {
		remark(`${pointer}/vlan_id`, "not 1 to 4094: the VLAN is dropped", vlanId);
		return undefined;
	}
	if (tags.has(vlanId)) {
		remark(`${pointer}/vlan_id`, "the parent already has a VLAN with this id: dropped", vlanId);
		return undefined;
	}
	if (mac === "invalid") return undefined;
	tags.add(vlanId);
	const { mtu } = checkMtu(link.mtu, pointer, remark);
	const tooBig = mtu !== undefined && parent.mtu !== undefined && mtu > parent.mtu;
	if (tooBig) remark(`${pointer}/mtu`, `above the parent's MTU, which the kernel rejects: ${parent.mtu} is used`, mtu);
	const fitting = tooBig ? parent.mtu : mtu;
	return {
		kind: "vlan",
		name: namer.vlan(parent.name, vlanId),
		pointer,
		...mac,
		...(fitting !== undefined && { mtu: fitting }),
		vlanId,
		parent: parent.name,
	};
}

function checkMac(text: string, pointer: string, remark: AddRemark): string | undefined {
	const mac = parseMac(text);
	// The first 12 bytes of an InfiniBand address may change at each boot (kernel, infiniband/ipoib.rst).
	if (mac === undefined) remark(pointer, "not a MAC address of 6 bytes: the link is dropped", text);
	else if (!isNicMac(mac)) remark(pointer, "no interface can have this MAC address", text);
	return mac;
}

/** Absent is fine: the kernel gives a bond its first member's address, and a VLAN its parent's. */
function optionalMac(
	text: string | undefined,
	pointer: string,
	remark: AddRemark,
): { readonly macAddress?: string } | "invalid" {
	if (text === undefined) return {};
	const macAddress = checkMac(text, pointer, remark);
	return macAddress === undefined ? "invalid" : { macAddress };
}

function checkMtu(mtu: number | undefined, pointer: string, remark: AddRemark): { mtu?: number } {
	if (mtu === undefined) return {};
	if (Number.isInteger(mtu) && mtu >= 68 && mtu <= 65535) return { mtu };
	remark(`${pointer}/mtu`, "not 68 to 65535: dropped", mtu);
	return {};
}
