/** When to look at the files of an inventory again. */
import { type FSWatcher, watch } from "node:fs";
import { INVENTORY_FILE } from "./folder.ts";

/** Quiet time before files are read: editors and copying tools write in several steps. Milliseconds. */
const SETTLE = 100;
/** Files that never are quiet, such as a log among them, are read after this time. Milliseconds. */
const SETTLE_AT_MOST = 1000;
/**
 * Without any report, the files are looked at after this time. The kernel reports neither what happens behind links and on
 * network file systems, nor that a folder was replaced, and it limits the number of watches. Milliseconds.
 */
const LOOK_AGAIN = 2000;
/** Looking takes at most this share of the time … */
const SHARE = 1 / 20;
/** … but files that change again and again are not left alone for longer than this. Milliseconds. */
const REST_AT_MOST = 1000;
/** Folders watched; changes in others are found by looking. */
const MOST_WATCHED = 1000;

/** A folder, with its inode: another folder may take its place. */
export interface WatchedFolder {
	readonly path: string;
	readonly inode: number;
}

/** What a look at the files found. */
export interface Look {
	/** The folders of the inventory. */
	readonly folders: readonly WatchedFolder[];
	/** Milliseconds after which the files have to be looked at again, even without a change. Default: a few seconds. */
	readonly again: number | undefined;
}

/**
 * Calls `look` now, soon after a change of an inventory's files, and every few seconds. One call at a time.
 *
 * @param look never rejects
 */
export function watchInventory(look: () => Promise<Look>): { close(): Promise<void> } {
	const watches = createWatches(() => soon());
	let timer: NodeJS.Timeout | undefined;
	/** When the current series of changes began. */
	let changedAt: number | undefined;
	let running: Promise<void> | undefined;
	/** Until when files that keep changing are left alone. */
	let restUntil = Number.NEGATIVE_INFINITY;
	let isClosed = false;

	const lookNow = () => {
		changedAt = undefined;
		running = (async () => {
			const started = performance.now();
			const { folders, again = LOOK_AGAIN } = await look();
			if (isClosed) return;
			watches.set(folders);
			running = undefined;
			const now = performance.now();
			const rest = (now - started) / SHARE;
			restUntil = now + Math.min(REST_AT_MOST, rest);
			const pause = Math.max(Math.min(LOOK_AGAIN, again), rest);
			if (changedAt === undefined) timer = setTimeout(lookNow, pause);
			else soon();
		})();
	};
	/** After a change during a look, that look's end calls it again. */
	const soon = () => {
		const now = performance.now();
		changedAt ??= now;
		if (running !== undefined || isClosed) return;
		clearTimeout(timer);
		const due = Math.max(Math.min(now + SETTLE, changedAt + SETTLE_AT_MOST), restUntil);
		timer = setTimeout(lookNow, Math.max(0, due - now));
	};
	lookNow();
	return {
		async close() {
			isClosed = true;
			clearTimeout(timer);
			watches.close();
			await running;
		},
	};
}

/** The kernel's watches of folders. One that fails is needless: the files are looked at anyway. */
function createWatches(onChange: () => void) {
	const watchers = new Map<string, FSWatcher>();
	const end = (key: string) => {
		watchers.get(key)?.close();
		watchers.delete(key);
	};
	const begin = (path: string, key: string) => {
		try {
			const watcher = watch(path, (_event, name) => {
				if (name === null || INVENTORY_FILE.test(name)) onChange();
			});
			watchers.set(key, watcher);
			watcher.on("error", () => end(key));
		} catch {
			// The limit of watches or of open files.
		}
	};
	return {
		set(folders: readonly WatchedFolder[]) {
			const wanted = new Map(folders.slice(0, MOST_WATCHED).map(({ path, inode }) => [`${inode} ${path}`, path]));
			for (const key of [...watchers.keys()]) if (!wanted.has(key)) end(key);
			for (const [key, path] of wanted) if (!watchers.has(key)) begin(path, key);
		},
		close() {
			for (const key of [...watchers.keys()]) end(key);
		},
	};
}
