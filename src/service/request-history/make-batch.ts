/** From the requests of a moment to what is stored. */

import type { LRUCache } from "lru-cache";
import { getOrInsert } from "../../get-or-insert.ts";
import { inTurns } from "../../in-turns.ts";
import type { HistoryBatch } from "../../store/history-store.ts";
import { SAME_BOOT } from "../../store/history-write.ts";
import { startWorkTurn } from "../../work-turn.ts";
import { type AnsweredRequest, peerOf, type RecordedRequest } from "./answered-request.ts";
import { addEvidence, type ClientEvidence, NO_EVIDENCE } from "./client.ts";
import { compressContent, type DigestOf, isDocumentPath, storableContent } from "./document-content.ts";
import { latestRequests, type Pending, type PendingInstance } from "./pending.ts";
import { encodeRequests } from "./request-list.ts";
import { MAX_TEXT } from "./shorten.ts";

/** What is remembered between batches, to write less. All of it can be lost. */
export interface BatchMemory {
	/** What this process has seen of each guest's last boot, and when it last asked. */
	readonly evidence: LRUCache<string, ClientEvidence & { readonly at: number }>;
	/** The digest of the last stored version, by instance and path. */
	readonly versions: LRUCache<string, string>;
}

export interface BatchContext {
	readonly node: string;
	/** Unique among the processes that share the state. */
	readonly writer: string;
	readonly digestOf: DigestOf;
	readonly memory: BatchMemory;
}

/** Sources of refusals that one batch stores, those of each peer in turn. */
const MAX_REFUSALS = 200;

export async function makeBatch({ instances, refused }: Pending, context: BatchContext): Promise<HistoryBatch> {
	const parts: Awaited<ReturnType<typeof ofInstance>>[] = [];
	// Thousands of guests may have asked since the last batch.
	const turn = startWorkTurn();
	for (const [id, pending] of instances) {
		parts.push(await ofInstance(id, pending, context));
		if (turn.isOver()) await turn.next();
	}
	return {
		instances: parts.map(({ instance }) => instance),
		requests: parts.map(({ requests }) => requests),
		documents: parts.flatMap(({ documents }) => documents),
		absent: parts.flatMap(({ absent }) => absent),
		versions: await compressed(parts.flatMap(({ versions }) => versions)),
		refusals: refusalsOf(refused, context.node),
	};
}

/** Documents that are compressed at a time. */
const AT_ONCE = 32;

async function compressed(versions: HistoryBatch["versions"]): Promise<HistoryBatch["versions"]> {
	const all: HistoryBatch["versions"][number][] = [];
	for (let at = 0; at < versions.length; at += AT_ONCE) {
		const some = versions.slice(at, at + AT_ONCE);
		const compress = async (one: (typeof some)[number]) => ({ ...one, content: await compressContent(one.content) });
		all.push(...(await Promise.all(some.map(compress))));
	}
	return all;
}

async function ofInstance(id: string, pending: PendingInstance, context: BatchContext) {
	const { memory, node, writer } = context;
	const { firstAt, last, requests, failures } = pending;
	const latest = latestRequests(pending);
	const known = memory.evidence.get(id);
	let evidence = known === undefined || firstAt > known.at + SAME_BOOT ? NO_EVIDENCE : known;
	// A guest may have requested more documents than there are latest requests.
	for (const { path, userAgent } of pending.documents.values()) evidence = addEvidence(evidence, path, userAgent);
	for (const { path, userAgent } of latest) evidence = addEvidence(evidence, path, userAgent);
	memory.evidence.set(id, { ...evidence, at: last.at });
	const { content, count } = encodeRequests(latest.map((request) => recorded(request, node)));
	return {
		instance: {
			...{ instance_id: id, first_at: firstAt, last_at: last.at, last_status: last.status, requests, failures },
			...{ client_traits: evidence.traits, client_certainty: evidence.certainty },
			...{ client: evidence.client ?? null, user_agent: last.userAgent, node },
		},
		requests: { instance_id: id, at: last.at, writer, count, content },
		...(await documentsOf(id, pending, context)),
		absent: absentOf(id, latest, node),
	};
}

async function documentsOf(id: string, pending: PendingInstance, { digestOf, memory, node }: BatchContext) {
	const documents: HistoryBatch["documents"][number][] = [];
	const versions: HistoryBatch["versions"][number][] = [];
	for (const [path, request] of pending.documents) {
		const { at, body } = request;
		if (body === undefined || !isStoredPath(path)) continue;
		const digest = await digestOf(path, body);
		documents.push(lastAnswer(id, path, digest, request, node));
		const key = `${id} ${path}`;
		if (memory.versions.get(key) === digest) continue;
		const content = storableContent(path, body);
		if (content === undefined) continue;
		memory.versions.set(key, digest);
		// Not compressed yet.
		versions.push({ instance_id: id, path, digest, first_at: at, last_at: at, content });
	}
	return { documents, versions };
}

/** The documents that the guest requested last when there were none. */
function absentOf(id: string, latest: readonly AnsweredRequest[], node: string): HistoryBatch["absent"] {
	const absent = new Map<string, AnsweredRequest>();
	for (const request of latest) {
		const { method, path, status, reason } = request;
		if (path === undefined || method !== "GET") continue;
		if (status === 200) absent.delete(path);
		else if (reason === "unknown-path" && isStoredPath(path)) absent.set(path, request);
	}
	return Array.from(absent, ([path, request]) => lastAnswer(id, path, "", request, node));
}

/** A longer path was cut at the limit. */
function isStoredPath(path: string): boolean {
	return path.length < MAX_TEXT && isDocumentPath(path);
}

function lastAnswer(id: string, path: string, digest: string, request: AnsweredRequest, node: string) {
	const { at, status, bytes, userAgent, listener } = request;
	return { instance_id: id, path, digest, at, status, bytes, user_agent: userAgent, listener, node };
}

function recorded(request: AnsweredRequest, node: string): RecordedRequest {
	const { at, method, path = "", status, bytes, ms, userAgent, listener, reason = "" } = request;
	return { at, method, path, status, bytes, ms, userAgent, listener, node, reason };
}

/** One source's requests. */
interface Refused {
	readonly from: string;
	readonly reason: string;
	readonly firstAt: number;
	last: AnsweredRequest;
	count: number;
}

function refusalsOf(requests: readonly AnsweredRequest[], node: string): HistoryBatch["refusals"] {
	const found = new Map<string, Refused>();
	for (const request of requests) {
		const { at, reason, listener, source, instance } = request;
		// Listings are the same for every client, so they identify none.
		if (reason === undefined) continue;
		const from = JSON.stringify({ ...source, ...(instance !== undefined && { instance }) });
		const first = { from, reason, firstAt: at, last: request, count: 0 };
		const known = getOrInsert(found, `${from} ${reason} ${listener}`, (): Refused => first);
		known.last = request;
		known.count++;
	}
	const all = inTurns(found.values(), ({ last }) => peerOf(last.source));
	return all.slice(0, MAX_REFUSALS).map((refused) => refusalOf(refused, node));
}

function refusalOf({ from, reason, firstAt, last, count }: Refused, node: string): HistoryBatch["refusals"][number] {
	const { at, method, path = "", status, userAgent, listener, detail = "" } = last;
	return {
		...{ source: from, reason, listener, node, count, first_at: firstAt, last_at: at },
		content: JSON.stringify({ method, path, status, userAgent, detail }),
	};
}
