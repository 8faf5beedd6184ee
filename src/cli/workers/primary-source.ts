/** The instances of the primary process, as a worker's source. */
import { LRUCache } from "lru-cache";
import type { Channel } from "../../channel.ts";
import type { Change, Source } from "../../source/source.ts";
import { withAbort } from "../../source/with-abort.ts";
import type { PrimaryCalls, WorkerCalls, WorkerSettings } from "./calls.ts";

export interface PrimarySource extends Source {
	/** What the primary reports. */
	readonly reports: Pick<WorkerCalls, "change" | "verified">;
}

/** Instances that were not found in the mirror. */
const MOST_REMEMBERED = 100_000;

export function createPrimarySource(
	primary: Channel<PrimaryCalls>,
	{ hasLastKnownOwners }: Pick<WorkerSettings, "hasLastKnownOwners">,
): PrimarySource {
	const listeners: ((change: Change) => void)[] = [];
	const unreported = new LRUCache<string, true>({ max: MOST_REMEMBERED });
	let verifiedAt = Number.NEGATIVE_INFINITY;

	return {
		async instance(id, detail, signal, reread = false) {
			const answer = await withAbort(primary.call("instance", { id, detail, revalidate: reread }), signal);
			if (answer.isReported) unreported.delete(id);
			else unreported.set(id, true);
			return answer.instance;
		},
		owners: (query, signal) => withAbort(primary.call("owners", query), signal),
		...(hasLastKnownOwners && {
			lastKnownOwners: async (query) => (await primary.call("lastKnownOwners", query)) ?? [],
		}),
		list: () => Promise.reject(new Error("workers list no instances")),
		onChange: (listener) => void listeners.push(listener),
		verifiedAge: (id) =>
			id !== undefined && unreported.has(id) ? Number.POSITIVE_INFINITY : Math.max(0, Date.now() - verifiedAt),
		close: async () => {},
		reports: {
			change: (change) => {
				for (const listener of listeners) listener(change);
			},
			verified: (at) => {
				verifiedAt = at;
			},
		},
	};
}
