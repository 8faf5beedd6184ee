/** Changes that OpenStack makes by itself and reports to nobody: a comparison finds them, and no signal was lost. */
import { isDeepStrictEqual } from "node:util";
import { eui64Mac } from "../instance/addresses.ts";
import type { FloatingIpFacts, PortFacts, SecurityGroupFacts, SubnetFacts } from "../instance/facts.ts";
import { ROUTER_INTERFACE_OWNERS } from "../source/ownership.ts";
import { type ResourceKind, type ResourceName, textOfName } from "../source/resource.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { selectorsOf } from "./selectors.ts";

/** A change of a resource. Without content before, it was created, without one now, deleted. */
export interface FoundChange extends ResourceName {
	readonly before: object | undefined;
	readonly now: object | undefined;
}

/** Those that a signal should have reported. */
export async function reportedChanges(
	changes: readonly FoundChange[],
	store: Pick<MirrorStore, "read">,
): Promise<FoundChange[]> {
	const { resources } = await store.read(selectorsOf(changes.flatMap(causesOf)));
	const known = new Set(resources.map(textOfName));
	const isGone = (name: ResourceName) => !known.has(textOfName(name));
	return changes.filter((change) => !isNoChange(change) && !isSilent(change, isGone));
}

/** The resources whose deletion may have caused the change. */
function causesOf({ kind, before = {} }: FoundChange): ResourceName[] {
	if (kind === "floatingip") {
		const { port_id: id } = before as Partial<FloatingIpFacts>;
		return id ? [{ kind: "port", id }] : [];
	}
	if (kind === "subnet") {
		const { network_id: id } = before as Partial<SubnetFacts>;
		return id ? [{ kind: "network", id }] : [];
	}
	if (kind !== "security_group") return [];
	const { security_group_rules: rules = [] } = before as Partial<SecurityGroupFacts>;
	return rules.flatMap(({ remote_group_id: id }) => (id ? [{ kind, id }] : []));
}

/** A revision may grow without any change that the facts show, and another version of Guestwire stores other members. */
function isNoChange({ before, now }: FoundChange): boolean {
	if (before === undefined || now === undefined) return before === now;
	return changedMembers(before, now).length === 0;
}

function changedMembers(before: object, now: object): string[] {
	const old = before as Readonly<Record<string, unknown>>;
	const common = Object.entries(now).filter(([member]) => Object.hasOwn(old, member));
	return common.flatMap(([member, value]) => (isDeepStrictEqual(old[member], value) ? [] : [member]));
}

type IsGone = (name: ResourceName) => boolean;

function isSilent({ kind, before, now }: FoundChange, isGone: IsGone): boolean {
	if (kind === "port" && isOfNeutron((now ?? before) as PortFacts)) return true;
	if (before === undefined) return isMadeByNeutron(kind, now as { readonly name: string });
	const areGone = causesOf({ kind, id: "", before, now }).every(isGone);
	if (now === undefined)
		return (kind === "subnet" && areGone) || isMadeByNeutron(kind, before as { readonly name: string });
	const only = (...members: readonly string[]) => changedMembers(before, now).every((one) => members.includes(one));
	switch (kind) {
		// Nova asks Neutron for them whenever it is asked.
		case "server":
			return only("addresses", "security_groups");
		case "port":
			return only("fixed_ips", "dns_assignment") && haveAutomaticDifference(before as PortFacts, now as PortFacts);
		case "floatingip":
			return (now as FloatingIpFacts).port_id === null && only("port_id", "fixed_ip_address") && areGone;
		case "security_group":
			return (
				only("security_group_rules") && haveLostRules(before as SecurityGroupFacts, now as SecurityGroupFacts, isGone)
			);
		default:
			return false;
	}
}

/**
 * Whether Neutron makes, changes and deletes a port by itself: those of DHCP servers, floating IPs, routers' gateways and
 * metadata agents. A router's interfaces are reported as such.
 */
function isOfNeutron({ device_owner: owner }: PortFacts): boolean {
	return owner.startsWith("network:") && !ROUTER_INTERFACE_OWNERS.includes(owner);
}

/** The names of what Neutron makes for a project's highly available routers (neutron-lib's constants) … */
const OF_ROUTERS = /^HA (network|subnet) tenant /;

/** … and of each project's first security group, which it makes when the project is first seen. */
function isMadeByNeutron(kind: ResourceKind, { name }: { readonly name: string }): boolean {
	if (kind === "security_group") return name === "default";
	return (kind === "network" || kind === "subnet") && OF_ROUTERS.test(name);
}

/** Whether a port has got or lost nothing but addresses of subnets with automatic ones: Neutron makes them of its MAC address. */
function haveAutomaticDifference(
	{ fixed_ips: before, mac_address }: PortFacts,
	{ fixed_ips: now }: PortFacts,
): boolean {
	const [old, current] = [before, now].map((some) => some.map(({ ip_address }) => ip_address));
	const differing = [...(old ?? []), ...(current ?? [])].filter(
		(address) => !(old?.includes(address) && current?.includes(address)),
	);
	return differing.every((address) => eui64Mac(address) === mac_address.toLowerCase());
}

/** Whether a group has lost nothing but rules that named deleted groups. */
function haveLostRules(before: SecurityGroupFacts, now: SecurityGroupFacts, isGone: IsGone): boolean {
	const texts = (group: SecurityGroupFacts) => new Set(group.security_group_rules.map((rule) => JSON.stringify(rule)));
	const [old, current] = [texts(before), texts(now)];
	const lost = before.security_group_rules.filter((rule) => !current.has(JSON.stringify(rule)));
	if (![...current].every((rule) => old.has(rule))) return false;
	return lost.every(({ remote_group_id: id }) => id && isGone({ kind: "security_group", id }));
}
