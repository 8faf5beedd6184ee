/**
 * The thread that holds a watched inventory. Reading a large one takes seconds, in which guests of the main thread are
 * answered. Long lists are handed over in parts: taking one over is work for the main thread.
 */
import { type MessagePort, parentPort } from "node:worker_threads";
import { moving, openChannel, threadPort } from "../../channel.ts";
import { GuestwireError } from "../../errors.ts";
import type { Change, FactsSource, InstanceSummary } from "../source.ts";
import { openFilesSource } from "./files-source.ts";
import type { InventoryCalls, WatcherCalls } from "./thread-calls.ts";

/** Members of one part of a list. */
const PART = 1000;

let source: FactsSource | undefined;
let listed: readonly InstanceSummary[] = [];
const changes: Change[] = [];

const current = (): FactsSource => {
	if (source === undefined) throw new GuestwireError("inventory", "the inventory is not open");
	return source;
};

const main = openChannel<InventoryCalls, WatcherCalls>(threadPort(parentPort as MessagePort, "close"), {
	async open(path) {
		source = await openFilesSource(path, {
			onReload: (problem) => main.notify("reloaded", problem),
			onWarning: (message) => main.notify("warned", message),
		});
		source.onChange?.(({ kind, ids }) => {
			for (let start = 0; start < ids.length; start += PART)
				changes.push({ kind, ids: ids.slice(start, start + PART) });
		});
	},
	facts: (id) => current().facts(id, "all"),
	async instance(id) {
		const instance = await current().instance(id, "all");
		// Decoded for this answer.
		const userData = instance?.server?.userData;
		return instance === undefined || userData === undefined ? instance : moving(instance, userData);
	},
	owners: (query) => current().owners(query),
	async list(start) {
		if (start === 0) listed = await current().list();
		const part = listed.slice(start, start + PART);
		if (part.length < PART) listed = [];
		return part;
	},
	change: () => changes.shift(),
});
