/** Nova's servers, one by one or by the page. https://docs.openstack.org/api-ref/compute/#servers-servers */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { ServerFacts } from "../../instance/facts.ts";
import { CHECK_SERVICE, reader } from "../api/answers.ts";
import { type Answered, type Api, firstPage, type ListingPage, notThere } from "../api/api.ts";
import { type Burst, createBatch, type Resolve } from "../api/batch.ts";
import type { Query } from "../api/query.ts";
import { createPageSize } from "./page-size.ts";
import { type DeliverPage, MANY, scanServers, WORTH_LISTING } from "./server-scan.ts";
import { createWantedServers, type FoundServer, type WantedServers } from "./wanted-servers.ts";

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

export const ALL_PROJECTS: Query = [["all_tenants", "1"]];

/** Servers asked for one by one at a time: as many as there are connections. */
const AT_ONCE = 8;

export interface Servers {
	/**
	 * Finds a server; undefined if there is none. Many that are wanted at the same moment are listed together. Servers
	 * missing from the listing are asked for one by one, and each fails on its own.
	 */
	find(id: string): Promise<FoundServer>;
	/**
	 * A page of all servers, the newest first, with as many as Nova lists in a short time. Look-ups that wait for one of
	 * them are answered from it.
	 *
	 * @param most the most to return
	 */
	page(most: number, marker: Query): Promise<ListingPage>;
}

/**
 * @param api sends a microversion
 * @param follows a burst of look-ups that lead to look-ups here
 */
export function createServers(api: Api, follows?: Burst): Servers {
	const wanted = createWantedServers();
	const pages = createPages(api, wanted);
	let scan: Promise<void> | undefined;

	async function ask(ids: readonly string[], resolve: Resolve<FoundServer>): Promise<ReadonlyMap<string, FoundServer>> {
		const results = ids.map((id) =>
			wanted.add(id).then(
				(found) => resolve(id, found),
				(error: Error) => resolve(id, error),
			),
		);
		// A few more that are wanted while many are listed would wait for the listing in Nova's own queue.
		const isListing = scan !== undefined && wanted.size >= MANY;
		// If the listing fails, the servers themselves may still be readable.
		if (ids.length >= WORTH_LISTING || isListing) await scanFor(ids).catch(() => {});
		await askOneByOne(api, ids, wanted);
		await Promise.all(results);
		return new Map();
	}

	/** One scan at a time: callers that arrive while it runs are served by its next pages, or by another scan. */
	async function scanFor(ids: readonly string[]): Promise<void> {
		const wasMany = scan !== undefined && wanted.size >= MANY;
		await scan;
		// Of many, those are left that it had passed already: they are anywhere.
		const left = wasMany ? MANY : WORTH_LISTING;
		if (ids.filter(wanted.has).length < left) return;
		scan ??= scanServers(wanted, pages.deliver).finally(() => {
			scan = undefined;
		});
		await scan;
	}

	return {
		find: createBatch<FoundServer>({ ask, none: undefined, share: 0, follows }),
		page: async (most, marker) => (await pages.load(most, marker)).found,
	};
}

/** Lists servers, and delivers those that are wanted. */
function createPages(api: Api, wanted: WantedServers) {
	const pageSize = createPageSize();

	async function load(most: number, query: Query) {
		const moment = wanted.moment();
		const list = async (limit: number) => {
			const found = await api.page("/servers/detail", "servers", [...ALL_PROJECTS, ["limit", `${limit}`], ...query]);
			if (found === undefined) throw notThere("/servers/detail");
			return found;
		};
		const found = await pageSize.measure(most, list, ({ items }) => items.length);
		let delivered = 0;
		for (const server of found.items) {
			const id = idOf(server);
			if (wanted.has(id) && wanted.deliver(id, serverOrError(server), moment)) delivered++;
		}
		return { found, delivered };
	}

	const deliver: DeliverPage = async (most, query) => {
		const { found, delivered } = await load(most, query);
		const last = found.items.at(-1);
		return { count: found.items.length, delivered, last: last && idOf(last), next: found.next };
	};

	return { load, deliver };
}

/** Asks for those that are still wanted. If Nova does not answer at all, a few are tried and the rest fail at once. */
async function askOneByOne(api: Api, ids: readonly string[], wanted: WantedServers): Promise<void> {
	const queue = ids.values();
	let isAnswering = false;
	let down: unknown;
	const work = async () => {
		for (const id of queue) {
			if (!wanted.has(id)) continue;
			const moment = wanted.moment();
			try {
				if (down) throw down;
				wanted.deliver(id, await loadOne(api, id), moment);
				isAnswering = true;
			} catch (error) {
				wanted.deliver(id, error as Error, moment);
				if ((error as GuestwireError).code !== "cloud-unavailable") isAnswering = true;
				else if (!isAnswering) down = error;
			}
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function loadOne(api: Api, id: string): Promise<FoundServer | Error> {
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

/** The query for a listing of one server or none; a second one shows that the filter was ignored. */
export const onlyOne = (id: string): Query => [...ALL_PROJECTS, ["uuid", id], ["limit", "2"]];

export function idOf({ value, where }: Answered): string {
	const id = (value as { readonly id?: unknown } | null)?.id;
	if (typeof id === "string") return id;
	throw new GuestwireError("cloud-answer", `${where}: id must be text: ${CHECK_SERVICE}`);
}

/** Nova answers, but not about this server. */
export class CellDownError extends GuestwireError {
	constructor(where: string) {
		super("cloud-unavailable", `${where}: the server's cell is down, so Nova can't return its record: check the cell`);
	}
}

/** A server that can't be read is an error for that server alone. */
export function serverOrError({ value, where }: Answered): ServerAnswer | Error {
	try {
		const { status } = value as { readonly status?: unknown };
		// All that Nova returns for a server whose cell is down (microversion 2.69) is its id, project and creation date.
		if (status === "UNKNOWN" && !Object.hasOwn(value as object, "addresses")) {
			throw new CellDownError(where);
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
