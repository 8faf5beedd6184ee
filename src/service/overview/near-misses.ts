/** Which instance a refused request nearly was, and what did not match. */

import ipaddr from "ipaddr.js";
import { getOrInsert } from "../../get-or-insert.ts";
import { canonicalAddress, eui64Mac } from "../../instance/addresses.ts";
import { startWorkTurn } from "../../work-turn.ts";
import type { RequestSource } from "../request-history/answered-request.ts";
import type { IndexedInstance, IndexedPort } from "./indexed-instance.ts";

/** What a refused request said about itself, and why it was refused. */
export interface RefusedRequest extends RequestSource {
	readonly reason?: string;
}

export interface NearMiss {
	readonly instance: string;
	readonly name: string;
	/** The port that almost matched. */
	readonly port?: string;
	/** Whether the instance's own id or address was in the request, and not only one that is close to it. */
	readonly isExact: boolean;
	/** One sentence: what matches and what does not. */
	readonly why: string;
}

/** At most this many candidates are named. */
const MAX_CANDIDATES = 5;
/** Addresses on the same network that differ by at most this are named. */
const MAX_DISTANCE = 4;

/**
 * Goes through all instances once for all requests, and lets other work have its turn meanwhile.
 *
 * @returns the candidates of each request, the nearest first
 */
export async function nearMisses(
	sources: readonly RefusedRequest[],
	instances: Iterable<IndexedInstance>,
): Promise<NearMiss[][]> {
	const wanted = wantedOf(sources);
	const found = sources.map((): Candidate[] => []);
	const turn = startWorkTurn();
	for (const instance of wanted.size > 0 ? instances : []) {
		for (const [index, candidate] of candidatesIn(instance, wanted, sources)) addTo(found[index] ?? [], candidate);
		if (turn.isOver()) await turn.next();
	}
	return found.map((candidates, index) => candidates.map((candidate) => missOf(candidate, sources[index] ?? {})));
}

/** A value that a refused request may have meant. */
interface Lookup {
	/** Which source it is. */
	readonly index: number;
	readonly kind: "id" | "address" | "MAC address";
	/** What the request contained. */
	readonly requested: string;
	/** How far the value is from that. */
	readonly distance: number;
}

interface Candidate {
	/** The nearest has the lowest one. */
	readonly rank: number;
	readonly instance: IndexedInstance;
	/** Absent: the id matches. */
	readonly match?: Lookup & { readonly port: IndexedPort; readonly value: string };
}

/** Everything that would be a candidate for some source: an instance takes a few look-ups, and nothing is parsed. */
function wantedOf(sources: readonly RefusedRequest[]): ReadonlyMap<string, readonly Lookup[]> {
	const wanted = new Map<string, Lookup[]>();
	const add = (value: string, lookup: Lookup) => getOrInsert(wanted, value, (): Lookup[] => []).push(lookup);
	for (const [index, { instance: id, address, peer }] of sources.entries()) {
		if (id !== undefined) add(id.toLowerCase(), { index, kind: "id", requested: id, distance: 0 });
		// A proxy's own address says nothing about the guest.
		const own = address ?? (id === undefined ? peer : undefined);
		const requested = own === undefined ? undefined : canonicalAddress(own.trim().split("%", 1)[0] ?? "");
		if (requested === undefined) continue;
		const macAddress = eui64Mac(requested);
		if (macAddress !== undefined) add(macAddress, { index, kind: "MAC address", requested, distance: 0 });
		else
			for (const [near, distance] of addressesNear(requested))
				add(near, { index, kind: "address", requested, distance });
	}
	return wanted;
}

/** An address and those around it, as canonical text, with their distance. */
function addressesNear(address: string): [address: string, distance: number][] {
	const bytes = ipaddr.parse(address).toByteArray();
	const last = bytes.length - 2;
	const low = (bytes[last] ?? 0) * 256 + (bytes[last + 1] ?? 0);
	return Array.from({ length: 2 * MAX_DISTANCE + 1 }, (_, index) => index - MAX_DISTANCE).flatMap((offset) => {
		const near = low + offset;
		if (near < 0 || near > 0xffff) return [];
		const other = ipaddr.fromByteArray([...bytes.slice(0, last), near >> 8, near & 255]);
		return [[canonicalAddress(other.toString()) ?? "", Math.abs(offset)] as [string, number]];
	});
}

