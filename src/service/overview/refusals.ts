/** Refused requests in pages, with the instances that they nearly matched. */
import { LRUCache } from "lru-cache";
import { inTurns } from "../../in-turns.ts";
import type { HistoryStore, Refusal } from "../../store/history-store.ts";
import { createTaskQueue } from "../../task-queue.ts";
import { peerOf } from "../request-history/answered-request.ts";
import { LIMITS } from "../request-history/recorder.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { IndexedInstance } from "./indexed-instance.ts";
import { type NearMiss, nearMisses } from "./near-misses.ts";

export interface RefusalWithMisses {
	readonly refusal: Refusal;
	readonly misses: readonly NearMiss[];
}

export interface RefusalQuery {
	/** Words that all have to occur in the refusal, or in what is known of the instances that it nearly matched. */
	readonly text?: string | undefined;
	readonly limit: number;
	/** `next` of the page before. */
	readonly cursor?: string | undefined;
}

export interface RefusalPage {
	readonly total: number;
	/** The latest first. */
	readonly refusals: readonly RefusalWithMisses[];
	readonly next?: string;
}

/** When an instance was last nearly matched by a request that was refused, in milliseconds since 1970; 0: never. */
export interface RefusedTimes {
	/** By one with its own id or address. */
	readonly exact: number;
	/** By any, also one with an address close to its own: that may be somebody else's. */
	readonly any: number;
}

export interface Refusals {
	page(query: RefusalQuery): Promise<RefusalPage>;
	/** The instances that the latest refusals nearly matched. */
	readonly nearest: ReadonlyMap<string, RefusedTimes>;
	/** There is a new refusal: `nearest` is worked out again when it is next refreshed. */
	add(): void;
	/** Instances have changed, so that other ones may be near. */
	invalidate(): void;
	/**
	 * Works out `nearest` if there is something new, for at most a fiftieth of the time: during a rest it is put off.
	 *
	 * @returns whether it is different now
	 */
	refresh(): Promise<boolean>;
	close(): void;
}

export interface RefusalsOptions {
	readonly store: Pick<HistoryStore, "refusals">;
	readonly instances: () => Iterable<IndexedInstance>;
	/** Called after a rest in which `refresh` was put off: it may be called again. */
	readonly onRested: () => void;
}

/** More than the state keeps once it is trimmed. */
const MAX_KEPT = 2 * LIMITS.refusals;
/** The latest refusals of each peer in turn, whose nearest instances are marked. */
const MAX_MARKED = 50;
/** After marking instances there is a pause, this many times as long: anybody can send requests that are refused. */
const REST = 50;
const MAX_WORDS = 10;
/** Milliseconds for which near misses are kept. */
const MAX_AGE = 5000;

export function createRefusals({ store, instances, onRested }: RefusalsOptions): Refusals {
	const finder = createMissFinder(instances);
	const nearest = createNearest(store, finder.find, onRested);
	return {
		get nearest() {
			return nearest.latest();
		},
		add: nearest.invalidate,
		invalidate() {
			finder.invalidate();
			nearest.invalidate();
		},
		refresh: nearest.refresh,
		close: nearest.close,
		async page({ text = "", limit, cursor }) {
			const all = inOrder(await matching(await store.refusals(MAX_KEPT), text, finder.find));
			const after = cursor === undefined ? undefined : decodeCursor(cursor, isPosition);
			const rest = after === undefined ? all : all.filter((refusal) => isAfter(positionOf(refusal), after));
			const shown = rest.slice(0, limit);
			const last = shown.at(-1);
			return {
				total: all.length,
				refusals: await finder.find(shown),
				...(last !== undefined && rest.length > limit && { next: encodeCursor(positionOf(last)) }),
			};
		},
	};
}

/** See `Refusals.nearest`. */
function createNearest(
	store: RefusalsOptions["store"],
	find: (refusals: readonly Refusal[]) => Promise<readonly RefusalWithMisses[]>,
	onRested: () => void,
) {
	const findMarked = (refusals: readonly Refusal[]) =>
		find(inTurns(refusals, ({ source }) => peerOf(JSON.parse(source))).slice(0, MAX_MARKED));
	let nearest: ReadonlyMap<string, RefusedTimes> = new Map();
	let isStale = true;
	let restUntil = Number.NEGATIVE_INFINITY;
	let timer: NodeJS.Timeout | undefined;

	function refreshLater(delay: number): void {
		timer ??= setTimeout(() => {
			timer = undefined;
			onRested();
			// A timer may fire almost a millisecond early, and drops fractions.
		}, Math.ceil(delay) + 1).unref();
	}

	return {
		latest: () => nearest,
		invalidate(): void {
			isStale = true;
		},
		async refresh(): Promise<boolean> {
			const started = performance.now();
			if (!isStale) return false;
			if (started < restUntil) {
				refreshLater(restUntil - started);
				return false;
			}
			isStale = false;
			const found = await store.refusals(MAX_KEPT).then(findMarked, (error: unknown) => {
				isStale = true;
				throw error;
			});
			const before = nearest;
			nearest = nearestOf(found);
			restUntil = performance.now() + (performance.now() - started) * REST;
			return before.size !== nearest.size || nearest.entries().some(([id, times]) => !isSame(before.get(id), times));
		},
		close: () => clearTimeout(timer),
	};
}

