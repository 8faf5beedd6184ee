/** What a process knows about the mirror that all processes share, and about the changes that others make to it. */
import { createCoalescedTask } from "../coalesced-task.ts";
import { type ResourceKind, type ResourceName, UNLISTED_KINDS } from "../source/resource.ts";
import type { Clock } from "./clock.ts";
import type { MirrorMeta, MirrorStore } from "./mirror-store.ts";
import type { KnownSenders } from "./senders.ts";

export interface MirrorState {
	/** Whether everything of these kinds was read once. */
	isListed(kinds: readonly ResourceKind[]): boolean;
	isFilled(): boolean;
	/** Up to when every change is in the mirror and has been reported here, in milliseconds since 1970. */
	verifiedAt(): number;
	/** The kinds that this does not count for. */
	unproven(): ReadonlySet<ResourceKind>;
	/** See MirrorMeta: for what was requested before, `verifiedAt` does not count. */
	unlistedFrom(): number;
	/** When everything was last compared with the source, in milliseconds since 1970. */
	reconciledAt(): number;
	/** Resources whose stored content may be wrong, as `textOfName` writes them. */
	doubtful(): ReadonlySet<string>;
	novaMicroversion(): string | undefined;
	/** Undefined: nobody has looked yet. */
	senders(): KnownSenders | undefined;
	close(): Promise<void>;
}

export interface MirrorStateOptions {
	readonly store: MirrorStore;
	readonly clock: Clock;
	/** Kinds without which nobody is answered from the mirror. */
	readonly neededKinds: readonly ResourceKind[];
	/**
	 * Called with the resources that have changed; undefined: anything may have. Also called when the needed kinds have just
	 * been read.
	 *
	 * @param isListed whether all of the needed kinds were read once
	 */
	readonly onChange: (changed: readonly ResourceName[] | undefined, isListed: boolean) => Promise<void>;
}

/** Milliseconds. */
const INTERVAL = 500;

/** Follows the mirror from its present state on. It goes on when the database is away, and ages meanwhile. */
export async function followMirror(options: MirrorStateOptions): Promise<MirrorState> {
	const { store, clock, neededKinds } = options;
	const closing = new AbortController();
	const reports = createReports(options);
	const verified = createVerifiedTime();
	let known: KnownMeta = {};
	let doubtful: ReadonlySet<string> = new Set();
	let unproven: ReadonlySet<ResourceKind> = new Set();

	/** The times are read first: all that they cover is among the changes. */
	async function look(): Promise<void> {
		const lookedAt = clock.now();
		const meta = await readMeta(store);
		const isFirst = reports.upTo() === undefined;
		await reports.report(meta, known);
		verified.update(lookedAt, meta, isFirst ? undefined : known);
		known = meta;
		doubtful = new Set(meta.doubtful);
		unproven = new Set(meta.unproven);
	}

	// A failed one is followed by another.
	const looks = createCoalescedTask(() => look().catch(() => {}));
	await looks.run();
	const end = store.onChange(reports.upTo() ?? 0, () => void looks.run());
	const poll = async () => {
		for (;;) {
			await clock.sleep(INTERVAL, closing.signal);
			await looks.run();
		}
	};
	const polling = poll().catch(() => {}); // it was closed
	return {
		isListed: (kinds) => areListed(kinds, known),
		isFilled: () => known.fill?.finishedAt !== undefined,
		// Before that, changes are not reported.
		verifiedAt: () => (areListed(neededKinds, known) ? verified.at() : Number.NEGATIVE_INFINITY),
		unproven: () => unproven,
		unlistedFrom: () => known.unlistedFrom ?? Number.NEGATIVE_INFINITY,
		reconciledAt: () => known.reconciledAt ?? Number.NEGATIVE_INFINITY,
		doubtful: () => doubtful,
		novaMicroversion: () => known.novaMicroversion,
		senders: () => known.senders,
		async close() {
			closing.abort();
			await Promise.all([looks.close(), end(), polling]);
		},
	};
}

type KnownMeta = Partial<Omit<MirrorMeta, "leader" | "facts">>;

const areListed = (kinds: readonly ResourceKind[], { fill }: KnownMeta) =>
	kinds.every((kind) => fill?.kinds[kind]?.done === true);

/** Reports what has changed in the mirror since the last time. */
function createReports({ store, neededKinds, onChange }: MirrorStateOptions) {
	let reported: number | undefined;
	return {
		/** The sequence number up to which changes were reported; undefined: not yet. */
		upTo: () => reported,
		async report(meta: KnownMeta, before: KnownMeta): Promise<void> {
			const isListed = areListed(neededKinds, meta);
			if (reported === undefined) {
				const { sequence } = await store.read([]);
				await onChange(undefined, isListed);
				reported = sequence;
				return;
			}
			const { sequence, changed } = await store.changesSince(reported);
			const unlisted = meta.unlistedFrom === before.unlistedFrom ? [] : await unlistedBefore(store, meta.unlistedFrom);
			const isNews = sequence !== reported || isListed !== areListed(neededKinds, before) || unlisted.length > 0;
			if (isNews) await onChange(changed && [...changed, ...unlisted], isListed);
			reported = sequence;
		},
	};
}

/** Up to when the mirror is verified, in milliseconds since 1970 of this node's clock. */
function createVerifiedTime() {
	let verifiedAt = Number.NEGATIVE_INFINITY;
	return {
		at: () => verifiedAt,
		/**
		 * The watcher writes times of its own node's clock. One that is ahead of this node's counts as the time when it was
		 * first seen here; in the first look, it may be old.
		 *
		 * @param before undefined in the first look
		 */
		update(lookedAt: number, meta: KnownMeta, before: KnownMeta | undefined): void {
			// This node's clock was put back: it was ahead, and nobody knows when that time was.
			if (verifiedAt > lookedAt) verifiedAt = Number.NEGATIVE_INFINITY;
			for (const name of ["current", "reconciledAt"] as const) {
				const at = meta[name];
				if (at === undefined || at === before?.[name] || (before === undefined && at > lookedAt)) continue;
				verifiedAt = Math.max(verifiedAt, Math.min(at, lookedAt));
			}
		},
	};
}

/** What counted as verified until then: whoever has it cached has to look it up again. */
async function unlistedBefore(store: MirrorStore, time = Number.NEGATIVE_INFINITY): Promise<ResourceName[]> {
	const names: ResourceName[] = [];
	for (const kind of UNLISTED_KINDS) {
		for await (const page of store.revisions(kind)) {
			for (const { id, requestedAt } of page) if (requestedAt < time) names.push({ kind, id });
		}
	}
	return names;
}

async function readMeta(store: MirrorStore): Promise<KnownMeta> {
	const [current, reconciledAt] = await Promise.all([store.getMeta("current"), store.getMeta("reconciledAt")]);
	const [fill, unproven, unlistedFrom, doubtful, novaMicroversion, senders] = await Promise.all([
		store.getMeta("fill"),
		store.getMeta("unproven"),
		store.getMeta("unlistedFrom"),
		store.getMeta("doubtful"),
		store.getMeta("novaMicroversion"),
		store.getMeta("senders"),
	]);
	return {
		...(fill && { fill }),
		...(unlistedFrom !== undefined && { unlistedFrom }),
		...(current !== undefined && { current }),
		...(reconciledAt !== undefined && { reconciledAt }),
		...(unproven && { unproven }),
		...(doubtful && { doubtful }),
		...(novaMicroversion !== undefined && { novaMicroversion }),
		...(senders && { senders }),
	};
}
