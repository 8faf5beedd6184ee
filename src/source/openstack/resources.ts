/** What the reading of Neutron's and of Nova's resources have in common. */
import { GuestwireError } from "../../errors.ts";
import { type Answered, type ListingPage, PAGE_MARKERS } from "../api/api.ts";
import type { Query } from "../api/query.ts";
import type { FoundResources, ResourcePage, UnreadableResource } from "../remote-source.ts";
import type { Resource, ResourceKind } from "../resource.ts";

/** One record of an answer: what can be read of it. */
export type ReadRecord = readonly (Resource | UnreadableResource)[];

const isResource = (one: Resource | UnreadableResource): one is Resource => "content" in one;

export function sortRecords(records: ReadRecord): Pick<ResourcePage, "resources" | "unreadable"> {
	const unreadable = records.filter((one): one is UnreadableResource => !isResource(one));
	return { resources: records.filter(isResource), unreadable };
}

/** The result for ids of which some were found, with the resources that came with them. */
export function foundResources(
	kind: ResourceKind,
	ids: readonly string[],
	records: ReadRecord,
	requestedAt: number,
): FoundResources {
	const found = new Set(records.flatMap((one) => (one.kind === kind ? one.id : [])));
	return { ...sortRecords(records), gone: ids.filter((id) => !found.has(id)), requestedAt };
}

/** @param error that reading the record failed with @throws the error, if it is not a `GuestwireError` */
export function unreadable(kind: ResourceKind, id: string, error: unknown): UnreadableResource {
	if (error instanceof GuestwireError) return { kind, id, reason: error.message };
	throw error;
}

/**
 * Tells an API that is down from one that fails for some resources.
 *
 * @param probe asks the API for something small
 * @throws the error if that fails too
 */
export async function throwIfDown(error: unknown, probe: () => Promise<unknown>): Promise<void> {
	await probe().catch(() => {
		throw error;
	});
}

/** A record's id, as far as it has one. */
export function recordId({ value }: Answered): string {
	const id = (value as { readonly id?: unknown } | null)?.id;
	return typeof id === "string" ? id : "unknown";
}

/** What marks the page after this one. */
export function markerAfter({ items, next }: ListingPage): string | undefined {
	if (next === undefined) return undefined;
	const others = items.slice(-PAGE_MARKERS).map(recordId).reverse();
	return [...new Set([next, ...others])].join(",");
}

/** Loads the page after a marker. The APIs reject a marker that was deleted; then the member before it marks the page. */
export async function loadAfter<Page>(
	marker: string | undefined,
	load: (query: Query) => Promise<Page>,
): Promise<Page> {
	const markers = marker?.split(",") ?? [];
	for (const [at, id] of markers.entries()) {
		try {
			return await load([["marker", id]]);
		} catch (error) {
			const { code } = error as GuestwireError;
			if (code !== "cloud-answer" || at === markers.length - 1) throw error;
		}
	}
	return load([]);
}
