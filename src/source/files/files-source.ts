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
	 * Given, the files are watched, and each change is taken up, all at once. Called after each: with the one line that
	 * says why the last good state stays (once, as long as it is the same), or undefined when all is well again.
	 */
	readonly onReload?: (problem: string | undefined) => void;
}

/** Editors and copying tools write a file in several steps: milliseconds of quiet before it is read. */
const SETTLE = 100;
/** What changes while the watcher sets itself up on a new folder it may never tell: a second look so much later. */
const LOOK_AGAIN = 2000;

/**
 * Reads an inventory.
 *
 * @param path a folder, which is read with all folders below it, or a file
 * @throws GuestwireError `inventory`, one line that names file, line and place
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

/** @returns the same state when nothing has changed */
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

/** Reloads one at a time; changes that come meanwhile are taken up by one more. */
function reloadReporter(reload: () => Promise<boolean>, onReload: (problem: string | undefined) => void) {
	let reported: string | undefined;
	const report = async () => {
		let isNews = false;
		let problem: string | undefined;
		try {
			isNews = await reload();
		} catch (error) {
			problem = problemOf(error);
		}
		if (!isNews && problem === reported) return;
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
	return error instanceof GuestwireError ? error.message : `the inventory can't be read again: ${String(error)}`;
}

async function watchFiles(path: string, changed: () => void): Promise<() => Promise<void>> {
	const { watch } = await import("chokidar");
	const root = resolve(path);
	// From the folder above: a watcher of what is moved away, and replaced, never hears of it again.
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
	// What changed between the first reading and now.
	changed();
	return async () => {
		clearTimeout(timer);
		await watcher.close();
	};
}
