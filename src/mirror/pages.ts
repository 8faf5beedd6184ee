/** Reads of a whole kind, page by page, where they don't hold up the event loop. */

import type { Resource, ResourceKind } from "../source/resource.ts";
import type { StateDatabase } from "../store/database.ts";
import type { Revision } from "./mirror-store.ts";
import { type ResourceRow, resourceOf } from "./queries.ts";

const REVISIONS_PER_PAGE = 10_000;
const RESOURCES_PER_PAGE = 1000;

export async function* revisionPages(state: StateDatabase, kind: ResourceKind): AsyncGenerator<readonly Revision[]> {
	const page = (after: string) =>
		state.write((database) =>
			database
				.selectFrom("mirror_resources")
				.select(["id", "revision", "requested_at"])
				.where("kind", "=", kind)
				.where("id", ">", after)
				.where("content", "is not", null)
				.orderBy("id")
				.limit(REVISIONS_PER_PAGE)
				.execute(),
		);
	for await (const rows of pages(page, REVISIONS_PER_PAGE)) {
		yield rows.map(({ id, revision, requested_at: requestedAt }) =>
			revision === null ? { id, requestedAt } : { id, revision, requestedAt },
		);
	}
}

export async function* scanPages<Kind extends ResourceKind>(
	state: StateDatabase,
	kind: Kind,
): AsyncGenerator<readonly Resource<Kind>[]> {
	const page = (after: string): Promise<ResourceRow[]> =>
		state.write((database) =>
			database
				.selectFrom("mirror_resources")
				.select(["kind", "id", "revision", "requested_at", "content"])
				.where("kind", "=", kind)
				.where("id", ">", after)
				.where("content", "is not", null)
				.orderBy("id")
				.limit(RESOURCES_PER_PAGE)
				.execute(),
		);
	for await (const rows of pages(page, RESOURCES_PER_PAGE)) yield rows.map(resourceOf) as Resource<Kind>[];
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
