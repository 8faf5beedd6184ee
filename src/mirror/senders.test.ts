import { expect, test } from "vitest";
import type { Sender } from "../source/remote-source.ts";
import { createSenders, describeSenders, type KnownSenders } from "./senders.ts";

const PLANET: Sender = { name: "planet", title: "Planet", kinds: ["port", "network"], advice: "switch Planet on" };
const STAR: Sender = { name: "star", title: "Star", kinds: ["server"], advice: "switch Star on" };
const SIGNALS = [{ senders: [PLANET, STAR] }, {}];
const PLACE = "mq:5672/";

/** Each step is a second later. */
function watch(known?: KnownSenders) {
	const logged: string[] = [];
	let time = 0;
	const now = () => time;
	const senders = createSenders({
		...{ signals: SIGNALS, known, clock: { now, sleep: async () => {} } },
		onLog: (level, message) => void logged.push(`${level}: ${message}`),
	});
	const later = (step: () => unknown, by = 1000) => {
		time += by;
		return step();
	};
	return { senders, logged, now, later };
}

test("no sender is trusted before it was heard, however well the way works", () => {
	const { senders, later } = watch();
	later(() => senders.connected(PLACE));
	expect(senders.areTrusted()).toBe(false);
	expect(later(() => senders.heard("planet"))).toBe(true);
	expect(senders.areTrusted()).toBe(false);
	expect(later(() => senders.heard("star"))).toBe(true);
	expect(senders.areTrusted()).toBe(true);
	expect(later(() => senders.heard("star"))).toBe(false);
	expect(later(() => senders.heard("comet"))).toBe(false);
});

test("who was heard is remembered at the same place, and counts nowhere else", () => {
	const first = watch();
	first.senders.connected(PLACE);
	for (const { name } of [PLANET, STAR]) first.senders.heard(name);
	const quiet = watch(first.senders.known());
	quiet.later(() => quiet.senders.connected(PLACE));
	expect(quiet.senders.areTrusted()).toBe(true);
	const moved = watch(first.senders.known());
	moved.later(() => moved.senders.connected("other:5672/"));
	expect(moved.senders.areTrusted()).toBe(false);
	expect(moved.senders.known()).toEqual({ place: "other:5672/", states: { planet: "silent", star: "silent" } });
});

test("a missed change ends the trust in its sender until a later comparison misses none although it was heard", () => {
	const { senders, later, now } = watch({ place: PLACE, states: { planet: "trusted", star: "trusted" } });
	/** A comparison that finds missed changes of these kinds. */
	const compare = (...kinds: readonly ("port" | "network" | "server")[]) => {
		const startedAt = later(now) as number;
		for (const kind of kinds) later(() => senders.missed(kind));
		later(() => senders.compared(startedAt));
	};
	senders.connected(PLACE);
	compare();
	expect(senders.areTrusted()).toBe(true);
	compare("network");
	expect(senders.known().states).toEqual({ planet: "doubted", star: "trusted" });
	// Nothing has changed, or nothing is reported any more.
	compare();
	expect(senders.areTrusted()).toBe(false);
	later(() => senders.heard("planet"));
	expect(senders.areTrusted()).toBe(false);
	// It reports some changes and not others.
	compare("port");
	compare();
	expect(senders.areTrusted()).toBe(false);
	later(() => senders.heard("planet"));
	compare();
	expect(senders.areTrusted()).toBe(true);
});

test("a sender that was doubted before the clock was put back is trusted again as soon as any other", () => {
	const { senders, later, now } = watch({ place: PLACE, states: { planet: "trusted", star: "trusted" } });
	later(() => senders.connected(PLACE), 86_400_000);
	senders.missed("port");
	const compare = () => {
		const startedAt = later(now) as number;
		later(() => senders.compared(startedAt));
	};
	later(compare, -86_000_000);
	compare();
	expect(senders.areTrusted()).toBe(false);
	later(() => senders.heard("planet"));
	compare();
	expect(senders.areTrusted()).toBe(true);
});

test("after a restart, a doubted sender is still doubted", () => {
	const { senders, later } = watch({ place: PLACE, states: { planet: "trusted", star: "doubted" } });
	senders.connected(PLACE);
	later(() => senders.heard("star"));
	expect(senders.known().states).toEqual({ planet: "trusted", star: "doubted" });
});

test("a long silence and a missed change are each logged once, with what to do", () => {
	const { senders, logged, later } = watch();
	later(senders.logSilence, 3_600_000);
	later(() => senders.connected(PLACE));
	later(() => senders.heard("star"));
	later(senders.logSilence);
	expect(logged).toEqual(["info: Star reports its changes on the message bus"]);
	for (const _ of [1, 2]) later(senders.logSilence, 600_000);
	for (const _ of [1, 2]) later(() => senders.missed("server"));
	expect(logged.slice(1)).toEqual([
		expect.stringMatching(/^warn: Planet has sent no notification .*: .*switch Planet on$/),
		expect.stringMatching(/^warn: Star has not reported all changes .*: .*switch Star on$/),
	]);
	expect(describeSenders(SIGNALS, senders.known()).map((line) => `warn: ${line}`)).toEqual(logged.slice(1));
});

test("nothing is said about a way without senders, or before anybody has looked", () => {
	expect(describeSenders([{}], { place: PLACE, states: { planet: "silent" } })).toEqual([]);
	expect(describeSenders(SIGNALS, undefined)).toEqual([]);
	const clock = { now: () => 0, sleep: async () => {} };
	expect(createSenders({ signals: [{}], known: undefined, clock, onLog: () => {} }).areTrusted()).toBe(true);
});
