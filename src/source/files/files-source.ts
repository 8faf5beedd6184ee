/** A source in files: recorded API answers or a hand-written inventory. */
import { GuestwireError } from "../../errors.ts";
import { assembleOwned } from "../ownership.ts";
import type { Change, FactsSource } from "../source.ts";
import { changesBetween } from "./changes.ts";
import { listInventory, locateOnDisk, type ReadFile, readFiles } from "./folder.ts";
import { buildInventory, type Inventory } from "./inventory.ts";
import { factsOf, ownersOf, summariesOf } from "./queries.ts";
import { type WatchedFolder, watchInventory } from "./watch.ts";

/** The options of `openFilesSource`. */
export interface FilesSourceOptions {
	/**
	 * Given, the files are watched, and reloaded together after a change. Called after each reload: with the reason, in one
	 * line, why the previous state stays (once per reason), or undefined when the new state is in use.
	 */
	readonly onReload?: (problem: string | undefined) => void;
}

/**
 * A file that has lost all of its instances is believed once it has not changed for this time: it may be in the middle of
 * being written again. Milliseconds.
 */
const BELIEVED_AFTER = 5000;

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
		if (state.inventory === before.inventory) return { isReloaded: false, ...state };
		for (const change of changesBetween(before.inventory, state.inventory)) {
			for (const listener of listeners) listener(change);
		}
		return { isReloaded: true, ...state };
	};
	const watching = onReload && watchInventory(reloadReporter(reload, onReload));
	return {
		facts: async (id) => factsOf(state.inventory, id),
		async instance(id) {
			const facts = factsOf(state.inventory, id);
			return facts && assembleOwned(facts);
		},
		owners: async (query) => ownersOf(state.inventory, query),
		list: async () => summariesOf(state.inventory),
		onChange: (listener) => listeners.add(listener),
		close: async () => watching?.close(),
	};
}

interface State {
	readonly folders: readonly WatchedFolder[];
	readonly files: ReadonlyMap<string, ReadFile>;
	readonly inventory: Inventory;
	/** Files that seem to be in the middle of being written, by path. Their last contents are used. */
	readonly doubted: ReadonlyMap<string, Doubt>;
}

/** What a file is like, and since when. */
interface Doubt {
	readonly stamp: string;
	/** Milliseconds of the performance clock. */
	readonly since: number;
}

/** @returns `before`'s inventory if nothing has changed */
async function load(path: string, before?: State): Promise<State> {
	const { paths, folders } = await listInventory(path);
	const files = await readFiles(paths, before?.files);
	const doubted = new Map<string, Doubt>();
	for (const [path, read] of files) {
		const last = before?.files.get(path);
		if (last === undefined || last === read || !hasInstances(last) || hasInstances(read)) continue;
		const known = before?.doubted.get(path);
		const doubt = known?.stamp === read.stamp ? known : { stamp: read.stamp, since: performance.now() };
		if (performance.now() - doubt.since >= BELIEVED_AFTER) continue;
		doubted.set(path, doubt);
		files.set(path, last);
	}
	const isUnchanged = (read: ReadFile) => before?.files.get(read.file.path) === read;
	if (before?.files.size === files.size && [...files.values()].every(isUnchanged)) {
		return { ...before, folders, doubted };
	}
	const inventory = buildInventory(
		Array.from(files.values(), ({ file }) => file),
		locateOnDisk,
	);
	return { folders, files, inventory, doubted };
}

/** An instance may be defined by its ports alone. */
function hasInstances({ file: { collections } }: ReadFile): boolean {
	return collections.servers.length + collections.ports.length > 0;
}

interface Reloaded extends Pick<State, "folders" | "doubted"> {
	readonly isReloaded: boolean;
}

/** Reports each reload, and each problem once. The folders to watch are the last ones while they can't be listed. */
function reloadReporter(reload: () => Promise<Reloaded>, onReload: (problem: string | undefined) => void) {
	let folders: readonly WatchedFolder[] = [];
	let reported: string | undefined;
	return async () => {
		let isReloaded = false;
		let problem: string | undefined;
		try {
			const found = await reload();
			({ isReloaded, folders } = found);
			const [doubted] = found.doubted.keys();
			if (doubted !== undefined) problem = `${doubted} has lost all of its instances: it may still be being written`;
		} catch (error) {
			problem = problemOf(error);
		}
		if (isReloaded || problem !== reported) {
			reported = problem;
			onReload(problem);
		}
		return folders;
	};
}

function problemOf(error: unknown): string {
	return error instanceof GuestwireError ? error.message : `can't reload the inventory: ${String(error)}`;
}
