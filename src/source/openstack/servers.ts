/** Nova's servers, one by one or by the page. https://docs.openstack.org/api-ref/compute/#servers-servers */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { ServerFacts } from "../../instance/facts.ts";
import { reader } from "./answers.ts";
import { type Answered, type Api, firstPage, type ListingPage, notThere } from "./api.ts";
import { createBatch, type Resolve, waitAtMost } from "./batch.ts";
import { createPageSize } from "./page-size.ts";
import type { Query } from "./query.ts";

/** A server, with the members that show whether more calls are needed. */
const ServerAnswer = Type.Object({
	...ServerFacts.properties,
	flavor: Type.Optional(
		Type.Object({
			...(ServerFacts.properties.flavor as typeof ServerFacts.properties.flavor).properties,
			extra_specs: Type.Record(Type.String(), Type.String(), { default: {} }),
		}),
	),
	"os-extended-volumes:volumes_attached": Type.Array(Type.Object({ id: Type.String() }), { default: [] }),
});
export type ServerAnswer = Static<typeof ServerAnswer>;

const readServer = reader(ServerAnswer);
const readOne = reader(Type.Object({ server: Type.Unknown() }));

/** From this number of servers on, listing may be cheaper than asking for each. */
const WORTH_LISTING = 16;
/** The cost of a listed server, relative to one asked for by itself: 5 ms and 80 ms were measured. */
const LISTED_COST = 1 / 16;

const ALL_PROJECTS: Query = [["all_tenants", "1"]];

/** While a page takes longer, servers are also asked for one by one: if one of Nova's cells hangs, all pages do. Milliseconds. */
const SLOW_PAGE = 5000;
const IS_SLOW = Symbol("slow");
/** Servers asked for one by one at a time: as many as there are connections. */
const AT_ONCE = 8;

type Found = ServerAnswer | undefined;

export interface Servers {
	/**
	 * Finds a server; undefined if there is none. Many that are wanted at the same moment are listed together, without a
	 * filter, since Nova's listing filters by one id only. Servers missing from the listing are asked for one by one, and
	 * each fails on its own.
	 */
	find(id: string): Promise<Found>;
	/** A page of all servers, the newest first, with as many as Nova lists in a short time. @param most at most so many */
	page(most: number, marker: Query): Promise<ListingPage>;
}

