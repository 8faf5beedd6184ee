/** What reports that a cloud's resources have changed. */
import { readSecret } from "../../read-secret.ts";
import type { Api } from "../api/api.ts";
import type { Environment } from "../api/clouds-yaml.ts";
import { createPollSignals, type Poll } from "../api/poll.ts";
import { pollLists } from "../ironic/polls.ts";
import { HARDWARE_KINDS } from "../ironic/resources.ts";
import type { Snapshots } from "../ironic/snapshot.ts";
import type { ChangeSignals, SignalName } from "../remote-source.ts";
import type { ResourceKind } from "../resource.ts";
import { createBus } from "./bus.ts";
import type { NetworkResources } from "./network-resources.ts";
import { pollServers, pollTrunks } from "./polls.ts";
import { type BusAddress, parseTransportUrl } from "./transport-url.ts";

/** The environment variable with a `transport_url`. */
const VARIABLE = "GUESTWIRE_TRANSPORT_URL";

/** Reads where the message bus is, each time it is called: a password may change. */
export type ReadBusAddress = () => Promise<BusAddress>;

/**
 * Undefined if no bus is configured. The address is read once, so that a mistake is reported at the start.
 *
 * @throws GuestwireError `config`: the file can't be read, or it contains no `transport_url`
 */
export async function findBus(file: string | undefined, env: Environment): Promise<ReadBusAddress | undefined> {
	const url = env[VARIABLE];
	if (file === undefined && !url) return undefined;
	const read = async () =>
		file === undefined
			? parseTransportUrl(url ?? "", VARIABLE)
			: parseTransportUrl(await readSecret(file, "mirror.changes.busFile"), file);
	await read();
	return read;
}

export interface SignalParts {
	readonly compute: Api;
	readonly network: NetworkResources;
	/** Of Ironic, empty where the cloud has none. */
	readonly snapshots: Snapshots;
	readonly bus: ReadBusAddress | undefined;
	readonly pollSeconds: number;
}

export function createSignals({
	compute,
	network,
	snapshots,
	bus,
	pollSeconds,
}: SignalParts): readonly ChangeSignals[] {
	const poll = (name: SignalName, neededFor: readonly ResourceKind[], startPoll: () => Poll) =>
		createPollSignals({ name, neededFor, pollSeconds, startPoll });
	return [
		...(bus === undefined ? [] : [createBus(bus)]),
		// What it finds, the bus reports too; without the bus, the signals are never complete.
		poll("changes-since", [], () => pollServers(compute)),
		poll("trunk-revisions", ["trunk"], () => pollTrunks(network)),
		poll("lists", HARDWARE_KINDS, () => pollLists(snapshots)),
	];
}
