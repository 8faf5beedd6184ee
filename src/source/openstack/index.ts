/** An OpenStack cloud, through the public APIs of Keystone, Neutron and Nova. */
import type { InstanceFacts } from "../../instance/facts.ts";
import type { Detail } from "../../instance/instance.ts";
import type { Profile } from "../../instance/profile.ts";
import type { CloudChoice } from "../api/clouds-yaml.ts";
import { UUID } from "../api/uuid.ts";
import { findByNic, findHardware } from "../ironic/nodes.ts";
import { createIronicReader, HARDWARE_KINDS } from "../ironic/resources.ts";
import { createSnapshots } from "../ironic/snapshot.ts";
import { createNeutron } from "../neutron/neutron.ts";
import { createOwners } from "../neutron/owners.ts";
import { instanceFrom } from "../ownership.ts";
import { createRejectedPorts } from "../rejected-ports.ts";
import type { RemoteSource } from "../remote-source.ts";
import type { ChangeOptions } from "../source-kind.ts";
import { withAbort } from "../with-abort.ts";
import { gather, type Sources } from "./gather.ts";
import { createNetworkResources } from "./network-resources.ts";
import { createNova } from "./nova.ts";
import { createResourceReader } from "./resource-reader.ts";
import { openServices, type Services } from "./services.ts";
import { createSignals, findBus } from "./signals.ts";

export interface OpenStackOptions extends CloudChoice {
	/**
	 * `nova` also asks for what only Nova's own documents depend on: the ports of DHCP servers, and Nova's newest
	 * microversion. Default `full`.
	 */
	readonly profile?: Profile;
	/**
	 * How long look-ups share what they have in common (networks, subnets, security groups, a server's record): an answer
	 * may be this much older. Seconds, default 2.
	 */
	readonly sharing?: number;
	/** Whether the tag of a single NIC is also asked for: one more call for each instance. Default false. */
	readonly tagsOfSingleNics?: boolean;
	/** Default: the source has no signals. */
	readonly changes?: ChangeOptions | undefined;
}

/**
 * Opens a cloud named in clouds.yaml or by the `OS_*` variables. The first call is made when an instance is asked for:
 * a service can start while its cloud is down.
 *
 * @throws GuestwireError `config`
 */
export async function openOpenStackSource(options: OpenStackOptions): Promise<RemoteSource> {
	const { changes, env } = options;
	const bus = changes && (await findBus(changes.busFile, env));
	const services = await openServices(options);
	const { sourceId, session, network, compute, ironic, close } = services;
	const newestMicroversion = options.profile === "nova" ? services.newestMicroversion : undefined;
	const share = (options.sharing ?? 2) * 1000;
	const neutron = createNeutron(network, share);
	const nova = createNova(compute, {
		...services,
		share,
		tagsOfSingleNics: options.tagsOfSingleNics,
		follows: neutron.burst,
	});
	const hardwareOf = async (id: string) => {
		const found = await ironic();
		return found && findHardware(found, id);
	};
	const snapshots = createSnapshots(ironic, undefined);
	const sources = {
		...{ neutron, nova, hardwareOf },
		...{ dhcpPorts: options.profile === "nova", rejected: createRejectedPorts() },
	};
	const networkResources = createNetworkResources(network, neutron);
	const findOwners = createOwners(neutron, async (macAddress) => {
		const found = await ironic();
		return found && findByNic(found, macAddress);
	});
	const facts = createFacts(sources, newestMicroversion);
	return {
		sourceId,
		resources: createResourceReader({
			network: networkResources,
			nova,
			hardware: createIronicReader(snapshots, { kinds: HARDWARE_KINDS, isPolled: false }),
			newestMicroversion,
		}),
		signals:
			changes === undefined ? [] : createSignals({ ...changes, bus, compute, network: networkResources, snapshots }),
		facts,
		instance: instanceFrom(facts),
		invalidate(change) {
			neutron.invalidate(change);
			nova.invalidate(change);
		},
		owners: (query, signal) => withAbort(findOwners(query), signal),
		tokenRemaining: session.remaining,
		list: (signal) => withAbort(nova.list(), signal),
		close,
	};
}

/** @param newestMicroversion given for profile `nova` */
function createFacts(sources: Sources, newestMicroversion: Services["newestMicroversion"] | undefined) {
	const find = async (id: string, detail: Detail): Promise<InstanceFacts | undefined> => {
		if (newestMicroversion === undefined) return gather(id, detail, sources);
		const [found, novaMicroversion] = await Promise.all([gather(id, detail, sources), newestMicroversion()]);
		return found && { ...found, novaMicroversion };
	};
	const facts: RemoteSource["facts"] = async (id, detail, signal, reread) => {
		if (!UUID.test(id)) return undefined;
		if (reread) sources.nova.invalidate({ kind: "server", ids: [id] });
		return withAbort(find(id, detail), signal);
	};
	return facts;
}
