/** Finds instances by what operators know about them: filters, an order that is always the same, and pages. */
import type { InstanceHistory } from "../../store/history-store.ts";
import type { IndexedInstance } from "./indexed-instance.ts";

/**
 * `outdated`: the guest fetched other documents than it would get now. `current`: it would get the same. `asked`: it
 * asked, but fetched nothing that can be compared. `refused`: requests that nearly were its own got nothing. `never`: it
 * has not asked.
 */
export const GUEST_STATES = ["outdated", "current", "asked", "refused", "never"] as const;
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

/** Searches all guests. A page starts after the cursor's guest, wherever that one would be now. */
export function searchGuests(guests: readonly Guest[], query: SearchQuery): SearchPage {
	const { sort = "name", descending = false, limit, cursor } = query;
	const found = guests.filter(matcher(query)).map((guest) => ({ guest, key: keyOf(guest, sort) }));
	const sign = descending ? -1 : 1;
	found.sort((a, b) => sign * compareKeys(a.key, b.key) || compareText(a.guest.instance.id, b.guest.instance.id));
	const after = cursor === undefined ? undefined : decodeCursor(cursor);
	const isAfter = ({ guest, key }: (typeof found)[number], last: Cursor) =>
		(sign * compareKeys(key, last[0]) || compareText(guest.instance.id, last[1])) > 0;
	const start = after === undefined ? 0 : found.findIndex((one) => isAfter(one, after));
	const page = start < 0 ? [] : found.slice(start, start + limit);
	const last = page.at(-1);
	const hasMore = last !== undefined && start + limit < found.length;
	return {
		total: found.length,
		guests: page.map(({ guest }) => guest),
		...(hasMore && { next: encodeCursor([last.key, last.guest.instance.id]) }),
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
type Cursor = readonly [key: Key, id: string];

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

function encodeCursor(cursor: Cursor): string {
	return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** @returns undefined for a cursor that is invalid: the first page */
function decodeCursor(text: string): Cursor | undefined {
	try {
		const [key, id] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
		if ((typeof key === "string" || typeof key === "number") && typeof id === "string") return [key, id];
	} catch {
		// Invalid, as below.
	}
	return undefined;
}
