/**
 * The request history's storage: what guests requested and got, and who was refused. All processes and nodes with the
 * same state database share it. Each process appends; nothing is read before it is written, except to compact.
 */
import type { StateDatabase, StateTables } from "./database.ts";
import { compactRequests, type MergeRequests } from "./history-compact.ts";
import {
	documentsOf,
	instancesSince,
	type LastAnswer,
	pageOfRefusals,
	type Refusal,
	refusalSequence,
	requestsOf,
	versionsOf,
} from "./history-queries.ts";
import { forget, trim, trimRefusals, writeBatch } from "./history-write.ts";

type Tables = StateTables;

export type { LastAnswer, Refusal };

/** An instance's line. */
export type InstanceHistory = Omit<Tables["history_instances"], "sequence">;
export type Version = Omit<Tables["history_versions"], "instance_id">;

/** What a comparison of a guest's documents with what it would get now has found. */
export type ComparisonTimes = Pick<InstanceHistory, "outdated_at" | "compared_at">;

/** What is written together, or not at all. Each key occurs once in each list. */
export interface HistoryBatch {
	/**
	 * `requests`, `failures` and the bits of `client_traits` are added to what is stored. A `client` of null, or one that is
	 * less certain, keeps what is stored.
	 */
	readonly instances: readonly Omit<InstanceHistory, keyof ComparisonTimes>[];
	readonly documents: readonly Tables["history_documents"][];
	/**
	 * Answers of 404 for documents: each replaces the last answer of a path that has one, and is not stored otherwise.
	 * Guests can make up any number of paths.
	 */
	readonly absent: readonly Tables["history_documents"][];
	readonly requests: readonly Tables["history_requests"][];
	/** Of a document that has more than three versions, the oldest are deleted. */
	readonly versions: readonly Tables["history_versions"][];
	/** `count` is added to what is stored. */
	readonly refusals: readonly Omit<Tables["history_refusals"], "sequence">[];
}

/** Every call rejects with a `GuestwireError` of code `state` if the database can't be used. */
export interface HistoryStore {
	write(batch: HistoryBatch): Promise<void>;
	/** Merges the stored requests of each instance into one row. */
	compact(instanceIds: readonly string[], merge: MergeRequests): Promise<void>;
	/**
	 * Deletes the instances that have not asked for longest, beyond a number.
	 *
	 * @returns whether there may be more of them: a call deletes only so many as take a short time
	 */
	trim(instances: number): Promise<boolean>;
	/** Deletes everything about some instances. */
	forget(instanceIds: readonly string[]): Promise<void>;
	/** Deletes the oldest refusals beyond a number, of those peers that have most: one peer can't displace all others'. */
	trimRefusals(refusals: number): Promise<void>;
	setComparison(instanceId: string, comparison: ComparisonTimes): Promise<void>;
	/** The lines of instances that were written after a batch, in pages; the first call starts at 0. */
	instancesSince(
		sequence: number,
	): Promise<{ readonly sequence: number; readonly instances: readonly InstanceHistory[] }>;
	instance(instanceId: string): Promise<InstanceHistory | undefined>;
	/** The last answer for each of the instance's documents, in the order of their paths. */
	documents(instanceId: string): Promise<readonly LastAnswer[]>;
	/** The stored pieces of the instance's requests, the oldest first. */
	requests(instanceId: string): Promise<readonly string[]>;
	/** The versions of a document, the newest first. */
	versions(instanceId: string, path: string): Promise<readonly Version[]>;
	/** The latest refusals first. */
	refusals(limit: number): Promise<readonly Refusal[]>;
	/** Grows with each batch that has refusals, as long as none is trimmed; 0 if there are none. */
	refusalSequence(): Promise<number>;
	/** Calls back soon after any process may have written. @returns ends it */
	onChange(listener: () => void): () => Promise<void>;
}

export function createHistoryStore(state: StateDatabase): HistoryStore {
	return {
		write: (batch) => state.write((database) => writeBatch(database, batch, state)),
		compact: (ids, merge) => state.write((database) => compactRequests(database, ids, merge, state.elementsOf)),
		trim: (instances) => state.write((database) => trim(database, instances)),
		forget: (ids) => state.write((database) => forget(database, ids)),
		trimRefusals: (refusals) => state.write((database) => trimRefusals(database, refusals, state.memberOf)),
		setComparison: (id, comparison) =>
			state.write(async (database) => {
				await database.updateTable("history_instances").set(comparison).where("instance_id", "=", id).execute();
			}),
		instancesSince: (sequence) => state.read((database) => instancesSince(database, sequence)),
		instance: (id) =>
			state.read((database) =>
				database.selectFrom("history_instances").selectAll().where("instance_id", "=", id).executeTakeFirst(),
			),
		documents: (id) => state.read((database) => documentsOf(database, id)),
		requests: (id) => state.read((database) => requestsOf(database, id)),
		versions: (id, path) => state.read((database) => versionsOf(database, id, path)),
		refusals: (limit) => state.read((database) => pageOfRefusals(database, limit)),
		refusalSequence: () => state.read(refusalSequence),
		onChange: (listener) => state.listen(listener),
	};
}
