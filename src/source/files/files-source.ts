/** A source in files: recorded API answers or a hand-written inventory. */
import { basename, dirname, resolve, sep } from "node:path";
import { GuestwireError } from "../../errors.ts";
import { assembleOwned } from "../ownership.ts";
import type { Change, FactsSource } from "../source.ts";
import { changesBetween } from "./changes.ts";
import { HIDDEN, locateOnDisk, type ReadFile, readFolder } from "./folder.ts";
import { buildInventory, type Inventory } from "./inventory.ts";
import { factsOf, ownersOf, summariesOf } from "./queries.ts";

/** The options of `openFilesSource`. */
export interface FilesSourceOptions {
	/**
	 * Given, the files are watched, and reloaded together after a change. Called after each reload: with the reason, in one
	 * line, why the previous state stays (once per reason), or undefined when the new state is in use.
	 */
	readonly onReload?: (problem: string | undefined) => void;
}

/** Quiet time before files are read: editors and copying tools write in several steps. Milliseconds. */
const SETTLE = 100;
/** The files are checked once more after this time: the watcher may miss changes while it starts watching a folder. Milliseconds. */
const LOOK_AGAIN = 2000;

/**
 * Opens an inventory.
 *
 * @param path a file, or a folder, which is read recursively
 * @throws GuestwireError `inventory`, one line that names file, line and path of the value
 */
export async function openFilesSource(path: string, { onReload }: FilesSourceOptions = {}): Promise<FactsSource> {
	let state = await load(path);
	const listeners = new Set<(change: Change) => void>();
	const reload = async () => {
		const before = state;
		state = await load(path, before);
		if (state === before) return false;
		for (const change of changesBetween(before.inventory, state.inventory)) {
			for (const listener of listeners) listener(change);
		}
		return true;
	};
	const stopWatching = onReload && (await watchFiles(path, reloadReporter(reload, onReload)));
	return {
		facts: async (id) => factsOf(state.inventory, id),
		async instance(id) {
			const facts = factsOf(state.inventory, id);
			return facts && assembleOwned(facts);
		},
		owners: async (query) => ownersOf(state.inventory, query),
		list: async () => summariesOf(state.inventory),
		onChange: (listener) => listeners.add(listener),
		close: async () => stopWatching?.(),
	};
}

interface State {
	readonly files: ReadonlyMap<string, ReadFile>;
	readonly inventory: Inventory;
}

/** @returns `before` if nothing has changed */
async function load(path: string, before?: State): Promise<State> {
	const files = await readFolder(path, before?.files);
	const isUnchanged = (read: ReadFile) => before?.files.get(read.file.path) === read;
	if (before?.files.size === files.size && [...files.values()].every(isUnchanged)) return before;
	const inventory = buildInventory(
		Array.from(files.values(), ({ file }) => file),
		locateOnDisk,
	);
	return { files, inventory };
}

/** One reload at a time; changes during it cause one more. */
function reloadReporter(reload: () => Promise<boolean>, onReload: (problem: string | undefined) => void) {
	let reported: string | undefined;
	const report = async () => {
		let isReloaded = false;
		let problem: string | undefined;
		try {
			isReloaded = await reload();
		} catch (error) {
			problem = problemOf(error);
		}
		if (!isReloaded && problem === reported) return;
		reported = problem;
		onReload(problem);
	};
	let running = Promise.resolve();
	let waiting = false;
	return () => {
		if (waiting) return;
		waiting = true;
		running = running.then(() => {
			waiting = false;
			return report();
		});
	};
}

function problemOf(error: unknown): string {
	return error instanceof GuestwireError ? error.message : `can't reload the inventory: ${String(error)}`;
}

async function watchFiles(path: string, changed: () => void): Promise<() => Promise<void>> {
	const { watch } = await import("chokidar");
	const root = resolve(path);
	// Watches the parent folder: a watched file or folder that is moved away and replaced is not reported any more.
	const above = dirname(root);
	const ignored = (each: string) =>
		each !== above && each !== root && (!each.startsWith(root + sep) || HIDDEN.test(basename(each)));
	const watcher = watch(above, { ignoreInitial: true, ignored });
	let timer: NodeJS.Timeout | undefined;
	watcher.on("all", () => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			changed();
			timer = setTimeout(changed, LOOK_AGAIN);
		}, SETTLE);
	});
	await new Promise<void>((resolve) => watcher.once("ready", resolve));
	// Picks up changes since the first reading.
	changed();
	return async () => {
		clearTimeout(timer);
		await watcher.close();
	};
}
