/** Digests of documents, and the part of their content that may be stored. */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRawSync } from "node:zlib";
import { documentAt, isNetworkFile, isPrivatePath, PASSWORD_PATH } from "../../documents/paths.ts";
import { isSecretItem } from "../../documents/secret-items.ts";
import { startWorkTurn } from "../../work-turn.ts";

/** Hexadecimal characters of a digest: 128 bits. */
const DIGEST_LENGTH = 32;
/** Longer documents have no stored versions. Bytes. */
const MAX_STORED = 64 * 1024;

/** Documents are small: setting up zlib's default of 256 KiB, and its buffer of 16 KiB, takes longer than compressing one. */
const COMPRESSION = { level: 1, windowBits: 12, memLevel: 4, chunkSize: 1024 };

const DOCUMENT = /^openstack\/[^/]+\/.+$|^[^/]+\/user-data$/;

/** Whether the last answer for a path is kept. Listings and the EC2 tree's values are not. */
export function isDocumentPath(path: string): boolean {
	return DOCUMENT.test(path) && !PASSWORD_PATH.test(path);
}

const META_DATA = /^openstack\/[^/]+\/meta_data\.json$/;
const HIDDEN = "(hidden)";

/** Computes digests of documents: at once, or in turns for large ones. */
export type DigestOf = (path: string, body: Uint8Array) => string | Promise<string>;

/** Bytes that are hashed at a time, which takes a millisecond. */
const PIECE = 2 ** 20;

/**
 * @param key salts the digests of documents that may contain secrets: without it, a guess at user data can't be compared
 * with its digest
 */
export function createDigests(key: Uint8Array): DigestOf {
	// Trees keep their documents' bytes, so the same body is sent many times.
	const plain = new WeakMap<Uint8Array, string>();
	const salted = new WeakMap<Uint8Array, string>();
	return (path, body) => {
		const isSalted = isPrivatePath(path) || META_DATA.test(path);
		const known = isSalted ? salted : plain;
		const digest = known.get(body);
		if (digest !== undefined) return digest;
		const hash = isSalted ? createHmac("sha256", key) : createHash("sha256");
		const end = () => {
			const made = hash.digest("hex").slice(0, DIGEST_LENGTH);
			known.set(body, made);
			return made;
		};
		if (body.length > PIECE) return updateInTurns(hash, body).then(end);
		hash.update(body);
		return end();
	};
}

async function updateInTurns(hash: Hash | Hmac, body: Uint8Array): Promise<void> {
	const turn = startWorkTurn();
	for (let at = 0; at < body.length; at += PIECE) {
		hash.update(body.subarray(at, at + PIECE));
		if (turn.isOver()) await turn.next();
	}
}

/**
 * A document as it may be stored and compared: without `random_seed`, and without the values of metadata items that may be
 * secrets; undefined for documents that are not stored.
 */
export function storableContent(path: string, body: Uint8Array): Uint8Array | undefined {
	const keepsVersions = documentAt(path)?.keepsVersions === true || isNetworkFile(path);
	if (!keepsVersions || body.length > MAX_STORED) return undefined;
	if (!META_DATA.test(path)) return body;
	const { random_seed: _, meta, ...rest } = JSON.parse(Buffer.from(body).toString());
	return Buffer.from(JSON.stringify({ ...rest, ...(meta !== undefined && { meta: withoutSecrets(meta) }) }));
}

function withoutSecrets(meta: object): object {
	return Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, isSecretItem(name) ? HIDDEN : value]));
}

const deflate = promisify<Uint8Array, typeof COMPRESSION, Buffer>(deflateRaw);

/** In another thread. */
export function compressContent(content: Uint8Array): Promise<Buffer> {
	return deflate(content, COMPRESSION);
}

export function decompressContent(stored: Uint8Array): Buffer {
	return inflateRawSync(stored, { maxOutputLength: MAX_STORED });
}
