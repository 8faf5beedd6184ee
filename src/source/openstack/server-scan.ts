/** Lists servers for many look-ups at once: Nova's listing filters by one id only. */

import { waitAtMost } from "../api/batch.ts";
import type { Query } from "../api/query.ts";
import { loadAfter } from "./resources.ts";
import type { WantedServers } from "./wanted-servers.ts";

/** From this number of servers on, listing may be cheaper than asking for each. */
export const WORTH_LISTING = 16;
/** The cost of a listed server, relative to one that is requested on its own: 5 ms and 80 ms were measured. */
const LISTED_COST = 1 / 16;
/** More than one page is likely to have: from this number on, several are listed at the same time. */
export const MANY = 250;
const AT_ONCE = 4;
/** Members of each page that shows whether listing by id pays. */
const PROBE = 100;
/** Pages in a row with few of the wanted servers that end a part by id. */
const MOST_POOR = 2;
/** Ids that a part of the listing may start at, in case servers were deleted. */
const STARTS = 3;

/** Without a page for so long, servers are also asked for one by one: if one of Nova's cells hangs, all pages do. Milliseconds. */
const SLOW_PAGE = 5000;

/** By their ids, the servers of any part of a cloud are a random choice: parts can be listed at the same time. */
const BY_ID: Query = [
	["sort_key", "uuid"],
	["sort_dir", "asc"],
];

/** A page that has been delivered to those who wait. */
export interface DeliveredPage {
	readonly count: number;
	/** How many of its servers a caller waited for. */
	readonly delivered: number;
	readonly last: string | undefined;
	readonly next: string | undefined;
}

export type DeliverPage = (most: number, query: Query) => Promise<DeliveredPage>;

interface Part {
	readonly sort: Query;
	/** The marker to start at, or several to try. */
	readonly after: string | undefined;
	/** The id to stop at. */
	readonly until?: string | undefined;
}

/**
 * Lists until few servers are still wanted or listing does not pay. Returns earlier if pages are slow; then it goes on, and
 * still delivers.
 */
export async function scanServers(wanted: WantedServers, page: DeliverPage): Promise<void> {
	let isOver = false;
	let pages = 0;
	const counted: DeliverPage = async (most, query) => {
		const found = await page(most, query);
		pages++;
		return found;
	};
	const scan = (
		wanted.size < MANY ? listPart({ sort: [], after: undefined }, wanted, counted) : listMany(wanted, counted)
	).finally(() => {
		isOver = true;
	});
	scan.catch(() => {});
	for (let before = -1; !isOver && pages > before; ) {
		before = pages;
		await Promise.race([scan, waitAtMost(SLOW_PAGE)]);
	}
}

/**
 * Servers that boot together stand together in the listing of the newest; after a power cut, any may be wanted. The first
 * pages show which.
 */
async function listMany(wanted: WantedServers, page: DeliverPage): Promise<void> {
	const parts = partsById(wanted.ids().sort());
	const probe = (after: string | undefined) => loadAfter(after, (from) => page(PROBE, [...BY_ID, ...from]));
	const [last, ...others] = [parts.at(-1), ...parts.slice(0, -1)];
	const [newest, ...probes] = await Promise.all([page(wanted.size, []), ...others.map(({ after }) => probe(after))]);
	const [any, count] = [sum(probes, "delivered"), sum(probes, "count")];
	if (newest.delivered / newest.count > (2 * any) / count) {
		if (newest.next !== undefined) await listPart({ sort: [], after: newest.next }, wanted, page);
		return;
	}
	const rest = others.flatMap((part, at): Part[] => {
		const next = probes[at]?.next;
		return next === undefined ? [] : [{ ...part, after: next }];
	});
	await Promise.all([...rest, ...(last ? [last] : [])].map((part) => listPart(part, wanted, page)));
}

/** A marker with more ids to try. */
const startAt = (ids: readonly string[], at: number) => ids.slice(at, at + STARTS).join(",");

const sum = (pages: readonly DeliveredPage[], member: "count" | "delivered") =>
	pages.reduce((total, page) => total + page[member], 0);

/** The whole listing by id, with as many of the wanted servers in each part. */
function partsById(ids: readonly string[]): Part[] {
	const starts = Array.from({ length: AT_ONCE }, (_, part) => {
		const at = Math.floor((part * ids.length) / AT_ONCE);
		return part === 0 ? undefined : startAt(ids, at);
	});
	return starts.map((after, part) => ({ sort: BY_ID, after, until: starts[part + 1]?.split(",", 1)[0] }));
}

/**
 * Continues as long as a page has enough of the wanted servers. One that has few does not end a part by id yet: the part
 * before goes beyond its own end, and may have been faster.
 */
async function listPart({ sort, after, until }: Part, wanted: WantedServers, page: DeliverPage): Promise<void> {
	let poor = 0;
	for (let marker = after; ; ) {
		const most = Math.max(100, Math.ceil(1.1 * wanted.size));
		const { count, delivered, last, next } = await loadAfter(marker, (from) => page(most, [...sort, ...from]));
		poor = delivered >= count * LISTED_COST ? 0 : poor + 1;
		const isWorthIt = wanted.size >= WORTH_LISTING && poor < (sort === BY_ID ? MOST_POOR : 1);
		if (next === undefined || !isWorthIt || (until !== undefined && last !== undefined && last >= until)) return;
		marker = next;
	}
}
