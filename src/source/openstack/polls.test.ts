import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { fake, status, useFakeSource } from "../../../test/fake-source.ts";
import { GuestwireError } from "../../errors.ts";
import type { Api } from "../api/api.ts";
import type { Poll } from "../api/poll.ts";
import type { ChangeSignals, Signal, SignalName } from "../remote-source.ts";
import { openOpenStackSource } from "./index.ts";
import { pollServers } from "./polls.ts";

useFakeSource();

const never = status(503, { "retry-after": "3600" });

async function signalsOf(name: SignalName): Promise<ChangeSignals> {
	const source = await openOpenStackSource({ env: fake.env, changes: { pollSeconds: 0.02 } });
	onTestFinished(() => source.close());
	return source.signals.find((signals) => signals.name === name) as ChangeSignals;
}

/** Listens until the test ends, and notes what happens. */
async function listenTo(name: SignalName) {
	const heard: string[] = [];
	const signals: Signal[] = [];
	const end = (await signalsOf(name)).listen({
		onSignals: (some) => void signals.push(...some),
		onGap: () => void heard.push("up"),
		onUp: () => void heard.push("up again"),
		onDown: (reason) => void heard.push(`down: ${reason}`),
		onInvalid: (reason) => void heard.push(`invalid: ${reason}`),
		onHeard: () => {},
	});
	onTestFinished(end);
	const names = () => new Set(signals.flatMap(({ kind, ids }) => ids.map((id) => `${kind} ${id}`)));
	return { heard, names, signals, end };
}

const polls = (text: string) => fake.requests.filter((call) => call.includes(text)).length;

/** Lets the API be asked a few more times. */
async function morePolls(text: string, count = 3): Promise<void> {
	const before = polls(text);
	await expect.poll(() => polls(text), { timeout: 5000 }).toBeGreaterThanOrEqual(before + count);
}

describe("Nova's changes-since", () => {
	/** Servers that changed at a time of Nova's, whose clock is far behind. */
	const at = (seconds: number) =>
		new Date(Date.parse("2026-01-01T00:00:00Z") + seconds * 1000).toISOString().replace(".000", "");

	test("reports servers that change, including deleted ones, once", async () => {
		const { heard, names, signals } = await listenTo("changes-since");
		await expect.poll(() => heard).toEqual(["up"]);
		expect(names()).toEqual(new Set());
		const { id } = Object.assign(fake.records.servers[0] as { id: string }, { updated: new Date().toISOString() });
		await expect.poll(names).toEqual(new Set([`server ${id}`]));
		const deleted = { id: randomUUID(), status: "DELETED", updated: new Date().toISOString() };
		fake.records.servers.unshift(deleted);
		await expect.poll(names).toContain(`server ${deleted.id}`);
		await morePolls("changes-since");
		expect(signals.flatMap(({ ids }) => ids)).toEqual([id, deleted.id]);
	});

	test("uses Nova's clock, which may differ from this machine's", async () => {
		for (const server of fake.records.servers) server["updated"] = at(-3600);
		const clock = vi.spyOn(Date, "now").mockReturnValue(Date.parse(at(50)));
		const steady = vi.spyOn(performance, "now").mockReturnValue(0);
		onTestFinished(() => {
			clock.mockRestore();
			steady.mockRestore();
		});
		const { names } = await listenTo("changes-since");
		await expect.poll(() => polls("changes-since=2025-12-31T23%3A59%3A48Z")).toBeGreaterThan(0);
		const [first, second] = fake.records.servers as [
			{ id: string; updated?: string },
			{ id: string; updated?: string },
		];
		first.updated = at(10);
		await expect.poll(names).toEqual(new Set([`server ${first.id}`]));
		await expect.poll(() => fake.requests.at(-1)).toContain("2026-01-01T00%3A00%3A08Z");
		second.updated = at(9);
		await expect.poll(names).toContain(`server ${second.id}`);
	});

	test("a failed poll loses no change", async () => {
		const { heard, names } = await listenTo("changes-since");
		await expect.poll(() => heard).toEqual(["up"]);
		fake.fault = (call) => (call.includes("changes-since") ? never : undefined);
		await expect.poll(() => heard.length).toBe(2);
		const { id } = Object.assign(fake.records.servers[0] as { id: string }, { updated: new Date().toISOString() });
		fake.fault = () => undefined;
		await expect.poll(names).toEqual(new Set([`server ${id}`]));
		expect(heard).toEqual(["up", expect.stringMatching(/^down: GET .*answered 503/), "up again"]);
	});
});

const START = Date.parse("2026-01-01T00:00:00Z");
/** How long a change stays invisible. Milliseconds. */
const LATE = 900;

/** A Nova whose clock differs by some milliseconds, and whose times have whole seconds; and a poll of it. */
function modelNova(offset: number) {
	let time = 0;
	const made: { id: string; at: number }[] = [];
	const updatedOf = ({ at }: { at: number }) => Math.floor((START + at + offset) / 1000) * 1000;
	const pass = (milliseconds: number) => {
		time += milliseconds;
	};
	const change = () => void made.push({ id: `server-${made.length}`, at: time });
	let poll: Poll | undefined;
	const found = new Set<string>();
	/** One poll: a server may change while it runs. */
	async function look({ takes = 0, fails = false, changes = false }) {
		const list: Api["list"] = async (_path, _collection, query = []) => {
			pass(takes / 3);
			if (fails) throw new GuestwireError("cloud-unavailable", "the cloud is away");
			const since = Date.parse(new Map(query).get("changes-since") ?? "");
			const shown = made.filter((one) => one.at + LATE <= time && updatedOf(one) >= since);
			// The answer is under way.
			pass(takes / 3);
			if (changes) change();
			pass(takes / 3);
			return shown.map((one) => {
				const updated = new Date(updatedOf(one)).toISOString();
				return { value: { id: one.id, updated }, where: "" };
			});
		};
		api.list = list;
		poll ??= pollServers(api, () => time);
		for (const { ids } of await poll().catch(() => [])) for (const id of ids) found.add(id);
	}
	const api = {} as { -readonly [Name in keyof Api]: Api[Name] };
	return { pass, change, look, missed: () => made.filter(({ id }) => !found.has(id)) };
}