/** The best match of an instance for each source that it matches. */
function candidatesIn(
	instance: IndexedInstance,
	wanted: ReadonlyMap<string, readonly Lookup[]>,
	sources: readonly RefusedRequest[],
): ReadonlyMap<number, Candidate> {
	const best = new Map<number, Candidate>();
	const offer = (index: number, candidate: Candidate) => {
		if (candidate.rank < (best.get(index)?.rank ?? Number.POSITIVE_INFINITY)) best.set(index, candidate);
	};
	for (const { index, kind } of wanted.get(instance.id) ?? []) if (kind === "id") offer(index, { rank: 0, instance });
	for (const port of instance.ports) {
		for (const value of [...port.addresses, port.macAddress]) {
			for (const lookup of wanted.get(value) ?? []) {
				const { index, kind, distance } = lookup;
				const isOn = isOnNetwork(port, sources[index] ?? {});
				// An address is near another one on its own network only.
				if (kind === "id" || (distance > 0 && !isOn)) continue;
				const rank = distance > 0 ? 2 + distance : isOn ? 1 : 2;
				offer(index, { rank, instance, match: { ...lookup, port, value } });
			}
		}
	}
	return best;
}

function isOnNetwork({ networkId }: IndexedPort, source: RequestSource): boolean {
	return source.networkId === undefined || source.networkId === networkId;
}

/** Keeps the nearest few in order. */
function addTo(candidates: Candidate[], candidate: Candidate): void {
	const isAfter = ({ rank, instance }: Candidate) =>
		rank > candidate.rank || (rank === candidate.rank && instance.id > candidate.instance.id);
	const place = candidates.findIndex(isAfter);
	candidates.splice(place < 0 ? candidates.length : place, 0, candidate);
	if (candidates.length > MAX_CANDIDATES) candidates.pop();
}

function missOf({ instance: { id, name, projectId }, match }: Candidate, source: RefusedRequest): NearMiss {
	const problem = problemOf(source);
	if (match === undefined) {
		return { instance: id, name, isExact: true, why: `the id matches${otherProject(projectId, source) || problem}` };
	}
	const isExact = match.distance === 0;
	return { instance: id, name, port: match.port.id, isExact, why: whyOf(match, source) + problem };
}

function whyOf(
	{ port, value, kind, requested, distance }: NonNullable<Candidate["match"]>,
	source: RefusedRequest,
): string {
	const network = port.networkName || port.networkId;
	if (distance > 0) return `its port has ${value} on ${network}, and the request came from ${requested}`;
	if (!isOnNetwork(port, source)) {
		return `the ${kind} matches; the port is on network ${network}, and the request came from network ${source.networkId}`;
	}
	const matches = `the ${kind} matches on network ${network}`;
	const { reason, routerId, providerId } = source;
	if (reason !== "no-owner") return matches;
	if (routerId !== undefined) return `${matches}; router ${routerId} is not connected to this network`;
	return providerId === undefined ? matches : `${matches}; provider ${providerId} does not serve this network`;
}

/** What was wrong with a request, whichever instance it meant. */
function problemOf({ reason, peer }: RefusedRequest): string {
	switch (reason) {
		case "wrong-signature":
			return "; the signature is not the one that the listener's shared secret gives";
		case "peer-not-allowed":
			return `; the peer ${peer ?? ""} is not in \`allow\``;
		case "several-owners":
			return "; it is not the only instance that matches";
		default:
			return "";
	}
}

function otherProject(projectId: string | undefined, { projectId: claimed }: RequestSource): string {
	if (claimed === undefined || projectId === undefined || claimed === projectId) return "";
	return `; the instance belongs to project ${projectId}, and the request names ${claimed}`;
}
