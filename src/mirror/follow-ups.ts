/** What Neutron changes besides when it makes another change, and reports to nobody. */
import type { SubnetFacts } from "../instance/facts.ts";
import { contentsOf, type Resource, type ResourceName } from "../source/resource.ts";
import type { ChangedResource, MirrorStore } from "./mirror-store.ts";
import type { ResourceReads } from "./resource-reads.ts";

/** Reads again what else has changed. */
export type FollowUp = () => Promise<void>;

/** The subnets that are about to be stored or deleted, as the mirror has them. */
export async function subnetsBefore(
	store: Pick<MirrorStore, "read">,
	names: readonly ResourceName[],
): Promise<ReadonlyMap<string, SubnetFacts>> {
	const ids = names.flatMap(({ kind, id }) => (kind === "subnet" ? [id] : []));
	const { resources } = ids.length === 0 ? { resources: [] } : await store.read([{ kind: "subnet", ids }]);
	return new Map(contentsOf(resources, "subnet").map((subnet) => [subnet.id, subnet]));
}

/**
 * A deleted port leaves its floating IPs (neutron/db/l3_db.py, `disassociate_floatingips`). With a security group, the
 * rules of other groups that name it are deleted. A subnet with automatic addresses gives one to each port of its network,
 * and takes it from them (neutron/db/db_base_plugin_v2.py, `_create_subnet_postcommit`).
 *
 * @param before see `subnetsBefore`
 * @param stored what has just been stored
 */
export function followUpOf(
	{ kind, id, deleted }: ChangedResource,
	before: ReadonlyMap<string, SubnetFacts>,
	stored: readonly Resource[],
	{ store, reads }: { readonly store: Pick<MirrorStore, "read">; readonly reads: ResourceReads },
): FollowUp | undefined {
	const reread = (selector: Parameters<MirrorStore["read"]>[0][number]) => async () => {
		const { resources } = await store.read([selector]);
		await Promise.all(resources.map((one) => reads.byId(one)));
	};
	if (kind === "port" && deleted) return reread({ kind: "floatingip", key: "port", values: [id] });
	if (kind === "security_group" && deleted) return reread({ kind, key: "remote_group", values: [id] });
	if (kind !== "subnet" || (before.has(id) && !deleted)) return undefined;
	const subnet = before.get(id) ?? contentsOf(stored, "subnet").find((one) => one.id === id);
	if (subnet === undefined || !hasAutomaticAddresses(subnet)) return undefined;
	return () => reads.referringTo("ports of networks", subnet.network_id);
}

/** Neutron's `is_auto_address_subnet` (neutron/common/ipv6_utils.py). */
function hasAutomaticAddresses({ ipv6_address_mode: mode }: SubnetFacts): boolean {
	return mode === "slaac" || mode === "dhcpv6-stateless";
}
