/** Reads of a whole kind, page by page, where they don't hold up the event loop. */
import type { Kysely } from "kysely";
import type { Resource, ResourceKind } from "../source/resource.ts";
import type { InstanceSummary } from "../source/source.ts";
import type { StateDatabase, StateTables } from "../store/database.ts";
import { startWorkTurn } from "../work-turn.ts";
import type { KnownTimes } from "./known-times.ts";
import type { Revision } from "./mirror-store.ts";
import { type ResourceRow, resourceOf } from "./queries.ts";

const REVISIONS_PER_PAGE = 10_000;
const SERVERS_PER_PAGE = 1000;
/** A server may have 64 KiB of user data and as much metadata: a page has some megabytes at most. */
const RESOURCES_PER_PAGE = 50;

export async function* revisionPages(
	state: StateDatabase,
	kind: ResourceKind,
	times: KnownTimes,
): AsyncGenerator<readonly Revision[]> {
	const page = (after: string) =>
		state.write((database) =>
			rowsAfter(database, kind, after, REVISIONS_PER_PAGE).select(["id", "revision", "requested_at"]).execute(),
		);
	for await (const rows of pages(page, REVISIONS_PER_PAGE)) {
		yield rows.map(({ id, revision, requested_at }) => {
			const requestedAt = times.of(requested_at);
			return revision === null ? { id, requestedAt } : { id, revision, requestedAt };
		});
	}
}

/** Only the members that are needed: user data alone may be 64 KiB for each server. */
export async function* serverPages(state: StateDatabase): AsyncGenerator<readonly InstanceSummary[]> {
	const name = state.memberOf("content", "name").as("name");
	const project = state.memberOf("content", "tenant_id").as("project");
	const page = (after: string) =>
		state.write((database) =>
			rowsAfter(database, "server", after, SERVERS_PER_PAGE).select(["id", name, project]).execute(),
		);
	for await (const rows of pages(page, SERVERS_PER_PAGE)) {
		yield rows.map(({ id, name, project }) => ({
			...{ id, name: name ?? "" },
			...(project !== null && { projectId: project }),
		}));
	}
}

export async function* scanPages<Kind extends ResourceKind>(
	state: StateDatabase,
	kind: Kind,
	times: KnownTimes,
): AsyncGenerator<readonly Resource<Kind>[]> {
	const page = (after: string): Promise<ResourceRow[]> =>
		state.write((database) =>
			rowsAfter(database, kind, after, RESOURCES_PER_PAGE)
				.select(["kind", "id", "revision", "requested_at", "content"])
				.execute(),
		);
	const turn = startWorkTurn();
	for await (const rows of pages(page, RESOURCES_PER_PAGE)) {
		const resources: Resource[] = [];
		for (const row of rows) {
			if (turn.isOver()) await turn.next();
			resources.push(resourceOf(row, times));
		}
		yield resources as Resource<Kind>[];
	}
}

function rowsAfter(database: Kysely<StateTables>, kind: ResourceKind, after: string, limit: number) {
	return database
		.selectFrom("mirror_resources")
		.where("kind", "=", kind)
		.where("id", ">", after)
		.where("content", "is not", null)
		.orderBy("id")
		.limit(limit);
}

/** @param page reads the rows after an id, and fewer than `size` only at the end */
async function* pages<Row extends { readonly id: string }>(
	page: (after: string) => Promise<readonly Row[]>,
	size: number,
): AsyncGenerator<readonly Row[]> {
	let after = "";
	for (;;) {
		const rows = await page(after);
		if (rows.length > 0) yield rows;
		if (rows.length < size) return;
		after = rows.at(-1)?.id ?? "";
	}
}
