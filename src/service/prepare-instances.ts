/** Generates documents before their guests ask: after a power failure, all guests of a cloud ask within a minute. */
import { setTimeout } from "node:timers/promises";
import type { InstanceCache } from "../source/instance-cache.ts";
import type { FactsSource } from "../source/source.ts";
import type { GuestDocuments } from "./guest-documents.ts";

export interface PrepareOptions {
	readonly instances: Pick<InstanceCache, "prepare" | "onOutdated">;
	readonly source: Pick<FactsSource, "list" | "onChange">;
	/** Absent where other processes generate the documents. */
	readonly documents: GuestDocuments | undefined;
	/** Whether the source knows all instances, and reports their changes. */
	readonly isCurrent: () => boolean;
	/** Milliseconds of a monotonic clock. */
	readonly now?: () => number;
	/** Waits the given number of milliseconds by the same clock, or until the signal aborts. */
	readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const sleep = (milliseconds: number, signal: AbortSignal) =>
	setTimeout(milliseconds, undefined, { signal, ref: false });

/** What guests ask for first, by the paths of `latest` and of the version that cloud-init asks for. */
const PATHS = ["latest", "2018-08-27"].flatMap((version) =>
	["meta_data.json", "network_data.json"].map((name) => `openstack/${version}/${name}`),
);
/** Milliseconds of work after which guests get their turn … */
const SLICE = 5;
/** … and pauses, this many times as long: a fifth of one processor at most. */
const REST = 4;
/** Milliseconds between two looks for work. */
const INTERVAL = 500;
/** Instances that wait to be prepared. Of more than that, most would not fit in the cache. */
const MOST_DUE = 100_000;
/**
 * Those of which only the wiring is prepared are tried again after a pause of so many times as long as the last try took, and
 * at least of so many milliseconds: after a restart, the source may take long to read all details again.
 */
const PAUSE = 20;
const SHORTEST_PAUSE = 60_000;

/**
 * Prepares all instances that fit in the cache, and again each that changes. Of one whose details may have changed
 * unnoticed, the wiring is prepared.
 *
 * @returns ends it
 */
export function prepareInstances(options: PrepareOptions): () => Promise<void> {
	const { source, isCurrent, now = () => performance.now(), wait = sleep } = options;
	const closing = new AbortController();
	const due = createDue(options);
	const another = createAnotherTry(now);
	const rest = (milliseconds: number) => wait(milliseconds, closing.signal);

	/** Adds every instance, once the source knows them all. */
	async function addAll(): Promise<void> {
		for (;;) {
			const all = isCurrent() ? await source.list(closing.signal).catch(() => undefined) : undefined;
			if (all !== undefined) return all.forEach(({ id }) => void due.add(id));
			await rest(INTERVAL);
		}
	}

	async function prepareOne(id: string): Promise<void> {
		due.delete(id);
		// The guest gets the error when it asks.
		const lacksDetails = await prepare(id, options).catch(() => false);
		if (lacksDetails) another.need();
	}

	async function run(): Promise<void> {
		await addAll();
		another.restart();
		let started = now();
		for (;;) {
			const id = due.first();
			const isReady = id !== undefined && isCurrent();
			const took = now() - started;
			if (isReady && took <= SLICE) {
				await prepareOne(id);
				continue;
			}
			if (id === undefined && another.isDue()) {
				await addAll();
				another.restart();
			} else await rest(isReady ? took * REST : INTERVAL);
			started = now();
		}
	}

	const running = run().catch(() => {});
	return async () => {
		closing.abort();
		await running;
	};
}

/** Instances that wait to be prepared. */
function createDue({ instances, source }: PrepareOptions) {
	const ids = new Set<string>();
	const add = (id: string) => {
		if (ids.size < MOST_DUE) ids.add(id);
	};
	instances.onOutdated(add);
	source.onChange?.((change) => {
		if (change.kind === "server") for (const id of change.ids) add(id);
	});
	return { add, delete: (id: string) => ids.delete(id), first: () => ids.values().next().value };
}

/** When those are tried again of which only the wiring is prepared. */
function createAnotherTry(now: () => number) {
	let startedAt = now();
	let took: number | undefined;
	let neededAt: number | undefined;
	return {
		need() {
			neededAt = now();
		},
		restart() {
			[startedAt, took, neededAt] = [now(), undefined, undefined];
		},
		/** Called while no instance waits. */
		isDue(): boolean {
			took ??= now() - startedAt;
			return neededAt !== undefined && now() - neededAt >= Math.max(SHORTEST_PAUSE, took * PAUSE);
		},
	};
}

/** @returns whether only the wiring is prepared */
async function prepare(id: string, { instances, documents }: PrepareOptions): Promise<boolean> {
	const whole = await instances.prepare(id, "all");
	const instance = whole ?? (await instances.prepare(id, "wiring"));
	if (instance !== undefined && documents !== undefined) {
		const tree = documents.tree(instance);
		for (const path of PATHS) tree.answer(path);
	}
	return whole === undefined && instance !== undefined;
}
