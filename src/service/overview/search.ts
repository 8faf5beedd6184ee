/** Finds instances by what operators know about them: filters, an order that is always the same, and pages. */
import type { InstanceHistory } from "../../store/history-store.ts";
import { startWorkTurn } from "../../work-turn.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { IndexedInstance } from "./indexed-instance.ts";

/**
 * `failing`: the guest's last request was answered with a status of 500 or more. `outdated`: it fetched other documents than it would get now. `current`: it would get the same. `asked`: it
 * asked, but fetched nothing that can be compared. `refused`: since it last asked, a request that nearly was its own got
 * nothing. `never`: it has not asked.
 */
export const GUEST_STATES = ["failing", "outdated", "current", "asked", "refused", "never"] as const;
export type GuestState = (typeof GUEST_STATES)[number];

export const SORTS = ["name", "seen", "state", "client", "project"] as const;
export type Sort = (typeof SORTS)[number];

/** An instance with what is known about its guest. */
export interface Guest {
	readonly instance: IndexedInstance;
	readonly history: InstanceHistory | undefined;
	readonly state: GuestState;
}

export interface SearchQuery {
	/** Words that all have to occur in the name, id, project, an address, a MAC address, a network or the client. */
	readonly text?: string | undefined;
	/** A client's name, with or without version; `unknown` for guests whose client is not known. */
	readonly client?: string | undefined;
	readonly state?: GuestState | undefined;
	/** A project's id. */
	readonly project?: string | undefined;
	/** A network's id or name. */
	readonly network?: string | undefined;
	readonly sort?: Sort | undefined;
	readonly descending?: boolean | undefined;
	/** Most guests of a page. */
	readonly limit: number;
	/** `next` of the page before. */
	readonly cursor?: string | undefined;
}

export interface SearchPage {
	/** All that match, on all pages. */
	readonly total: number;
	readonly guests: readonly Guest[];
	/** The cursor of the next page; absent on the last one. */
	readonly next?: string;
}

/** Words of a query; more are ignored. */
const MAX_WORDS = 8;

/**
 * Searches all guests, and lets other work have its turn meanwhile. A page starts after the cursor's guest, wherever that
 * one would be now.
 */
export async function searchGuests(guests: Iterable<Guest>, query: SearchQuery): Promise<SearchPage> {
	const { sort = "name", descending = false, limit, cursor } = query;
	const sign = descending ? -1 : 1;
	const compare = (a: GuestPosition, b: GuestPosition) => sign * compareKeys(a[0], b[0]) || compareText(a[1], b[1]);
	const after = cursor === undefined ? undefined : decodeCursor(cursor, isPosition);
	const matches = matcher(query);
	const page = createSmallest<Guest>(limit + 1, compare);
	let total = 0;
	const turn = startWorkTurn();
	for (const guest of guests) {
		if (turn.isOver()) await turn.next();
		if (!matches(guest)) continue;
		total++;
		const position: GuestPosition = [keyOf(guest, sort), guest.instance.id];
		if (after === undefined || compare(position, after) > 0) page.add(position, guest);
	}
	const shown = page.entries.slice(0, limit);
	const last = shown.at(-1);
	const hasMore = last !== undefined && page.entries.length > limit;
	return {
		total,
		guests: shown.map(({ value }) => value),
		...(hasMore && { next: encodeCursor(last.position) }),
	};
}

/** Collects the first few of many values: sorting all of them for each page would take most of a search's time. */
function createSmallest<T>(size: number, compare: (a: GuestPosition, b: GuestPosition) => number) {
	const entries: { readonly position: GuestPosition; readonly value: T }[] = [];
	return {
		entries: entries as readonly { readonly position: GuestPosition; readonly value: T }[],
		add(position: GuestPosition, value: T) {
			const last = entries.at(-1);
			if (entries.length === size && last !== undefined && compare(position, last.position) >= 0) return;
			let [low, high] = [0, entries.length];
			while (low < high) {
				const middle = (low + high) >> 1;
				if (compare((entries[middle] as { position: GuestPosition }).position, position) < 0) low = middle + 1;
				else high = middle;
			}
			entries.splice(low, 0, { position, value });
			if (entries.length > size) entries.pop();
		},
	};
}

function matcher({ text = "", client, state, project, network }: SearchQuery): (guest: Guest) => boolean {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
	return ({ instance, history, state: own }) => {
		if (state !== undefined && own !== state) return false;
		if (project !== undefined && instance.projectId !== project) return false;
		if (client !== undefined && !isClient(history?.client ?? "unknown", client)) return false;
		if (network !== undefined && !isOn(instance, network)) return false;
		return words.every((word) => instance.text.includes(word) || (history?.client?.includes(word) ?? false));
	};
}

function isClient(own: string, wanted: string): boolean {
	return own === wanted || own.startsWith(`${wanted}@`);
}

function isOn({ ports }: IndexedInstance, network: string): boolean {
	return ports.some(({ networkId, networkName }) => networkId === network || networkName === network);
}

type Key = string | number;
/** Where a guest is in an order; its text is a cursor. */
type GuestPosition = readonly [key: Key, id: string];

function keyOf({ instance, history, state }: Guest, sort: Sort): Key {
	switch (sort) {
		case "name":
			return instance.name;
		case "seen":
			return history?.last_at ?? 0;
		case "state":
			return GUEST_STATES.indexOf(state);
		case "client":
			return history?.client ?? "";
		case "project":
			return instance.projectId ?? "";
	}
}

function compareKeys(a: Key, b: Key): number {
	if (typeof a === "number" && typeof b === "number") return a - b;
	return compareText(String(a), String(b));
}

/** By code unit, which is the same everywhere and faster than any locale's order. */
function compareText(a: string, b: string): number {
	return a < b ? -1 : Number(a > b);
}

function isPosition(parts: readonly unknown[]): parts is GuestPosition {
	const [key, id] = parts;
	return parts.length === 2 && (typeof key === "string" || typeof key === "number") && typeof id === "string";
}
