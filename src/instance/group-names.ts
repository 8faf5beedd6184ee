/** The names of a server's security groups. */
import { isDeepStrictEqual } from "node:util";
import type { PortFacts, SecurityGroupFacts, ServerFacts } from "./facts.ts";

/**
 * The server with the names of its ports' security groups, as Nova lists them: for each port those of its groups, and a
 * group's id if it has no name (nova/network/security_group_api.py). Nova takes them from Neutron whenever it is asked, so
 * that a server's record does not show later changes of its ports and groups. Nova's own list stays if it has the same
 * names: they may be in another order.
 *
 * @param ports the server's own
 * @param groups those of the ports' groups that exist; undefined: some are not known
 */
export function withGroupNames(
	server: ServerFacts,
	ports: readonly Pick<PortFacts, "security_groups">[],
	groups: readonly SecurityGroupFacts[] | undefined,
): ServerFacts {
	if (groups === undefined) return server;
	const nameOf = new Map(groups.map(({ id, name }) => [id, name || id]));
	const names = ports.flatMap(({ security_groups }) => security_groups.flatMap((id) => nameOf.get(id) ?? []));
	const before = server.security_groups.map(({ name }) => name);
	if (isDeepStrictEqual(before.toSorted(), names.toSorted())) return server;
	return { ...server, security_groups: names.map((name) => ({ name })) };
}
