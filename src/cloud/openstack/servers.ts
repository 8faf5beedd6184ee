/** Nova's servers, one by one or by the page. https://docs.openstack.org/api-ref/compute/#servers-servers */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { ServerFacts } from "../../instance/facts.ts";
import { reader } from "./answers.ts";
import type { Answered, Api } from "./api.ts";
import { createBatch, shared } from "./batch.ts";
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

type Found = Map<string, ServerAnswer | Error>;

/**
 * Finds a server; undefined: there is none. Many that are wanted at the same moment are listed together: the filters of
 * a listing take one id only.
 *
 * @param api speaks a microversion
 * @param share milliseconds for which a server that was found is not asked for again
 */
export function createServers(api: Api, share: number): (id: string) => Promise<ServerAnswer | undefined> {
	async function ask(ids: readonly string[]): Promise<Found> {
		const found: Found = new Map();
		if (ids.length >= WORTH_LISTING) await list(ids, found);
		await Promise.all(ids.filter((id) => !found.has(id)).map((id) => one(id, found)));
		return found;
	}

	/**
	 * The newest first, as a crowd that boots is, with a few that don't ask yet; on to the next page as long as pages have
	 * enough of those wanted.
	 */
	async function list(ids: readonly string[], found: Found): Promise<void> {
		const wanted = new Set(ids);
		const limit = Math.min(500, Math.max(100, Math.ceil(1.1 * ids.length)));
		for await (const page of api.pages("/servers/detail", "servers", [...ALL_PROJECTS, ["limit", `${limit}`]])) {
			const before = wanted.size;
			for (const answer of page) {
				const id = idOf(answer);
				if (wanted.delete(id)) found.set(id, serverOrError(answer));
			}
			if (wanted.size < WORTH_LISTING || before - wanted.size < page.length * LISTED_COST) return;
		}
	}

	async function one(id: string, found: Found): Promise<void> {
		const answer = await api.get(`/servers/${id}`);
		if (answer !== undefined) {
			found.set(id, serverOrError({ value: readOne(answer.value, answer.where).server, where: answer.where }));
			return;
		}
		// Who is no administrator, but may list all projects' servers, finds another project's server only like this.
		const listed = await api.list("/servers/detail", "servers", [...ALL_PROJECTS, ["uuid", id]]);
		for (const server of listed ?? []) found.set(id, serverOrError(server));
	}

	const find = createBatch<ServerAnswer | undefined>({ ask, none: undefined, share: 0 });
	// A guest asks for the documents of its record, then for others: one look-up for both.
	return shared(find, share, (server) => server !== undefined);
}

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