function nearestOf(found: readonly RefusalWithMisses[]): Map<string, RefusedTimes> {
	const nearest = new Map<string, RefusedTimes>();
	for (const { refusal, misses } of found) {
		const at = refusal.last_at;
		for (const { instance, isExact } of misses.slice(0, 1)) {
			const { exact, any } = nearest.get(instance) ?? { exact: 0, any: 0 };
			nearest.set(instance, { exact: isExact ? Math.max(exact, at) : exact, any: Math.max(any, at) });
		}
	}
	return nearest;
}

function isSame(a: RefusedTimes | undefined, b: RefusedTimes): boolean {
	return a?.exact === b.exact && a.any === b.any;
}

/** Finds near misses, for one page after the other. */
function createMissFinder(instances: RefusalsOptions["instances"]) {
	/** Pages that are open ask for the same refusals at the same time: the first one's work is enough. */
	const known = new LRUCache<string, readonly NearMiss[]>({ max: MAX_KEPT, ttl: MAX_AGE });
	const queue = createTaskQueue();
	/** Counts the changes of instances. */
	let generation = 0;

	async function look(refusals: readonly Refusal[]): Promise<RefusalWithMisses[]> {
		const misses = new Map(refusals.map((refusal) => [keyOf(refusal), known.get(keyOf(refusal))]));
		const unknown = refusals.filter((refusal) => misses.get(keyOf(refusal)) === undefined);
		const sources = unknown.map(({ source, reason }) => ({ ...JSON.parse(source), reason }));
		const before = generation;
		const found = await nearMisses(sources, instances());
		for (const [at, refusal] of unknown.entries()) {
			misses.set(keyOf(refusal), found[at]);
			// A change meanwhile may have come too late for this.
			if (generation === before) known.set(keyOf(refusal), found[at]);
		}
		return refusals.map((refusal) => ({ refusal, misses: misses.get(keyOf(refusal)) ?? [] }));
	}
	return {
		find: (refusals: readonly Refusal[]): Promise<RefusalWithMisses[]> => queue.run(() => look(refusals)),
		invalidate() {
			generation++;
			known.clear();
		},
	};
}

/** @param text words that all have to occur */
async function matching(
	refusals: readonly Refusal[],
	text: string,
	find: (refusals: readonly Refusal[]) => Promise<readonly RefusalWithMisses[]>,
): Promise<readonly Refusal[]> {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
	if (words.length === 0) return refusals;
	const found = (await find(refusals)).filter((refusal) => {
		const searched = textOf(refusal);
		return words.every((word) => searched.includes(word));
	});
	return found.map(({ refusal }) => refusal);
}

/** A database may order texts in another way. */
function inOrder(refusals: readonly Refusal[]): Refusal[] {
	return refusals.toSorted((a, b) => (isAfter(positionOf(a), positionOf(b)) ? 1 : -1));
}

/** Refusals with the same key have the same near misses. */
function keyOf({ source, reason }: Refusal): string {
	return `${reason} ${source}`;
}

function textOf({ refusal: { source, reason, listener, node, content }, misses }: RefusalWithMisses): string {
	const { path, userAgent } = JSON.parse(content) as { readonly path: string; readonly userAgent: string };
	const values = Object.values(JSON.parse(source) as Record<string, string>);
	const near = misses.flatMap(({ instance, name, why }) => [instance, name, why]);
	return [...values, reason, listener, node, path, userAgent, ...near].join(" ").toLowerCase();
}

/** Where a refusal is in the order: the latest first, then by its key. */
type RefusalPosition = readonly [lastAt: number, source: string, reason: string, listener: string];

function positionOf({ last_at, source, reason, listener }: Refusal): RefusalPosition {
	return [last_at, source, reason, listener];
}

function isAfter([lastAt, ...key]: RefusalPosition, [otherLastAt, ...other]: RefusalPosition): boolean {
	if (lastAt !== otherLastAt) return lastAt < otherLastAt;
	const at = key.findIndex((text, index) => text !== other[index]);
	return at >= 0 && (key[at] ?? "") > (other[at] ?? "");
}

function isPosition(parts: readonly unknown[]): parts is RefusalPosition {
	const [lastAt, ...key] = parts;
	return typeof lastAt === "number" && key.length === 3 && key.every((part) => typeof part === "string");
}
