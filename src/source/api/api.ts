/** A service of the cloud: authorized calls, complete listings, statuses mapped to errors. */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { CHECK_SERVICE, type Reader, reader } from "./answers.ts";
import { parseJson } from "./keystone.ts";
import { type Query, toSearch } from "./query.ts";
import { type Authorization, describeCall, type Reply, type Rest } from "./rest.ts";

/** An answer, and the call it belongs to for messages. */
export interface Answered {
	readonly value: unknown;
	readonly where: string;
}

/** A page's marker may be deleted before the next page is read: then one of this many last records marks the page. */
export const PAGE_MARKERS = 3;

/** One page of a listing. */
export interface ListingPage {
	/** Not validated yet; their `where` names them. */
	readonly items: readonly Answered[];
	/** The marker of the next page. */
	readonly next: string | undefined;
	/** The call, for messages. */
	readonly where: string;
}

export interface Api {
	/**
	 * The answer to `GET path?query`; undefined for 404.
	 *
	 * @throws GuestwireError `cloud-unavailable`, `cloud-answer`
	 */
	get(path: string, query?: Query): Promise<Answered | undefined>;
	/** One page of a listing; undefined for 404. @throws GuestwireError as `get` */
	page(path: string, collection: string, query?: Query): Promise<ListingPage | undefined>;
	/**
	 * A listing, page by page; no page if the first one is a 404. The members are not validated yet; their `where` names
	 * them.
	 *
	 * @param collection the member of the answer, such as `ports`
	 * @throws GuestwireError as `get`; `cloud-answer` for a further page that is a 404
	 */
	pages(path: string, collection: string, query?: Query): AsyncGenerator<readonly Answered[]>;
	/** All pages of a listing; undefined for 404. @throws GuestwireError as `pages` */
	list(path: string, collection: string, query?: Query): Promise<readonly Answered[] | undefined>;
	/** Bytes of a request line that any call to the path takes. */
	room(path: string): Promise<number>;
}

/** The cause of the error for a 403 of Neutron and Nova. */
export const FORBIDDEN = Symbol("forbidden");

export interface ApiOptions {
	readonly authorize: () => Promise<Authorization>;
	readonly rest: Rest;
	/** The URL that paths are appended to. */
	readonly base: () => Promise<string>;
	readonly headers?: () => Promise<Readonly<Record<string, string>>>;
	/** The error for a status other than 200 and 404. Default: one for Neutron and Nova. */
	readonly refusal?: (where: string, reply: Reply) => GuestwireError;
}

const Links = Type.Array(Type.Object({ rel: Type.String(), href: Type.String() }), { default: [] });

export function createApi(options: ApiOptions): Api {
	const { base, refusal = refusalByOpenStack } = options;

	async function get(path: string, query: Query = []): Promise<Answered | undefined> {
		const url = new URL((await base()) + path);
		url.search = toSearch(query);
		const where = describeCall({ method: "GET", url });
		const reply = await call(url, options);
		if (reply.status === 404) return undefined;
		if (reply.status === 200) return { value: parseJson(reply, where), where };
		throw refusal(where, reply);
	}

	async function page(path: string, collection: string, query: Query = []): Promise<ListingPage | undefined> {
		const answer = await get(path, query);
		return answer && readPage(collection, answer);
	}

	async function* pages(path: string, collection: string, query: Query = []): AsyncGenerator<readonly Answered[]> {
		const markers = new Set<string>();
		for (let marker: Query = []; ; ) {
			const found = await page(path, collection, [...query, ...marker]);
			if (found === undefined && markers.size === 0) return;
			if (found === undefined) throw notThere(`${path}, page ${markers.size + 1},`);
			const { items, next, where } = found;
			yield items;
			if (next === undefined) return;
			if (markers.has(next))
				throw new GuestwireError(
					"cloud-answer",
					`${where}: the listing links back to a page that was already read: ${CHECK_SERVICE}`,
				);
			markers.add(next);
			marker = [["marker", next]];
		}
	}

	async function list(path: string, collection: string, query: Query = []): Promise<readonly Answered[] | undefined> {
		const all: Answered[][] = [];
		for await (const page of pages(path, collection, query)) all.push([...page]);
		return all.length === 0 ? undefined : all.flat();
	}

	return { get, page, pages, list, room: async (path) => new URL((await base()) + path).pathname.length + 1 };
}

/** A refused token may have been revoked: tries once more with a new one. */
async function call(url: URL, { authorize, rest, headers }: ApiOptions): Promise<Reply> {
	const more = await headers?.();
	for (let again = false; ; again = true) {
		const { headers: own, refuse } = await authorize();
		const reply = await rest.call({ method: "GET", url, headers: { ...own, ...more } });
		if (reply.status !== 401 || refuse === undefined) return reply;
		refuse();
		if (again) return reply;
	}
}

/** The first page of a listing that exists in every cloud. @throws GuestwireError as `Api.get`; `cloud-answer` for 404 */
export async function firstPage(
	api: Api,
	path: string,
	collection: string,
	query: Query,
): Promise<readonly Answered[]> {
	for await (const page of api.pages(path, collection, query)) return page;
	throw notThere(path);
}

/** The error for a 404 where every cloud has something: it comes from a proxy, say, or from another service. */
export function notThere(path: string): GuestwireError {
	return new GuestwireError("cloud-answer", `${path} does not exist (404): check the endpoint in the catalogue`);
}

type Page = Readonly<Record<string, unknown>>;
const pageReaders = new Map<string, Reader<Page>>();

/** A page's members, and the marker of the next page (from the link, whose host may be an internal name). */
function readPage(collection: string, { value, where }: Answered): ListingPage {
	const links = `${collection}_links`;
	const schema = () => Type.Object({ [collection]: Type.Array(Type.Unknown()), [links]: Links });
	const read: Reader<Page> = pageReaders.get(collection) ?? reader(schema());
	pageReaders.set(collection, read);
	const page = read(value, where);
	const members = page[collection] as readonly unknown[];
	const items = members.map((item, at): Answered => ({ value: item, where: `${where}: ${collection}[${at}]` }));
	const next = (page[links] as Static<typeof Links>).find(({ rel }) => rel === "next");
	return { items, next: next && markerOf(next.href, where), where };
}

function markerOf(href: string, where: string): string {
	const marker = URL.parse(href, "http://any")?.searchParams.get("marker");
	if (marker) return marker;
	throw new GuestwireError("cloud-answer", `${where}: the link to the next page has no marker: ${CHECK_SERVICE}`);
}

/** The error for a status that refuses the call. */
function refusalByOpenStack(where: string, { status }: Reply): GuestwireError {
	if (status === 401)
		return new GuestwireError(
			"cloud-unavailable",
			`${where}: answered 401 to a new token; check [keystone_authtoken] in the service's own configuration`,
		);
	if (status === 403)
		return new GuestwireError("cloud-answer", `${where}: answered 403; grant the user the role in docs/openstack.md`, {
			cause: FORBIDDEN,
		});
	return new GuestwireError("cloud-answer", `${where}: answered ${status}; see the service's log`);
}
