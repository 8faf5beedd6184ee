/** Nova's servers, one by one or by the page. https://docs.openstack.org/api-ref/compute/#servers-servers */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { ServerFacts } from "../../instance/facts.ts";
import { reader } from "./answers.ts";
import { type Answered, type Api, firstPage } from "./api.ts";
import { createBatch, type Resolve, waitAtMost } from "./batch.ts";
import type { Query } from "./query.ts";
import { type Shared, shared } from "./shared.ts";

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

/** A page that takes longer is given up: while one of Nova's cells hangs, all pages do. Milliseconds. */
const SLOW_PAGE = 5000;
/** Servers asked for one by one at a time: as many as there are connections. */
const AT_ONCE = 8;

type Found = ServerAnswer | undefined;

/**
 * Finds a server; undefined if there is none. Many that are wanted at the same moment are listed together, without a
 * filter, since Nova's listing filters by one id only. Servers missing from the listing are asked for one by one, and
 * each fails on its own.
 *
 * @param api sends a microversion
 * @param share milliseconds for which a server that was found is not asked for again
 */
export function createServers(api: Api, share: number): Shared<Found> {
	async function ask(ids: readonly string[], resolve: Resolve<Found>): Promise<ReadonlyMap<string, Found>> {
		const wanted = new Set(ids);
		const answer: Resolve<Found> = (id, found) => void (wanted.delete(id) && resolve(id, found));
		// If the listing fails, the servers themselves may still be readable.
		if (ids.length >= WORTH_LISTING) await list(wanted, answer).catch(() => {});
		await askOneByOne([...wanted], answer);
		return new Map();
	}

	/**
	 * Newest first: servers that boot together stand together, with a few that do not ask yet. Continues as long as a page
	 * has enough of the wanted servers.
	 */
	async function list(wanted: ReadonlySet<string>, answer: Resolve<Found>): Promise<void> {
		const limit = Math.min(500, Math.max(100, Math.ceil(1.1 * wanted.size)));
		const pages = api.pages("/servers/detail", "servers", [...ALL_PROJECTS, ["limit", `${limit}`]]);
		for (;;) {
			const before = wanted.size;
			const page = await Promise.race([pages.next(), waitAtMost(SLOW_PAGE)]);
			if (page === undefined || page.done) return;
			for (const server of page.value) {
				const id = idOf(server);
				if (wanted.has(id)) answer(id, serverOrError(server));
			}
			if (wanted.size < WORTH_LISTING || before - wanted.size < page.value.length * LISTED_COST) return;
		}
	}

	/** If Nova does not answer at all, a few servers are tried and the rest fail at once. */
	async function askOneByOne(ids: readonly string[], answer: Resolve<Found>): Promise<void> {
		const queue = ids.values();
		let isAnswering = false;
		let down: unknown;
		const work = async () => {
			for (const id of queue) {
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

	const find = createBatch<Found>({ ask, none: undefined, share: 0 });
	// A guest asks for one document after the other: one look-up serves several.
	return shared(find, share, (server) => server !== undefined);
}

/** The query for a listing of one server or none; a second one shows that the filter was ignored. */
export const onlyOne = (id: string): Query => [...ALL_PROJECTS, ["uuid", id], ["limit", "2"]];

function idOf({ value, where }: Answered): string {
	const id = (value as { readonly id?: unknown } | null)?.id;
	if (typeof id === "string") return id;
	throw new GuestwireError("cloud-answer", `${where}: id must be text`);
}

/** A server that can't be read is an error for that server alone. */
function serverOrError({ value, where }: Answered): ServerAnswer | Error {
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
