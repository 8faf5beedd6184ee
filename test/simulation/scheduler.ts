/** Everything that happens in a simulation, one event after the other, in an order that follows from the seed alone. */
import type { Clock } from "../../src/mirror/clock.ts";

export interface Random {
	/** From 0 up to 1. */
	(): number;
	/** An integer from 0 up to a limit. */
	below(limit: number): number;
	chance(probability: number): boolean;
	pick<T>(items: readonly T[]): T;
}

/** mulberry32. */
export function createRandom(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	const below = (limit: number) => Math.floor(next() * limit);
	return Object.assign(next, {
		below,
		chance: (probability: number) => next() < probability,
		pick<T>(items: readonly T[]): T {
			if (items.length === 0) throw new Error("nothing to pick from");
			return items[below(items.length)] as T;
		},
	});
}

/** A process whose events no longer happen once it is killed. */
export interface Process {
	readonly name: string;
	isAlive: boolean;
	/** By how much its clock is ahead, in milliseconds. Default: 0. */
	ahead?: number;
}

/** Everything that a run may do to the mirror. Each has to happen in some run. */
export const FAULTS = [
	...(["message lost", "message repeated", "messages overtake each other", "message forged", "broker away"] as const),
	...(["API away", "API error", "API answer odd", "API call slow", "record unreadable", "page shifted"] as const),
	"member hidden" as const,
	...([
		"database away",
		"database read failed",
		"database write failed",
		"database answer lost",
		"database slow",
	] as const),
	...(["watcher killed", "node killed", "two leaders", "address reused by another tenant"] as const),
] as const;

export type Fault = (typeof FAULTS)[number];

export interface Scheduler {
	readonly random: Random;
	/** Milliseconds since 1970. */
	now(): number;
	/** Resolves after a time; never if the process is killed before. Rejects when the signal aborts. */
	after(milliseconds: number, process: Process, signal?: AbortSignal): Promise<void>;
	clockOf(process: Process): Clock;
	/** Lets everything happen that is due within a time. `check` is called after each event. */
	advance(milliseconds: number, check: () => void): Promise<void>;
	/** Adds a line to the trace. */
	note(text: string): void;
	/** Counts a fault that has happened to somebody. */
	count(fault: Fault): void;
	faults(): ReadonlyMap<Fault, number>;
	/** The trace's lines. */
	trace(): readonly string[];
	/** Events so far. */
	steps(): number;
}

interface Event {
	readonly at: number;
	/** Decides among events at the same time. */
	readonly order: number;
	readonly process: Process;
	readonly run: () => void;
	isCancelled: boolean;
}

const START = Date.UTC(2026, 0, 1);

export function createScheduler(seed: number): Scheduler {
	const random = createRandom(seed);
	const trace: string[] = [];
	const events: Event[] = [];
	const faults = new Map<Fault, number>();
	let time = START;
	let steps = 0;

	function add(event: Event): void {
		let low = 0;
		let high = events.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			const other = events[middle] as Event;
			if (other.at < event.at || (other.at === event.at && other.order < event.order)) low = middle + 1;
			else high = middle;
		}
		events.splice(low, 0, event);
	}

	function after(milliseconds: number, process: Process, signal?: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal?.aborted) return reject(signal.reason);
			const abort = () => {
				event.isCancelled = true;
				reject(signal?.reason);
			};
			const run = () => {
				signal?.removeEventListener("abort", abort);
				resolve();
			};
			const event: Event = { at: time + milliseconds, order: random(), process, run, isCancelled: false };
			signal?.addEventListener("abort", abort, { once: true });
			add(event);
		});
	}

	return {
		random,
		now: () => time,
		after,
		clockOf: (process) => ({
			now: () => time + (process.ahead ?? 0),
			sleep: (milliseconds, signal) => after(milliseconds, process, signal),
		}),
		async advance(milliseconds, check) {
			const end = time + milliseconds;
			for (;;) {
				await settled();
				check();
				const event = events[0];
				if (event === undefined || event.at > end) break;
				events.shift();
				if (event.isCancelled || !event.process.isAlive) continue;
				time = Math.max(time, event.at);
				steps++;
				event.run();
			}
			time = end;
		},
		note: (text) => void trace.push(`${time - START} ${text}`),
		count: (fault) => void faults.set(fault, (faults.get(fault) ?? 0) + 1),
		faults: () => faults,
		trace: () => trace,
		steps: () => steps,
	};
}

/** All promises that can settle without another event have: Node calls back once there is nothing else to do at once. */
function settled(): Promise<void> {
	return new Promise((resolve) => process.nextTick(resolve));
}
