/** Nova's servers, one by one or by the page. https://docs.openstack.org/api-ref/compute/#servers-servers */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { ServerFacts } from "../../instance/facts.ts";
import { reader } from "./answers.ts";
import { type Answered, type Api, firstPage } from "./api.ts";
import { createBatch, shared, type Tell, waitAtMost } from "./batch.ts";
import type { Query } from "./query.ts";

/** A server, with what tells whether more is worth asking for. */
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

/** From so many servers on, listing may be cheaper than asking for each. */
const WORTH_LISTING = 16;
/** What a listed server costs beside one asked for by itself: 5 ms and 80 ms were seen. */
const LISTED_COST = 1 / 16;

const ALL_PROJECTS: Query = [["all_tenants", "1"]];

/** A page that takes longer is not waited for: in one of Nova's cells that hangs, all pages do. Milliseconds. */
const SLOW_PAGE = 5000;
/** Servers that are asked for singly at a time: as many as there are connections. */
const AT_ONCE = 8;

type Found = ServerAnswer | undefined;

/**
 * Finds a server; undefined: there is none. Many that are wanted at the same moment are listed together: the filters of
 * a listing take one id only. What can't be listed is asked for singly, and fails alone.
 *
 * @param api speaks a microversion
 * @param share milliseconds for which a server that was found is not asked for again
 */
export function createServers(api: Api, share: number): (id: string) => Promise<Found> {
	async function ask(ids: readonly string[], tell: Tell<Found>): Promise<ReadonlyMap<string, Found>> {
		const wanted = new Set(ids);
		const answer: Tell<Found> = (id, found) => void (wanted.delete(id) && tell(id, found));
		// Whatever is wrong with the listing, it may not be with the servers.
		if (ids.length >= WORTH_LISTING) await list(wanted, answer).catch(() => {});
		await singly([...wanted], answer);
		return new Map();
	}

	/**
	 * The newest first, as a crowd that boots is, with a few that don't ask yet; on to the next page as long as pages have
	 * enough of those wanted.
	 */
	async function list(wanted: ReadonlySet<string>, answer: Tell<Found>): Promise<void> {
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

	/** While Nova answers nothing at all, a few are asked for in vain and the others not. */
	async function singly(ids: readonly string[], answer: Tell<Found>): Promise<void> {
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
		// Who is no administrator, but may list all projects' servers, finds another project's server only like this.
		const [server, another] = await firstPage(api, "/servers/detail", "servers", onlyOne(id));
		if (server === undefined) return undefined;
		if (another === undefined && idOf(server) === id) return serverOrError(server);
		// To who may not filter by it, Nova lists all servers instead.
		const policy = "give it servers:allow_all_filters, see docs/openstack.md";
		throw new GuestwireError("cloud-answer", `${server.where}: Nova ignores this user's filter "uuid": ${policy}`);
	}

	const find = createBatch<Found>({ ask, none: undefined, share: 0 });
	// A guest asks for the documents of its record, then for others: one look-up for both.
	return shared(find, share, (server) => server !== undefined);
}

/** The filter of a listing that has one server or none; two are enough to see that it isn't filtered. */
export const onlyOne = (id: string): Query => [...ALL_PROJECTS, ["uuid", id], ["limit", "2"]];

function idOf({ value, where }: Answered): string {
	const id = (value as { readonly id?: unknown } | null)?.id;
	if (typeof id === "string") return id;
	throw new GuestwireError("cloud-answer", `${where}: id must be text`);
}

/** One server that can't be read is no reason to have none. */
function serverOrError({ value, where }: Answered): ServerAnswer | Error {
	try {
		const { status } = value as { readonly status?: unknown };
		// What is left of a server whose cell can't be reached (microversion 2.69): its id, project and creation date.
		if (status === "UNKNOWN" && !Object.hasOwn(value as object, "addresses")) {
			throw new GuestwireError("cloud-unavailable", `${where}: the server's cell is down: Nova can't tell it now`);
		}
		if (!Object.hasOwn(value as object, "OS-EXT-SRV-ATTR:user_data")) {
			const hidden = "the server's OS-EXT-SRV-ATTR members are hidden from this user";
			throw new GuestwireError("cloud-answer", `${where}: ${hidden}; give it the role that docs/openstack.md names`);
		}
		return readServer(value, where);
	} catch (error) {
		return error as Error;
	}
}
