/** A source in files: recorded API answers or a hand-written inventory. */
import { GuestwireError } from "../../errors.ts";
import { instanceFrom } from "../ownership.ts";
import type { Change, FactsSource } from "../source.ts";
import { changesBetween } from "./changes.ts";
import { listInventory, locateOnDisk, readFiles } from "./folder.ts";
import { buildInventory, type Inventory } from "./inventory.ts";
import { factsOf, ownersOf, summariesOf } from "./queries.ts";
import { type Files, findUnsettled, type UnsettledFile, withoutMoved, withoutUnsettled } from "./unsettled-files.ts";
import { type WatchedFolder, watchInventory } from "./watch.ts";

/** The options of `openFilesSource`. */
export interface FilesSourceOptions {
	/**
	 * Given, the files are watched, and reloaded together after a change. Called after each reload: with the reason, in one
	 * line, why the previous state stays (once per reason), or undefined when the new state is in use.
	 */
	readonly onReload?: (problem: string | undefined) => void;
	/** Called with one line for each invalid record: once, unless it was valid in the meantime. */
	readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Opens an inventory.
 *
 * @param path a file, or a folder, which is read recursively
 * @throws GuestwireError `inventory`, one line that names file, line and path of the value
 */
export async function openFilesSource(
	path: string,
	{ onReload, onWarning = () => {} }: FilesSourceOptions = {},
): Promise<FactsSource> {
	let state = await load(path);
	warn(state.inventory.warnings, [], onWarning);
	const listeners = new Set<(change: Change) => void>();
	const reload = async () => {
		const before = state;
		const next = await load(path, before);
		const changes = next.inventory === before.inventory ? [] : changesBetween(before.inventory, next.inventory);
		state = next;
		warn(next.inventory.warnings, before.inventory.warnings, onWarning);
		if (state.inventory === before.inventory) return { isReloaded: false, ...state };
		for (const change of changes) {
			for (const listener of listeners) listener(change);
		}
		return { isReloaded: true, ...state };
	};
	const watching = onReload && watchInventory(reloadReporter(reload, onReload));
	const facts: FactsSource["facts"] = async (id) => factsOf(state.inventory, id);
	return {
		facts,
		hasAllDetails: true,
		instance: instanceFrom(facts),
		owners: async (query) => ownersOf(state.inventory, query),
		list: async () => summariesOf(state.inventory),
		onChange: (listener) => listeners.add(listener),
		close: async () => watching?.close(),
	};
}

/** The most lines at once. */
const MOST_WARNINGS = 20;

function warn(warnings: readonly string[], known: readonly string[], onWarning: (message: string) => void): void {
	const before = new Set(known);
	const added = warnings.filter((warning) => !before.has(warning));
	for (const warning of added.slice(0, MOST_WARNINGS)) onWarning(warning);
	const more = added.length - MOST_WARNINGS;
	if (more > 0) onWarning(`the inventory has ${more} more records like these`);
}

interface State {
	readonly folders: readonly WatchedFolder[];
	/** The files on disk. */
	readonly found: Files;
	/** The files in use. */
	readonly used: Files;
	readonly inventory: Inventory;
	readonly unsettled: ReadonlyMap<string, UnsettledFile>;
}

const NONE: ReadonlyMap<string, UnsettledFile> = new Map();

/** @returns `before`'s inventory if nothing has changed */
async function load(path: string, before?: State): Promise<State> {
	const { paths, folders } = await listInventory(path);
	const found = await readFiles(paths, before?.found);
	if (before === undefined) return { folders, found, used: found, inventory: build(found), unsettled: NONE };
	const now = performance.now();
	const last = withoutMoved(before.used, found, findUnsettled(before.used, found, before.unsettled, now));
	const unsettled = findUnsettled(last, found, before.unsettled, now);
	const state = { ...before, folders, found, unsettled };
	const used = withoutUnsettled(last, found, unsettled);
	if (isSame(used, before.used)) return state;
	try {
		return { ...state, used, inventory: build(used) };
	} catch (error) {
		if (unsettled.size === 0) throw error;
		// The last contents contradict other files. What is no longer unsettled must not become so again meanwhile.
		return { ...state, unsettled: new Map([...before.unsettled, ...unsettled]) };
	}
}

function build(files: Files): Inventory {
	return buildInventory(
		Array.from(files.values(), ({ file }) => file),
		locateOnDisk,
	);
}

function isSame(a: Files, b: Files): boolean {
	return a.size === b.size && a.entries().every(([path, read]) => b.get(path) === read);
}

interface Reloaded extends Pick<State, "folders" | "unsettled"> {
	readonly isReloaded: boolean;
}

/** Reports each reload, and each problem once. The folders to watch are the last ones while they can't be listed. */
function reloadReporter(reload: () => Promise<Reloaded>, onReload: (problem: string | undefined) => void) {
	let folders: readonly WatchedFolder[] = [];
	let reported: string | undefined;
	return async () => {
		let isReloaded = false;
		let again: number | undefined;
		let problem: string | undefined;
		try {
			const found = await reload();
			({ isReloaded, folders } = found);
			const unsettled = [...found.unsettled.values()];
			problem = unsettled[0]?.problem;
			again = Math.min(...unsettled.map(({ until }) => until)) - performance.now();
		} catch (error) {
			problem = problemOf(error);
		}
		if (isReloaded || problem !== reported) {
			reported = problem;
			onReload(problem);
		}
		return { folders, again };
	};
}

function problemOf(error: unknown): string {
	return error instanceof GuestwireError ? error.message : `can't reload the inventory: ${String(error)}`;
}