/** @param api sends a microversion */
export function createServers(api: Api): Servers {
	const pageSize = createPageSize();

	async function ask(ids: readonly string[], resolve: Resolve<Found>): Promise<ReadonlyMap<string, Found>> {
		const wanted = new Set(ids);
		const answer: Resolve<Found> = (id, found) => void (wanted.delete(id) && resolve(id, found));
		// If the listing fails, the servers themselves may still be readable.
		if (ids.length >= WORTH_LISTING) await list(wanted, answer).catch(() => {});
		await askOneByOne(wanted, answer);
		return new Map();
	}

	const page: Servers["page"] = (most, marker) => {
		const load = async (limit: number) => {
			const query: Query = [...ALL_PROJECTS, ["limit", `${limit}`], ...marker];
			const found = await api.page("/servers/detail", "servers", query);
			if (found === undefined) throw notThere("/servers/detail");
			return found;
		};
		return pageSize.measure(most, load, ({ items }) => items.length);
	};

	/**
	 * Newest first: servers that boot together stand together, with a few that do not ask yet. Continues as long as a page
	 * has enough of the wanted servers. Returns when it is done or a page is slow: then it goes on, and still delivers.
	 */
	async function list(wanted: ReadonlySet<string>, answer: Resolve<Found>): Promise<void> {
		const step = async (marker: Query): Promise<Query | undefined> => {
			const before = wanted.size;
			const { items, next } = await page(Math.max(100, Math.ceil(1.1 * before)), marker);
			for (const server of items) {
				const id = idOf(server);
				if (wanted.has(id)) answer(id, serverOrError(server));
			}
			const isWorthIt = wanted.size >= WORTH_LISTING && before - wanted.size >= items.length * LISTED_COST;
			return next !== undefined && isWorthIt ? [["marker", next]] : undefined;
		};
		let loading = step([]);
		const rest = async () => {
			for (let marker = await loading; marker !== undefined; marker = await loading) loading = step(marker);
		};
		for (;;) {
			const slow = waitAtMost(SLOW_PAGE).then((): typeof IS_SLOW => IS_SLOW);
			const marker = await Promise.race([loading, slow]);
			if (marker === IS_SLOW) return void rest().catch(() => {});
			if (marker === undefined) return;
			loading = step(marker);
		}
	}

	/** If Nova does not answer at all, a few servers are tried and the rest fail at once. */
	async function askOneByOne(wanted: ReadonlySet<string>, answer: Resolve<Found>): Promise<void> {
		const queue = [...wanted].values();
		let isAnswering = false;
		let down: unknown;
		const work = async () => {
			for (const id of queue) {
				if (!wanted.has(id)) continue; // a slow page had it
				try {
					if (down) throw down;
					answer(id, await one(id));
					isAnswering = true;
				} catch (error) {
					answer(id, error as Error);
					if ((error as GuestwireError).code !== "cloud-unavailable") isAnswering = true;
					else if (!isAnswering) down = error;
				}
			}
		};
		await Promise.all(Array.from({ length: AT_ONCE }, work));
	}

	async function one(id: string): Promise<Found | Error> {
		const answer = await api.get(`/servers/${id}`);
		if (answer !== undefined) {
			return serverOrError({ value: readOne(answer.value, answer.where).server, where: answer.where });
		}
		// The only way to another project's server for a user who may list all servers but is not an administrator.
		const [server, another] = await firstPage(api, "/servers/detail", "servers", onlyOne(id));
		if (server === undefined) return undefined;
		if (another === undefined && idOf(server) === id) return serverOrError(server);
		// Nova lists all servers if the user may not use the filter.
		const policy = "grant it servers:allow_all_filters, see docs/openstack.md";
		throw new GuestwireError("cloud-answer", `${server.where}: Nova ignores this user's filter "uuid": ${policy}`);
	}

	return { find: createBatch<Found>({ ask, none: undefined, share: 0 }), page };
}

/** The query for a listing of one server or none; a second one shows that the filter was ignored. */
export const onlyOne = (id: string): Query => [...ALL_PROJECTS, ["uuid", id], ["limit", "2"]];

export function idOf({ value, where }: Answered): string {
	const id = (value as { readonly id?: unknown } | null)?.id;
	if (typeof id === "string") return id;
	throw new GuestwireError("cloud-answer", `${where}: id must be text`);
}

/** A server that can't be read is an error for that server alone. */
export function serverOrError({ value, where }: Answered): ServerAnswer | Error {
	try {
		const { status } = value as { readonly status?: unknown };
		// All that Nova returns for a server whose cell is down (microversion 2.69) is its id, project and creation date.
		if (status === "UNKNOWN" && !Object.hasOwn(value as object, "addresses")) {
			throw new GuestwireError(
				"cloud-unavailable",
				`${where}: the server's cell is down, so Nova does not return its record now`,
			);
		}
		if (!Object.hasOwn(value as object, "OS-EXT-SRV-ATTR:user_data")) {
			const hidden = "the server's OS-EXT-SRV-ATTR members are hidden from this user";
			throw new GuestwireError("cloud-answer", `${where}: ${hidden}; grant it the role in docs/openstack.md`);
		}
		return readServer(value, where);
	} catch (error) {
		return error as Error;
	}
}

/** A server without the members that only show whether more calls are needed. */
export function serverFacts({
	"os-extended-volumes:volumes_attached": _,
	flavor,
	...server
}: ServerAnswer): ServerFacts {
	if (flavor === undefined) return server;
	const { extra_specs: _specs, ...facts } = flavor;
	return { ...server, flavor: facts };
}
