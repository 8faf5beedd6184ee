/** A service of the cloud: calls with a good token, whole listings, statuses told apart. */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { type Reader, reader } from "./answers.ts";
import { parseJson, type Session } from "./keystone.ts";
import { type Query, toSearch } from "./query.ts";
import { placeOf, type Reply, type Rest } from "./rest.ts";

/** An answer and the call that it was given to, for messages. */
export interface Answered {
	readonly value: unknown;
	readonly where: string;
}

export interface Api {
	/**
	 * What `GET path?query` answers; undefined for 404.
	 *
	 * @throws GuestwireError `cloud-unavailable`, `cloud-answer`
	 */
	get(path: string, query?: Query): Promise<Answered | undefined>;
	/**
	 * A listing page by page; nothing at all if the first one is a 404. Each member is still to be read; its `where` names
	 * it.
	 *
	 * @param collection the answer's member, `ports`
	 * @throws GuestwireError as `get`; `cloud-answer` for a further page that is a 404
	 */
	pages(path: string, collection: string, query?: Query): AsyncGenerator<readonly Answered[]>;
	/** All pages of a listing; undefined for 404. @throws GuestwireError as `pages` */
	list(path: string, collection: string, query?: Query): Promise<readonly Answered[] | undefined>;
	/** Bytes of a request line that every call to the path takes. */
	room(path: string): Promise<number>;
}

export interface ApiOptions {
	readonly session: Session;
	readonly rest: Rest;
	/** The URL that paths are appended to. */
	readonly base: () => Promise<string>;
	readonly headers?: () => Promise<Readonly<Record<string, string>>>;
}

const Links = Type.Array(Type.Object({ rel: Type.String(), href: Type.String() }), { default: [] });

export function createApi({ session, rest, base, headers = async () => ({}) }: ApiOptions): Api {
	/** A token that is refused may have been revoked: once, with a new one. */
	async function call(url: URL): Promise<Reply> {
		const more = await headers();
		for (let again = false; ; again = true) {
			const token = await session.token();
			const reply = await rest.call({ method: "GET", url, headers: { "x-auth-token": token.id, ...more } });
			if (reply.status !== 401) return reply;
			session.refuse(token);
			if (again) return reply;
		}
	}

	async function get(path: string, query: Query = []): Promise<Answered | undefined> {
		const url = new URL((await base()) + path);
		url.search = toSearch(query);
		const where = placeOf({ method: "GET", url });
		const reply = await call(url);
		if (reply.status === 404) return undefined;
		if (reply.status === 200) return { value: parseJson(reply, where), where };
		throw refusal(where, reply);
	}

	async function* pages(path: string, collection: string, query: Query = []): AsyncGenerator<readonly Answered[]> {
		const markers = new Set<string>();
		for (let marker: Query = []; ; ) {
			const answer = await get(path, [...query, ...marker]);
			if (answer === undefined && markers.size === 0) return;
			if (answer === undefined) throw notThere(`${path}, page ${markers.size + 1},`);
			const { items, next } = readPage(collection, answer);
			yield items;
			if (next === undefined) return;
			if (markers.has(next))
				throw new GuestwireError("cloud-answer", `${answer.where}: the next page was there before`);
			markers.add(next);
			marker = [["marker", next]];
		}
	}

	async function list(path: string, collection: string, query: Query = []): Promise<readonly Answered[] | undefined> {
		const all: Answered[][] = [];
		for await (const page of pages(path, collection, query)) all.push([...page]);
		return all.length === 0 ? undefined : all.flat();
	}

	return { get, pages, list, room: async (path) => new URL((await base()) + path).pathname.length + 1 };
}

/** The first page of a listing that every cloud has. @throws GuestwireError as `Api.get`; `cloud-answer` for 404 */
export async function firstPage(
	api: Api,
	path: string,
	collection: string,
	query: Query,
): Promise<readonly Answered[]> {
	for await (const page of api.pages(path, collection, query)) return page;
	throw notThere(path);
}

/** A 404 where every cloud has something: of a proxy, say, or of another service. */
export function notThere(path: string): GuestwireError {
	return new GuestwireError("cloud-answer", `${path} is not there (404): is the catalogue's endpoint right?`);
}

type Page = Readonly<Record<string, unknown>>;
const pageReaders = new Map<string, Reader<Page>>();

/** A page's members, and the marker of the next one (of the link, whose host may be a name from inside). */
function readPage(collection: string, { value, where }: Answered) {
	const links = `${collection}_links`;
	const schema = () => Type.Object({ [collection]: Type.Array(Type.Unknown()), [links]: Links });
	const read: Reader<Page> = pageReaders.get(collection) ?? reader(schema());
	pageReaders.set(collection, read);
	const page = read(value, where);
	const members = page[collection] as readonly unknown[];
	const items = members.map((item, at): Answered => ({ value: item, where: `${where}: ${collection}[${at}]` }));
	const next = (page[links] as Static<typeof Links>).find(({ rel }) => rel === "next");
	return { items, next: next && markerOf(next.href, where) };
}

function markerOf(href: string, where: string): string {
	const marker = URL.parse(href, "http://any")?.searchParams.get("marker");
	if (marker) return marker;
	throw new GuestwireError("cloud-answer", `${where}: the link to the next page has no marker`);
}

/** What an API that answers says no with. */
function refusal(where: string, { status }: Reply): GuestwireError {
	if (status === 401)
		return new GuestwireError(
			"cloud-unavailable",
			`${where}: answered 401 to a new token; is its own [keystone_authtoken] right?`,
		);
	if (status === 403)
		return new GuestwireError(
			"cloud-answer",
			`${where}: answered 403; the user lacks a role for it, see docs/openstack.md`,
		);
	return new GuestwireError("cloud-answer", `${where}: answered ${status}`);
}
