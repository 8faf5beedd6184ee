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
}

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
 * Prepares all instances that fit in the cache, and again each that changes.
 *
 * @returns ends it
 */
export function prepareInstances(options: PrepareOptions): () => Promise<void> {
	const { instances, source, isCurrent } = options;
	const closing = new AbortController();
	const due = new Set<string>();
	const add = (id: string) => {
		if (due.size < MOST_DUE) due.add(id);
	};
	instances.onOutdated(add);
	source.onChange?.(({ kind, ids }) => {
		if (kind === "server") for (const id of ids) add(id);
	});
	const rest = (milliseconds: number) => setTimeout(milliseconds, undefined, { signal: closing.signal, ref: false });

	async function prepare(id: string): Promise<void> {
		due.delete(id);
		const instance = await instances.prepare(id);
		if (instance === undefined || options.documents === undefined) return;
		const tree = options.documents.tree(instance);
		for (const path of PATHS) tree.answer(path);
	}

	/** Adds every instance, once the source knows them all. */
	async function addAll(): Promise<void> {
		for (;;) {
			const all = isCurrent() ? await source.list(closing.signal).catch(() => undefined) : undefined;
			if (all !== undefined) return all.forEach(({ id }) => void add(id));
			await rest(INTERVAL);
		}
	}

	async function run(): Promise<void> {
		await addAll();
		let started = performance.now();
		for (;;) {
			const [id] = due;
			const took = performance.now() - started;
			if (id === undefined || !isCurrent()) await rest(INTERVAL);
			else if (took > SLICE) await rest(took * REST);
			else {
				// The guest gets the error when it asks.
				await prepare(id).catch(() => {});
				continue;
			}
			started = performance.now();
		}
	}

	const running = run().catch(() => {});
	return async () => {
		closing.abort();
		await running;
	};
}
