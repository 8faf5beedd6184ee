/** Nova's servers, their details and key pairs, read in bulk. https://docs.openstack.org/api-ref/compute/ */

import type { Answered } from "../api/api.ts";
import { createLimit } from "../api/limit.ts";
import { UUID } from "../api/uuid.ts";
import type { FoundResources, PageOptions, ResourcePage, RevisionPage } from "../remote-source.ts";
import type { Resource } from "../resource.ts";
import type { Nova } from "./nova.ts";
import {
	foundResources,
	loadAfter,
	markerAfter,
	type ReadRecord,
	recordId,
	sortRecords,
	throwIfDown,
	unreadable,
} from "./resources.ts";
import { createServerDetailsReader, type ServerDetailsReader } from "./server-details.ts";
import { CellDownError, type ServerAnswer, serverFacts, serverOrError } from "./servers.ts";

export type ComputeKind = "server" | "server_details" | "keypair";

/** `ResourceReader` for Nova's kinds. */
export interface ComputeResources {
	page(options: PageOptions): Promise<ResourcePage>;
	/**
	 * Servers as a detailed listing returns them: Nova's `updated` would not show another address or name of a network.
	 * Not shown are a key pair that was replaced, and of `server_details` shares, the tag of a NIC, and CPUs after a
	 * migration.
	 */
	revisionPage(options: PageOptions): Promise<RevisionPage>;
	/** `server_details` returns the servers too. */
	byId(kind: ComputeKind, ids: readonly string[]): Promise<FoundResources>;
}

/** Servers of listings whose details are read at a time: what a guest waits for must not queue behind a whole page of them. */
const LISTED_AT_ONCE = 4;

export function createComputeResources(nova: Nova): ComputeResources {
	const details = createServerDetailsReader(nova);
	const { listedServer, readServer, readKeypair } = createRecordReads(nova, details);
	const listPage = ({ marker, limit }: PageOptions) => loadAfter(marker, (from) => nova.servers.page(limit, from));

	return {
		async page(options) {
			const requestedAt = Date.now();
			const page = await listPage(options);
			const next = markerAfter(page);
			const records = await Promise.all(page.items.map((item) => listedServer(item, requestedAt)));
			return { ...sortRecords(records.flat()), ...(next !== undefined && { next }) };
		},
		async revisionPage(options) {
			const requestedAt = Date.now();
			const page = await listPage(options);
			const next = markerAfter(page);
			const revisions = await Promise.all(
				page.items.map(async (item) => {
					const server = serverOrError(item);
					if (server instanceof Error) return { id: recordId(item) };
					return { id: server.id, content: serverFacts(server), details: await details.shown(server) };
				}),
			);
			return { revisions, requestedAt, ...(next !== undefined && { next }) };
		},
		async byId(kind, ids) {
			const requestedAt = Date.now();
			const read = (id: string) => {
				if (kind === "keypair") return readKeypair(id, requestedAt);
				return UUID.test(id) ? readServer(kind, id, requestedAt) : [];
			};
			const results = await Promise.allSettled(ids.map(async (id) => read(id)));
			await throwUnlessAnswered(results, nova.probe);
			const records = results.flatMap((result, at) =>
				result.status === "fulfilled" ? result.value : [unreadable(kind, ids[at] ?? "", result.reason)],
			);
			return foundResources(kind, ids, records, requestedAt);
		},
	};
}

/** Reads the records of single resources: each is found, unreadable or, if it is gone, missing. */
function createRecordReads(nova: Nova, details: ServerDetailsReader) {
	const limitListed = createLimit(LISTED_AT_ONCE);

	async function readDetails(server: ServerAnswer, requestedAt: number): Promise<ReadRecord> {
		try {
			return [await details.load(server, requestedAt)];
		} catch (error) {
			return [unreadable("server_details", server.id, error)];
		}
	}

	/** A listed server with its details, unless these can't be read now: they are then missing, and may be read by id. */
	async function listedServer(item: Answered, requestedAt: number): Promise<ReadRecord> {
		const server = serverOrError(item);
		if (server instanceof Error) return [unreadable("server", recordId(item), server)];
		const record: Resource = { kind: "server", id: server.id, requestedAt, content: serverFacts(server) };
		const known = await details.atHand(server, requestedAt);
		if (known.length > 0) return [record, ...known];
		return [
			record,
			...(await limitListed(() => details.load(server, requestedAt)).then(
				(loaded) => [loaded],
				() => [],
			)),
		];
	}

	async function readServer(kind: ComputeKind, id: string, requestedAt: number): Promise<ReadRecord> {
		const server = await nova.servers.find(id);
		if (server === undefined) return [];
		const found = await (kind === "server" ? details.atHand : readDetails)(server, requestedAt);
		return [{ kind: "server", id, requestedAt, content: serverFacts(server) }, ...found];
	}

	async function readKeypair(id: string, requestedAt: number): Promise<ReadRecord> {
		const content = await nova.currentKeypair(id);
		return content === undefined ? [] : [{ kind: "keypair", id, requestedAt, content }];
	}

	return { listedServer, readServer, readKeypair };
}

/**
 * Without a single answer, Nova can't be reached, unless it answers something else. Otherwise, the failures are the servers'
 * own: Nova may answer 500 for one of them for ever.
 */
async function throwUnlessAnswered(
	results: readonly PromiseSettledResult<unknown>[],
	probe: () => Promise<unknown>,
): Promise<void> {
	const failures = results.filter((result) => result.status === "rejected").map(({ reason }) => reason);
	if (failures.length < results.length || failures.some((reason) => reason instanceof CellDownError)) return;
	const unavailable = failures.find(({ code }) => code === "cloud-unavailable");
	if (unavailable !== undefined) await throwIfDown(unavailable, probe);
}
