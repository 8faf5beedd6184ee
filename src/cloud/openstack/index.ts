/** A living OpenStack, through the public APIs of Keystone, Neutron and Nova. */
import type { Cloud } from "../cloud.ts";
import { abandonable } from "../directory-shelf.ts";
import { gather } from "./gather.ts";
import { createNeutron } from "./neutron.ts";
import { createNova } from "./nova.ts";
import { createOwners } from "./owners.ts";
import { type CloudChoice, openServices } from "./services.ts";

export { SHARED_SECONDS } from "./batch.ts";

export interface OpenStackOptions extends CloudChoice {
	/** `nova` asks also for what only Nova's own documents tell: the DHCP servers' ports. Default `full`. */
	readonly profile?: "full" | "nova";
}

/** What Nova's ids look like; nothing else becomes part of a path. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A cloud of clouds.yaml or of the `OS_*` variables. It is not asked before it has to be: a service can start while
 * its cloud is down. What look-ups have in common (networks, subnets, security
 * groups, a server's record) may be `SHARED_SECONDS` old.
 *
 * @throws GuestwireError `config`
 */
export async function openOpenStackCloud(options: OpenStackOptions): Promise<Cloud> {
	const { network, compute, microversion, close } = await openServices(options);
	const neutron = createNeutron(network);
	const nova = createNova(compute, microversion);
	const sources = { neutron, nova, dhcpPorts: options.profile === "nova" };
	const findOwners = createOwners(neutron);
	return {
		instance: async (id, need, signal) => (UUID.test(id) ? abandonable(gather(id, need, sources), signal) : undefined),
		owners: (query, signal) => abandonable(findOwners(query), signal),
		list: (signal) => abandonable(nova.list(), signal),
		close,
	};
}
