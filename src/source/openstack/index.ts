/** A living OpenStack, through the public APIs of Keystone, Neutron and Nova. */

import { abandonable } from "../revalidating-cache.ts";
import type { Cloud } from "../source.ts";
import { gather } from "./gather.ts";
import { createNeutron } from "./neutron.ts";
import { createNova } from "./nova.ts";
import { createOwners } from "./owners.ts";
import { type CloudChoice, openServices } from "./services.ts";

export interface OpenStackOptions extends CloudChoice {
	/** `nova` asks also for what only Nova's own documents tell: the DHCP servers' ports. Default `full`. */
	readonly profile?: "full" | "nova";
	/**
	 * For how long what look-ups have in common (networks, subnets, security groups, a server's record) serves others too:
	 * so much older an answer may be. Seconds, default 2.
	 */
	readonly sharing?: number;
}

/** What Nova's ids look like; nothing else becomes part of a path. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A cloud of clouds.yaml or of the `OS_*` variables. It is not asked before it has to be: a service can start while
 * its cloud is down.
 *
 * @throws GuestwireError `config`
 */
export async function openOpenStackCloud(options: OpenStackOptions): Promise<Cloud> {
	const { network, compute, microversion, close } = await openServices(options);
	const share = (options.sharing ?? 2) * 1000;
	const neutron = createNeutron(network, share);
	const nova = createNova(compute, microversion, share);
	const sources = { neutron, nova, dhcpPorts: options.profile === "nova" };
	const findOwners = createOwners(neutron);
	return {
		instance: async (id, need, signal) => (UUID.test(id) ? abandonable(gather(id, need, sources), signal) : undefined),
		owners: (query, signal) => abandonable(findOwners(query), signal),
		list: (signal) => abandonable(nova.list(), signal),
		close,
	};
}
