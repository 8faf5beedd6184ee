/**
 * The stored copy of a remote source: storage only. The watcher decides what is written; the source in front of it reads.
 * All processes and nodes with the same state database share one copy.
 */

import type { Resource, ResourceKind, ResourceName } from "../source/resource.ts";
import type { InstanceSummary } from "../source/source.ts";
import type { Lock } from "../store/database.ts";
import type { ResourceKeys } from "./keys.ts";
import type { KnownSenders } from "./senders.ts";

/** Resources by id, or by a key that several may have. */
export type Selector =
	| { readonly kind: ResourceKind; readonly ids: readonly string[] }
	| {
			[Kind in keyof ResourceKeys]: {
				readonly kind: Kind;
				readonly key: ResourceKeys[Kind];
				readonly values: readonly string[];
			};
	  }[keyof ResourceKeys];

/** The resources at one moment. */
export interface Snapshot {
	/** The number of the last batch that was applied. */
	readonly sequence: number;
	/** Each once, whatever number of selectors names it; ordered by kind and id. */
	readonly resources: readonly Resource[];
	/** Those that were asked for by id and are known to be deleted. `purge` forgets them. */
	readonly deleted: readonly DeletedResource[];
}

export interface DeletedResource extends ResourceName {
	/** When it was certain that the resource is gone, in milliseconds since 1970. */
	readonly requestedAt: number;
}

/** What is written together, or not at all. */
export interface Batch {
	readonly upserts?: readonly Resource[];
	readonly deletes?: readonly DeletedResource[];
}

export interface ChangedResource extends ResourceName {
	readonly deleted: boolean;
}

export interface AppliedBatch {
	/** The batch's number: one more than the last batch's. That batch's number if nothing changed. */
	readonly sequence: number;
	/** Resources whose content is another one now. */
	readonly changed: readonly ChangedResource[];
}

export interface ChangesSince {
	readonly sequence: number;
	/** Undefined: too much has changed, or too long ago, to say what. Anything may have changed. */
	readonly changed: readonly ResourceName[] | undefined;
}

export interface Revision {
	readonly id: string;
	readonly revision?: number;
	readonly requestedAt: number;
}

/** Facts about the mirror itself. Each is written by the watcher and read by all. */
export interface MirrorMeta {
	/** Progress of the first fill, by kind. A watcher that takes over resumes at the marker. */
	readonly fill: {
		readonly startedAt: number;
		/** Absent while it runs. */
		readonly finishedAt?: number;
		readonly kinds: Readonly<Partial<Record<ResourceKind, { readonly done: boolean; readonly marker?: string }>>>;
	};
	/** When everything was last compared with the source, in milliseconds since 1970: the mirror's age. */
	readonly reconciledAt: number;
	/** Up to when every change that the signals reported is in the mirror, in milliseconds since 1970. */
	readonly current: number;
	/** Kinds for which `current` does not count: a signal that it needs does not work. */
	readonly unproven: readonly ResourceKind[];
	/** Resources whose stored content may be wrong, as `textOfName` writes them. */
	readonly doubtful: readonly string[];
	/** Whether those who send messages report their changes. */
	readonly senders: KnownSenders;
	/** Nova's newest microversion, for profile `nova`. */
	readonly novaMicroversion: string;
	/** With which version's schemas everything was read (facts-version.ts), by kind as in `fill`. */
	readonly facts: { readonly version: string; readonly kinds: MirrorMeta["fill"]["kinds"] };
	/**
	 * `current` does not count for resources without a listing that were requested before this time, in milliseconds since
	 * 1970: signals may have been lost, and no comparison shows their changes.
	 */
	readonly unlistedFrom: number;
	/** The process that holds the lock, and the version of its facts: older ones don't say it. */
	readonly leader: {
		readonly host: string;
		readonly pid: number;
		readonly since: number;
		readonly facts?: string;
	};
}

export interface MirrorStats {
	readonly sequence: number;
	/** How many resources there are of each kind. */
	readonly resources: Readonly<Partial<Record<ResourceKind, number>>>;
	/** The size of the whole state database. */
	readonly bytes: number;
}

/** Every call rejects with a `GuestwireError` of code `state` if the database can't be used. */
export interface MirrorStore {
	/** Reads what the selectors name, all at the same moment. */
	read(selectors: readonly Selector[]): Promise<Snapshot>;
	/**
	 * Writes a batch. Content that has a lower revision than what is stored, or without another revision was requested
	 * earlier, is ignored, deletions included, so that late answers and two watchers at once can't bring old facts back. A
	 * stored time that lies ahead does not count, and is read as 0.
	 */
	apply(batch: Batch): Promise<AppliedBatch>;
	/** What has changed since a batch, for readers that missed a call of `onChange`'s listener. */
	changesSince(sequence: number): Promise<ChangesSince>;
	/** The ids and revisions of a kind, in pages ordered by id: for comparing with the source. */
	revisions(kind: ResourceKind): AsyncIterable<readonly Revision[]>;
	/** Every server in pages ordered by id, without its content, which may be large. */
	servers(): AsyncIterable<readonly InstanceSummary[]>;
	/** All resources of a kind, in pages ordered by id. */
	scan<Kind extends ResourceKind>(kind: Kind): AsyncIterable<readonly Resource<Kind>[]>;
	getMeta<Name extends keyof MirrorMeta>(name: Name): Promise<MirrorMeta[Name] | undefined>;
	setMeta<Name extends keyof MirrorMeta>(name: Name, value: MirrorMeta[Name]): Promise<void>;
	/** Forgets deletions that were requested before a time. */
	purge(requestedBefore: number): Promise<void>;
	stats(): Promise<MirrorStats>;
	/**
	 * Calls back with the last batch's number, within a second of each batch that changed something, whoever applied it. A
	 * call may cover several batches.
	 *
	 * @param since the last batch that the caller knows
	 * @returns ends it
	 */
	onChange(since: number, listener: (sequence: number) => void): () => Promise<void>;
	/** Waits until this process may be the watcher: one at a time for each database. */
	lead(signal: AbortSignal): Promise<Lock>;
}

export interface MirrorStoreOptions {
	/** Identifies the source. A mirror of another source is emptied. */
	readonly sourceId: string;
	/**
	 * Whether user data is stored. If not, a stored server's `OS-EXT-SRV-ATTR:user_data` is absent if it has any, and null
	 * if it has none. Servers that were stored with user data before are deleted.
	 */
	readonly userData: boolean;
	/** Milliseconds since 1970. Default: this machine's clock. */
	readonly now?: () => number;
	/** Called once if a stored time lies ahead: a clock was wrong. */
	readonly onTimeAhead?: (() => void) | undefined;
}
