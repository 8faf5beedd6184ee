/** From the requests of a moment to what is stored. */
import type { LRUCache } from "lru-cache";
import type { HistoryBatch } from "../../store/history-store.ts";
import type { AnsweredRequest, RecordedRequest } from "./answered-request.ts";
import { addEvidence, type ClientEvidence, NO_EVIDENCE } from "./client.ts";
import { compressContent, type DigestOf, isDocumentPath, storableContent } from "./document-content.ts";
import { encodeRequests } from "./request-list.ts";

/** What is remembered between batches, to write less. All of it can be lost. */
export interface BatchMemory {
	readonly evidence: LRUCache<string, ClientEvidence>;
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

/** Characters of a user agent, a path or an id: guests choose their length. */
const MAX_TEXT = 200;
/** Characters of a refusal's detail. */
const MAX_DETAIL = 500;
/** Sources of refusals that one batch stores. */
const MAX_REFUSALS = 200;

/** @param requests in the order of their answers */
export function makeBatch(requests: readonly AnsweredRequest[], context: BatchContext): HistoryBatch {
	const known = Map.groupBy(requests, ({ instance, reason }) => (reason === "unknown-instance" ? undefined : instance));
	const refused = known.get(undefined) ?? [];
	known.delete(undefined);
	const parts = Array.from(known as Map<string, AnsweredRequest[]>, ([id, own]) => ofInstance(id, own, context));
	return {
		instances: parts.map(({ instance }) => instance),
		requests: parts.map(({ requests: row }) => row),
		documents: parts.flatMap(({ documents }) => documents),
		versions: parts.flatMap(({ versions }) => versions),
		refusals: refusalsOf(refused, context.node),
	};
}

function ofInstance(id: string, requests: readonly AnsweredRequest[], context: BatchContext) {
	const { memory, node, writer } = context;
	let evidence = memory.evidence.get(id) ?? NO_EVIDENCE;
	for (const { path, userAgent } of requests) evidence = addEvidence(evidence, path, userAgent);
	memory.evidence.set(id, evidence);
	const [first] = requests as readonly [AnsweredRequest];
	const last = requests.at(-1) ?? first;
	const { content, count } = encodeRequests(requests.map((request) => recorded(request, node)));
	return {
		instance: {
			...{ instance_id: id, first_at: first.at, last_at: last.at, last_status: last.status },
			...{ requests: requests.length, failures: requests.filter(({ status }) => status >= 500).length },
			...{ client: evidence.client ?? null, user_agent: short(last.userAgent), node },
		},
		requests: { instance_id: id, at: last.at, writer, count, content },
		...documentsOf(id, requests, context),
	};
}

function documentsOf(id: string, requests: readonly AnsweredRequest[], context: BatchContext) {
	const { digestOf, memory, node } = context;
	const documents = new Map<string, HistoryBatch["documents"][number]>();
	const versions = new Map<string, HistoryBatch["versions"][number]>();
	for (const { path, body, at, status, bytes, userAgent, listener } of requests) {
		if (path === undefined || body === undefined || path.length > MAX_TEXT || !isDocumentPath(path)) continue;
		const digest = digestOf(path, body);
		const answer = { digest, at, status, bytes, user_agent: short(userAgent), listener, node };
		documents.set(path, { instance_id: id, path, ...answer });
		const key = `${id} ${path}`;
		if (memory.versions.get(key) === digest) continue;
		const content = storableContent(path, body);
		if (content === undefined) continue;
		memory.versions.set(key, digest);
		const version = { instance_id: id, path, digest, first_at: at, last_at: at, content: compressContent(content) };
		versions.set(`${path} ${digest}`, version);
	}
	return { documents: [...documents.values()], versions: [...versions.values()] };
}

function recorded(request: AnsweredRequest, node: string): RecordedRequest {
	const { at, method, path = "", status, bytes, ms, userAgent, listener, reason = "" } = request;
	return {
		...{ at, method: short(method), path: short(path), status, bytes, ms, userAgent: short(userAgent) },
		...{ listener, node, reason },
	};
}

function refusalsOf(requests: readonly AnsweredRequest[], node: string): HistoryBatch["refusals"] {
	const refusals = new Map<string, HistoryBatch["refusals"][number]>();
	for (const {
		at,
		method,
		path = "",
		status,
		userAgent,
		listener,
		reason,
		detail = "",
		source = {},
		instance,
	} of requests) {
		// Listings are the same for everybody and identify nobody.
		if (reason === undefined) continue;
		const from = JSON.stringify({ ...source, ...(instance !== undefined && { instance }) }, (_, value) =>
			typeof value === "string" ? short(value) : value,
		);
		const key = `${from} ${reason} ${listener}`;
		const known = refusals.get(key);
		if (known === undefined && refusals.size >= MAX_REFUSALS) continue;
		const last = { method: short(method), path: short(path), status, userAgent: short(userAgent) };
		refusals.set(key, {
			...{ source: from, reason, listener, node, count: (known?.count ?? 0) + 1 },
			...{ first_at: known?.first_at ?? at, last_at: at },
			// A failure's detail is a stack trace, which the log has.
			content: JSON.stringify({ ...last, detail: reason === "failed" ? "" : detail.slice(0, MAX_DETAIL) }),
		});
	}
	return [...refusals.values()];
}

function short(text: string): string {
	return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}