test("whatever polls take, and however many fail, the next one finds every server that has changed", async () => {
	const clock = vi.spyOn(Date, "now").mockReturnValue(START);
	onTestFinished(() => clock.mockRestore());
	const poll = fc.record({ takes: fc.nat({ max: 20_000 }), fails: fc.boolean(), changes: fc.boolean() });
	const step = fc.record({ poll: fc.option(poll), changes: fc.boolean(), rest: fc.nat({ max: 20_000 }) });
	await fc.assert(
		fc.asyncProperty(fc.integer({ min: -60_000, max: 60_000 }), fc.array(step), async (offset, steps) => {
			const nova = modelNova(offset);
			await nova.look({});
			for (const { poll, changes, rest } of steps) {
				if (poll !== null) await nova.look(poll);
				if (changes) nova.change();
				nova.pass(rest);
			}
			nova.pass(LATE);
			await nova.look({});
			expect(nova.missed()).toEqual([]);
		}),
	);
});

describe("revisions of trunks", () => {
	type Trunk = { id: string; revision_number?: number; sub_ports: { port_id: string }[] };
	const trunks = () => fake.records.trunks as unknown as Trunk[];

	test("subports that are added and removed are reported, with their trunk", async () => {
		const { heard, names, signals } = await listenTo("trunk-revisions");
		await expect.poll(() => heard).toEqual(["up"]);
		const [trunk] = trunks() as [Trunk];
		const added = randomUUID();
		Object.assign(trunk, { revision_number: 99, sub_ports: [...trunk.sub_ports, { port_id: added }] });
		await expect.poll(names).toEqual(new Set([`trunk ${trunk.id}`, `port ${added}`]));
		signals.length = 0;
		const [removed] = trunk.sub_ports;
		Object.assign(trunk, { revision_number: 101, sub_ports: trunk.sub_ports.slice(1) });
		await expect.poll(names).toEqual(new Set([`trunk ${trunk.id}`, `port ${removed?.port_id}`]));
		signals.length = 0;
		await morePolls("/trunks");
		expect(signals).toEqual([]);
	});

	test("trunks that are created and deleted are reported, with their subports", async () => {
		const { heard, names, signals } = await listenTo("trunk-revisions");
		await expect.poll(() => heard).toEqual(["up"]);
		const [trunk] = trunks() as [Trunk];
		const created = { ...trunk, id: randomUUID(), sub_ports: [] };
		trunks().push(created);
		await expect.poll(names).toEqual(new Set([`trunk ${created.id}`]));
		signals.length = 0;
		fake.records.trunks = [created] as never;
		const ports = trunk.sub_ports.map(({ port_id }) => `port ${port_id}`);
		await expect.poll(names).toEqual(new Set([`trunk ${trunk.id}`, ...ports]));
	});

	test("a change while polls fail is reported afterwards", async () => {
		const { heard, names } = await listenTo("trunk-revisions");
		await expect.poll(() => heard).toEqual(["up"]);
		fake.fault = (call) => (call.includes("/trunks") ? never : undefined);
		await expect.poll(() => heard.length).toBe(2);
		const [trunk] = trunks() as [Trunk];
		trunk.revision_number = 99;
		fake.fault = () => undefined;
		await expect.poll(names).toEqual(new Set([`trunk ${trunk.id}`]));
	});

	test("without the extension, polling works and reports nothing", async () => {
		fake.fault = (call) => (call.includes("/trunks") ? status(404) : undefined);
		const { heard } = await listenTo("trunk-revisions");
		await expect.poll(() => heard).toEqual(["up"]);
		await morePolls("/trunks");
		expect(heard).toEqual(["up"]);
	});
});

test("nothing is requested after the end", async () => {
	const { end } = await listenTo("changes-since");
	await morePolls("changes-since", 1);
	await end();
	const before = polls("changes-since");
	await new Promise((resolve) => setTimeout(resolve, 100));
	expect(polls("changes-since") - before).toBeLessThanOrEqual(1);
});

test("without `changes`, a source has no signals", async () => {
	const source = await openOpenStackSource({ env: fake.env });
	onTestFinished(() => source.close());
	expect(source.signals).toEqual([]);
});

test("a bus that is configured wrongly is reported when the source is opened", async () => {
	const env = { ...fake.env, GUESTWIRE_TRANSPORT_URL: "rabbit://u:secret@mq:http/" };
	const opening = openOpenStackSource({ env, changes: { pollSeconds: 2 } });
	await expect(opening).rejects.toMatchObject({
		code: "config",
		message: expect.stringMatching(/^GUESTWIRE_TRANSPORT_URL: (?!.*secret)/),
	});
	const missing = openOpenStackSource({ env: fake.env, changes: { pollSeconds: 2, busFile: "/none" } });
	await expect(missing).rejects.toMatchObject({ code: "config", message: expect.stringContaining("/none") });
});
