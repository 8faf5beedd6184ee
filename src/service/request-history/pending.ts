/**
 * The requests that wait to be written. Adding one is a few counters, and the memory is bounded however often a guest
 * asks: an instance keeps its latest requests and its last answer for each document.
 */
import type { AnsweredRequest } from "./answered-request.ts";
import { MAX_REQUESTS } from "./request-list.ts";

export interface PendingInstance {
	firstAt: number;
	last: AnsweredRequest;
	requests: number;
	failures: number;
	/** The latest requests: once there are `MAX_REQUESTS`, each new one takes the place of the oldest. */
	readonly latest: AnsweredRequest[];
	/** The last answer for each path that had a document. */
	readonly documents: Map<string, AnsweredRequest>;
}

export interface Pending {
	readonly instances: Map<string, PendingInstance>;
	/** Requests that no instance was found for. */
	readonly refused: AnsweredRequest[];
	/** Requests that are kept. */
	size: number;
}

/** Requests that may be kept, some 300 bytes each. */
export const MAX_PENDING = 20_000;
/** Refused requests among them: anybody can send these. */
export const MAX_PENDING_REFUSED = 2000;

export function createPending(): Pending {
	return { instances: new Map(), refused: [], size: 0 };
}

/** @returns false if there is no room for it */
export function addRequest(pending: Pending, request: AnsweredRequest): boolean {
	if (pending.size >= MAX_PENDING) return false;
	const { instance: id } = request;
	if (id === undefined || request.reason === "unknown-instance") {
		if (pending.refused.length >= MAX_PENDING_REFUSED) return false;
		pending.refused.push(request);
		pending.size++;
		return true;
	}
	const known = pending.instances.get(id);
	if (known === undefined) pending.instances.set(id, ofFirst(pending, request));
	else addTo(pending, known, request);
	return true;
}

function ofFirst(pending: Pending, request: AnsweredRequest): PendingInstance {
	const empty = { firstAt: request.at, last: request, requests: 0, failures: 0, latest: [], documents: new Map() };
	addTo(pending, empty, request);
	return empty;
}

function addTo(pending: Pending, instance: PendingInstance, request: AnsweredRequest): void {
	const { latest, documents } = instance;
	const { path, body } = request;
	if (latest.length === MAX_REQUESTS) latest[instance.requests % MAX_REQUESTS] = request;
	else {
		latest.push(request);
		pending.size++;
	}
	if (path !== undefined && body !== undefined) {
		if (!documents.has(path)) pending.size++;
		documents.set(path, request);
	}
	instance.requests++;
	if (request.status >= 500) instance.failures++;
	instance.last = request;
}

/** The latest requests, the oldest first. */
export function latestRequests({ latest, requests }: PendingInstance): readonly AnsweredRequest[] {
	const next = requests % MAX_REQUESTS;
	return latest.length < MAX_REQUESTS ? latest : [...latest.slice(next), ...latest.slice(0, next)];
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
			failed.instances.set(id, instance);
			failed.size += instance.latest.length + instance.documents.size;
		} else failed.size += mergeInto(known, instance);
	}
	for (const request of later.refused) if (!addRequest(failed, request)) lost++;
	return lost;
}

/** @returns how many more requests are kept than before */
function mergeInto(known: PendingInstance, later: PendingInstance): number {
	const before = known.latest.length + known.documents.size;
	const latest = [...latestRequests(known), ...latestRequests(later)].slice(-MAX_REQUESTS);
	known.requests += later.requests;
	known.failures += later.failures;
	known.last = later.last;
	for (const [path, request] of later.documents) known.documents.set(path, request);
	// The oldest stands where the next request goes.
	const start = latest.length < MAX_REQUESTS ? 0 : latest.length - (known.requests % MAX_REQUESTS);
	known.latest.splice(0, known.latest.length, ...latest.slice(start), ...latest.slice(0, start));
	return known.latest.length + known.documents.size - before;
}
