/** What `guestwire snapshot --from-mirror` reads: the facts that `guestwire serve` has stored. */
import { GuestwireError } from "../errors.ts";
import { listServers } from "../mirror/mirrored-source.ts";
import { openFilledMirror } from "../mirror/open-mirror-store.ts";
import { readInstance, withMicroversion } from "../mirror/read-instance.ts";
import type { FactsSource } from "../source/source.ts";
import type { StateDatabase } from "../store/database.ts";

/**
 * Never asks the cloud.
 *
 * @param sourceId see RemoteSource
 * @throws GuestwireError `state`: there is no filled mirror of this cloud, or it has no user data although that is wanted
 */
export async function openMirrorFacts(
	state: StateDatabase,
	sourceId: string,
	wanted: { readonly userData: boolean },
): Promise<Pick<FactsSource, "list" | "facts">> {
	const mirror = await openFilledMirror(state, sourceId);
	if (wanted.userData && !mirror.hasUserData) {
		const what = "the mirror has no user data (mirror.userData: false): omit --include-user-data or --from-mirror";
		throw new GuestwireError("state", `state ${state.name}: ${what}`);
	}
	const novaMicroversion = await mirror.getMeta("novaMicroversion");
	return {
		list: () => listServers(mirror),
		async facts(id) {
			const { facts, missing } = await readInstance(mirror, id, { dhcpPorts: true });
			const [lacking] = missing;
			if (lacking !== undefined) {
				throw new GuestwireError("cloud-answer", `the mirror lacks ${lacking.kind} ${lacking.id}: try again later`);
			}
			return facts && withMicroversion(facts, novaMicroversion);
		},
	};
}
