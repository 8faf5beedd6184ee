import { expect, test } from "vitest";
import { createScheduler } from "../../test/simulation/scheduler.ts";
import type { ResourceName } from "../source/resource.ts";
import { boundHandler } from "./bounded-handler.ts";
import type { Selector, Snapshot } from "./mirror-store.ts";

const process = { name: "watcher", isAlive: true };
const SECOND = 1000;

/** Reports of changes, whose readings take 10 ms each. @param exists whether the source has what is named */
function reports(exists: boolean, known: readonly string[] = []) {
	const scheduler = createScheduler(1);
	const stored = new Set(known);
	const read: string[] = [];
	const store = {
		async read(selectors: readonly Selector[]) {
			const ids = selectors.flatMap((one) => ("ids" in one ? one.ids : []));
			return { resources: ids.filter((id) => stored.has(id)), deleted: [] } as unknown as Snapshot;
		},
	};
	const handle = async ({ id }: ResourceName) => {
		await scheduler.after(10, process);
		read.push(id);
		if (exists) stored.add(id);
	};
	const signal = new AbortController().signal;
	const bounded = boundHandler(handle, { store, clock: scheduler.clockOf(process), signal });
	const pass = (milliseconds: number) => scheduler.advance(milliseconds, () => {});
	return { read, pass, report: (id: string) => bounded({ kind: "port", id }) };
}

const ids = Array.from({ length: 3000 }, (_, at) => `port-${at}`);

test("of reports that name what does not exist, a thousand are looked up in a minute, and each of them at some time", async () => {
	const { read, pass, report } = reports(false);
	for (const id of ids) void report(id);
	await pass(59 * SECOND);
	expect(read.length).toBe(1000);
	await pass(60 * SECOND);
	expect(read.length).toBe(2000);
	await pass(60 * SECOND);
	expect(read.sort()).toEqual(ids.toSorted());
});

test("what is new is read within seconds, however much it is; and what is known at once, whatever else waits", async () => {
	const created = reports(true);
	for (const id of ids) void created.report(id);
	await created.pass(5 * SECOND);
	expect(created.read.length).toBe(3000);

	const forged = reports(false, ["known"]);
	for (const id of ids) void forged.report(id);
	await forged.pass(SECOND);
	void forged.report("known");
	await forged.pass(20);
	expect(forged.read).toContain("known");
});

test("the same resource is read at most 90 times in a minute", async () => {
	const { read, pass, report } = reports(true, ["vm"]);
	const repeat = async () => {
		for (;;) await report("vm");
	};
	void repeat();
	await pass(59 * SECOND);
	expect(read.length).toBeLessThanOrEqual(90);
	expect(read.length).toBeGreaterThan(80);
});
