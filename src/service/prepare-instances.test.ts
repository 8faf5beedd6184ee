import { afterEach, expect, test } from "vitest";
import { guest } from "../../test/metadata-service.ts";
import { defaultSettings } from "../documents/settings.ts";
import type { Instance } from "../instance/instance.ts";
import { createInstanceCache } from "../source/instance-cache.ts";
import type { Change, Source } from "../source/source.ts";
import { createGuestDocuments } from "./guest-documents.ts";
import { type PrepareOptions, prepareInstances } from "./prepare-instances.ts";

let end: (() => Promise<void>) | undefined;
afterEach(async () => end?.());

/** A source that knows some instances, and fails if it has to ask for one. */
function knowing(instances: readonly Instance[]) {
	const byId = new Map(instances.map((instance) => [instance.id, instance]));
	const listeners: ((change: Change) => void)[] = [];
	let listings = 0;
	const source: Source = {
		instance: () => Promise.reject(new Error("a guest waits")),
		known: async (id) => byId.get(id),
		owners: async () => [],
		async list() {
			listings++;
			if (listings === 1) throw new Error("the database is locked");
			return [...byId.keys()].map((id) => ({ id, name: id }));
		},
		onChange: (listener) => void listeners.push(listener),
		close: async () => {},
	};
	const change = (given: Change) => {
		for (const listener of listeners) listener(given);
	};
	return { byId, source, change };
}

const named = (id: string, name: string) => {
	const instance = guest({ id, address: "10.0.0.2" });
	return { ...instance, ...(instance.server && { server: { ...instance.server, name } }) };
};

/** Prepares instances in a time that passes as fast as it is waited for, unless it is stopped. */
function prepareInTime(options: Pick<PrepareOptions, "instances" | "source" | "documents">) {
	const clock = { ms: 0, isTicking: true };
	end = prepareInstances({
		...{ ...options, isCurrent: () => true, now: () => clock.ms },
		async wait(milliseconds, signal) {
			await new Promise(setImmediate);
			signal.throwIfAborted();
			if (clock.isTicking) clock.ms += milliseconds;
		},
	});
	return clock;
}

const IDS = Array.from({ length: 20 }, (_, at) => `${at}`.padStart(8, "0"));

test("documents are generated before a guest requests them, again after a change, but not while changes may be missed", async () => {
	const { byId, source, change } = knowing(IDS.map((id) => named(id, "one")));
	const instances = createInstanceCache(source, { maxAge: Number.POSITIVE_INFINITY });
	const documents = createGuestDocuments(defaultSettings(new Uint8Array(32)));
	const generated: Instance[] = [];
	const watched = {
		...documents,
		tree(instance: Instance) {
			generated.push(instance);
			return documents.tree(instance);
		},
	};
	let isCurrent = false;
	end = prepareInstances({ instances, source, documents: watched, isCurrent: () => isCurrent });
	isCurrent = true;
	const names = () => generated.map(({ id, server }) => `${id} ${server?.name}`);
	const wait = { timeout: 10_000 };
	await expect.poll(names, wait).toEqual(IDS.map((id) => `${id} one`));
	for (const id of IDS) expect(instances.get(id, "server")).toBe(byId.get(id));

	isCurrent = false;
	byId.set(IDS[3] as string, named(IDS[3] as string, "two"));
	change({ kind: "server", ids: [IDS[3] as string] });
	byId.set("new", named("new", "new"));
	change({ kind: "server", ids: ["new"] });
	expect(generated).toHaveLength(IDS.length);
	isCurrent = true;
	await expect.poll(() => names().slice(IDS.length), wait).toEqual([`${IDS[3]} two`, "new new"]);
});

test("an instance whose details may have changed unnoticed is prepared for its network, and wholly later", async () => {
	const { byId, source } = knowing(IDS.map((id) => named(id, "one")));
	let areRead = false;
	const asked: string[] = [];
	const known: Source["known"] = async (id, detail) => {
		asked.push(detail);
		return areRead || detail === "wiring" ? byId.get(id) : undefined;
	};
	const instances = createInstanceCache({ ...source, known }, { maxAge: Number.POSITIVE_INFINITY });
	const documents = createGuestDocuments(defaultSettings(new Uint8Array(32)));
	const clock = prepareInTime({ instances, source, documents });
	const triesOf = (wanted: string) => asked.filter((detail) => detail === wanted).length / IDS.length;
	await expect.poll(() => instances.stats().entries).toBe(IDS.length);
	for (const id of IDS) expect(instances.get(id, "wiring")).toBe(byId.get(id));
	await expect(instances.get(IDS[0] as string, "server")).rejects.toThrow("a guest waits");

	// Once a minute all details are tried; the wiring is there.
	await expect.poll(() => clock.ms).toBeGreaterThan(150_000);
	clock.isTicking = false;
	await expect.poll(() => Number.isInteger(triesOf("all"))).toBe(true);
	expect(triesOf("wiring")).toBe(1);
	expect(triesOf("all")).toBeLessThanOrEqual(1 + clock.ms / 60_000);

	const before = triesOf("all");
	[areRead, clock.isTicking] = [true, true];
	await expect.poll(() => triesOf("all")).toBe(before + 1);
	const first = IDS[0] as string;
	expect(instances.get(first, "server")).toBe(byId.get(first));
	const since = clock.ms;
	await expect.poll(() => clock.ms - since).toBeGreaterThan(150_000);
	expect(triesOf("all")).toBe(before + 1);
});

test("an instance for which there is no room is tried once", async () => {
	const { source } = knowing(IDS.map((id) => named(id, "one")));
	let listings = 0;
	const list: Source["list"] = () => {
		listings++;
		return source.list();
	};
	const instances = createInstanceCache(source, { maxAge: Number.POSITIVE_INFINITY, maxBytes: 20_000 });
	const clock = prepareInTime({ instances, source: { ...source, list }, documents: undefined });
	await expect.poll(() => clock.ms).toBeGreaterThan(300_000);
	expect(instances.stats().entries).toBeLessThan(IDS.length);
	// The first one failed.
	expect(listings).toBe(2);
});

test("instances whose wiring fills the memory take its place once their details are known", async () => {
	const { byId, source } = knowing(IDS.map((id) => named(id, "one")));
	let areRead = false;
	const known: Source["known"] = async (id, detail) => (areRead || detail === "wiring" ? byId.get(id) : undefined);
	const instances = createInstanceCache({ ...source, known }, { maxAge: Number.POSITIVE_INFINITY, maxBytes: 20_000 });
	const clock = prepareInTime({ instances, source, documents: undefined });
	await expect.poll(() => clock.ms).toBeGreaterThan(30_000);
	const { entries } = instances.stats();
	expect(entries).toBeGreaterThan(0);
	expect(entries).toBeLessThan(IDS.length);
	areRead = true;
	const since = clock.ms;
	await expect.poll(() => clock.ms - since).toBeGreaterThan(300_000);
	const answers = IDS.map((id) => instances.get(id, "server"));
	await Promise.allSettled(answers);
	expect(answers.filter((answer) => !(answer instanceof Promise))).toHaveLength(entries);
});
