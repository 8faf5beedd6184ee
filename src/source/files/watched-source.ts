/** A source in files that are watched, by a thread of its own. */
import { extname } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type Channel, openChannel, threadPort } from "../../channel.ts";
import { GuestwireError } from "../../errors.ts";
import { createTaskQueue } from "../../task-queue.ts";
import type { Change, FactsSource, InstanceSummary } from "../source.ts";
import { withAbort } from "../with-abort.ts";
import type { FilesSourceOptions } from "./files-source.ts";
import type { InventoryCalls, WatcherCalls } from "./thread-calls.ts";

type Thread = Channel<InventoryCalls>;

/** `thread.ts`, or `thread.js` in the published package. */
const THREAD = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);
type WatchOptions = FilesSourceOptions & Required<Pick<FilesSourceOptions, "onReload">>;

/** Milliseconds until a thread that has ended, such as for lack of memory, is replaced. */
const RESTART = 5000;

/**
 * Opens an inventory, and reloads it after each change of its files.
 *
 * @param path a file, or a folder, which is read recursively
 * @param options see FilesSourceOptions
 * @throws GuestwireError `inventory`, one line that names file, line and path of the value
 */
export async function openWatchedSource(path: string, options: WatchOptions): Promise<FactsSource> {
	const listeners = new Set<(change: Change) => void>();
	const watcher = await startWatcher(path, options, (change) => {
		for (const listener of listeners) listener(change);
	});
	const lists = createTaskQueue();

	const ask = <T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
		withAbort(call, signal).catch((error) => {
			if (error instanceof GuestwireError || signal?.aborted) throw error;
			throw new GuestwireError("inventory", `the inventory ${path} can't be read: ${(error as Error).message}`);
		});
	return {
		facts: (id, _detail, signal) => ask(watcher.thread().call("facts", id), signal),
		hasAllDetails: true,
		instance: (id, _detail, signal) => ask(watcher.thread().call("instance", id), signal),
		owners: (query, signal) => ask(watcher.thread().call("owners", query), signal),
		list: (signal) =>
			ask(
				lists.run(() => takeList(watcher.thread())),
				signal,
			),
		onChange: (listener) => listeners.add(listener),
		close: watcher.close,
	};
}

/** Starts a thread that watches the inventory, and another one when it has ended. @throws as `openWatchedSource` */
async function startWatcher(
	path: string,
	{ onReload, onWarning = () => {} }: WatchOptions,
	report: (change: Change) => void,
) {
	const closing = new AbortController();
	let worker: Worker;
	let thread: Thread;
	let reported = Promise.resolve();

	async function start(): Promise<void> {
		worker = new Worker(THREAD);
		const opened = openChannel<WatcherCalls, InventoryCalls>(threadPort(worker, "exit"), {
			reloaded(problem) {
				reported = reported.then(() => takeChanges(opened, report)).then(() => onReload(problem));
			},
			warned: onWarning,
		});
		await openIn(worker, opened, path, restart);
		thread = opened;
	}

	/** Nobody knows what has changed meanwhile. */
	async function restart(reason: string): Promise<void> {
		for (let why = reason; !closing.signal.aborted; ) {
			onReload(`can't watch ${path} (${why}): trying again`);
			await later(RESTART, undefined, { signal: closing.signal }).catch(() => {});
			if (closing.signal.aborted) return;
			try {
				await start();
				report({ kind: "everything", ids: [] });
				return onReload(undefined);
			} catch (error) {
				why = (error as Error).message;
			}
		}
	}

	await start();
	return {
		thread: () => thread,
		async close(): Promise<void> {
			closing.abort();
			await worker.terminate();
		},
	};
}

/** Has a thread open the inventory. @param onEnd called with the reason when the thread ends later */
async function openIn(
	worker: Worker,
	thread: Thread,
	path: string,
	onEnd: (reason: string) => Promise<void>,
): Promise<void> {
	let reason = "the thread has ended";
	worker.on("error", (error) => {
		reason = error.message;
	});
	try {
		await thread.call("open", path);
	} catch (error) {
		await worker.terminate();
		throw error instanceof GuestwireError ? error : new GuestwireError("inventory", `${path}: ${reason}`);
	}
	worker.once("exit", () => void onEnd(reason));
}

/** Each part is a message of its own, between which others get their turn. */
async function takeList(thread: Thread): Promise<readonly InstanceSummary[]> {
	const list: InstanceSummary[] = [];
	for (;;) {
		const part = await thread.call("list", list.length);
		if (part.length === 0) return list;
		list.push(...part);
	}
}

async function takeChanges(thread: Thread, report: (change: Change) => void): Promise<void> {
	try {
		for (;;) {
			const change = await thread.call("change", undefined);
			if (change === undefined) return;
			report(change);
		}
	} catch {
		// The thread has ended: everything is asked again when another has started.
	}
}
