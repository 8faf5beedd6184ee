/**
 * The requests that wait to be written. Adding one is a few counters, and the memory is bounded however often a guest
 * asks: an instance keeps its latest requests and its last answer for each document.
 */
import { type AnsweredRequest, peerOf } from "./answered-request.ts";
import { MAX_REQUESTS } from "./request-list.ts";
import { shortened } from "./shorten.ts";

export interface PendingInstance {
	firstAt: number;
	last: AnsweredRequest;
	requests: number;
	failures: number;
	/** The latest requests, without bodies: once there are `MAX_REQUESTS`, each new one takes the place of the oldest. */
	readonly latest: AnsweredRequest[];
	/** Where the oldest of them is: 0 until there are `MAX_REQUESTS`. */
	oldest: number;
	/** The last answer for each path that had a document. */
	readonly documents: Map<string, AnsweredRequest>;
}

export interface Pending {
	readonly instances: Map<string, PendingInstance>;
	/** Requests that no instance was found for. */
	readonly refused: AnsweredRequest[];
	/** How many of them each peer sent. */
	readonly refusedOf: Map<string, number>;
	/** Requests that are kept. */
	size: number;
	/** The sizes of the documents that are kept until their digests are made. Caches may have dropped them. */
	bytes: number;
}

/** Requests that may be kept, some 300 bytes each, 2 KiB at most, without the documents. */
export const MAX_PENDING = 20_000;
/** Bytes of documents. */
export const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/** Refused requests among them: anybody can send these. */
export const MAX_PENDING_REFUSED = 2000;
/** Those of one peer, which leave room for others. */
const MAX_REFUSED_OF_PEER = 500;

export function createPending(): Pending {
	return { instances: new Map(), refused: [], refusedOf: new Map(), size: 0, bytes: 0 };
}

/** @returns false if there is no room for all of it */
export function addRequest(pending: Pending, answered: AnsweredRequest): boolean {
	const request = shortened(answered);
	const { instance: id } = request;
	const isFull = pending.size >= MAX_PENDING;
	if (id === undefined || request.reason === "unknown-instance") return !isFull && addRefused(pending, request);
	const known = pending.instances.get(id);
	if (known !== undefined) return addTo(pending, known, request);
	if (isFull) return false;
	const { at } = request;
	const empty = { firstAt: at, last: request, requests: 0, failures: 0, latest: [], oldest: 0, documents: new Map() };
	pending.instances.set(id, empty);
	return addTo(pending, empty, request);
}

function addRefused(pending: Pending, request: AnsweredRequest): boolean {
	const { refused, refusedOf } = pending;
	const peer = peerOf(request.source);
	const ofPeer = refusedOf.get(peer) ?? 0;
	if (refused.length >= MAX_PENDING_REFUSED || ofPeer >= MAX_REFUSED_OF_PEER) return false;
	refused.push(request);
	refusedOf.set(peer, ofPeer + 1);
	pending.size++;
	return true;
}

/** An instance that is known is always counted, and its last answers are kept: they take the place of others. */
function addTo(pending: Pending, instance: PendingInstance, request: AnsweredRequest): boolean {
	const { latest } = instance;
	const line = { ...request, body: undefined };
	let isKept = true;
	if (latest.length === MAX_REQUESTS) {
		latest[instance.oldest] = line;
		instance.oldest = (instance.oldest + 1) % MAX_REQUESTS;
	} else {
		isKept = pending.size < MAX_PENDING;
		if (isKept) pending.size++;
		else latest.shift();
		latest.push(line);
	}
	instance.requests++;
	if (request.status >= 500) instance.failures++;
	instance.last = line;
	return addDocument(pending, instance, request) && isKept;
}

function addDocument(pending: Pending, { documents }: PendingInstance, request: AnsweredRequest): boolean {
	const { path, body } = request;
	if (path === undefined || body === undefined) return true;
	const known = documents.get(path);
	const more = body.length - (known?.body?.length ?? 0);
	if (pending.bytes + more > MAX_PENDING_BYTES || (known === undefined && pending.size >= MAX_PENDING)) {
		// The older answer is not the last one any more.
		if (documents.delete(path)) {
			pending.size--;
			pending.bytes -= known?.body?.length ?? 0;
		}
		return false;
	}
	if (known === undefined) pending.size++;
	pending.bytes += more;
	documents.set(path, request);
	return true;
}

/** The latest requests, the oldest first. */
export function latestRequests({ latest, oldest }: PendingInstance): readonly AnsweredRequest[] {
	return [...latest.slice(oldest), ...latest.slice(0, oldest)];
}

/**
 * Puts what could not be written back in front of what came later, as far as there is room.
 *
 * @returns the number of requests that are lost
 */
export function putBack(failed: Pending, later: Pending): number {
	let lost = 0;
	for (const [id, instance] of later.instances) {
		const known = failed.instances.get(id);
		if (known === undefined && failed.size >= MAX_PENDING) lost += instance.requests;
		else if (known === undefined) {
			const { documents, ...rest } = instance;
			const added = { ...rest, documents: new Map() };
			failed.instances.set(id, added);
			failed.size += instance.latest.length;
			for (const request of documents.values()) addDocument(failed, added, request);
		} else mergeInto(failed, known, instance);
	}
	for (const request of later.refused) if (!addRequest(failed, request)) lost++;
	return lost;
}

function mergeInto(pending: Pending, known: PendingInstance, later: PendingInstance): void {
	const before = known.latest.length;
	const latest = [...latestRequests(known), ...latestRequests(later)].slice(-MAX_REQUESTS);
	known.requests += later.requests;
	known.failures += later.failures;
	known.last = later.last;
	known.latest.splice(0, before, ...latest);
	known.oldest = 0;
	pending.size += known.latest.length - before;
	for (const request of later.documents.values()) addDocument(pending, known, request);
}
