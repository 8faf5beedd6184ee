/** The stored form of an instance's requests: JSON in which each text occurs once. */
import type { RecordedRequest } from "./answered-request.ts";

/** Requests of an instance that are kept. */
export const MAX_REQUESTS = 50;

type Row = readonly [
	at: number,
	status: number,
	bytes: number,
	ms: number,
	method: number,
	path: number,
	userAgent: number,
	listener: number,
	node: number,
	reason: number,
];
interface Stored {
	readonly texts: readonly string[];
	readonly rows: readonly Row[];
}

/** The latest requests, at most `MAX_REQUESTS`. */
export function encodeRequests(requests: readonly RecordedRequest[]): { content: string; count: number } {
	const numbers = new Map<string, number>();
	const numberOf = (text: string) => {
		const known = numbers.get(text) ?? numbers.size;
		numbers.set(text, known);
		return known;
	};
	const rows = requests.slice(-MAX_REQUESTS).map((request): Row => {
		const { at, status, bytes, ms, method, path, userAgent, listener, node, reason } = request;
		const texts = [method, path, userAgent, listener, node, reason].map(numberOf);
		return [
			at,
			status,
			bytes,
			Math.round(ms * 100) / 100,
			...(texts as [number, number, number, number, number, number]),
		];
	});
	return { content: JSON.stringify({ texts: [...numbers.keys()], rows } satisfies Stored), count: rows.length };
}

/** The requests of stored pieces, the oldest first, at most `MAX_REQUESTS`. */
export function decodeRequests(pieces: readonly string[]): RecordedRequest[] {
	const requests = pieces.flatMap((piece) => {
		const { texts, rows } = JSON.parse(piece) as Stored;
		const text = (index: number) => texts[index] ?? "";
		return rows.map(
			([at, status, bytes, ms, method, path, userAgent, listener, node, reason]): RecordedRequest => ({
				...{ at, status, bytes, ms, method: text(method), path: text(path), userAgent: text(userAgent) },
				...{ listener: text(listener), node: text(node), reason: text(reason) },
			}),
		);
	});
	return requests.sort((a, b) => a.at - b.at).slice(-MAX_REQUESTS);
}

/** Merges stored pieces into one. */
export function mergeRequests(pieces: readonly string[]): { content: string; count: number } {
	return encodeRequests(decodeRequests(pieces));
}
