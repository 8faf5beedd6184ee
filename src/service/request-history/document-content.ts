/** Digests of documents, and the part of their content that may be stored. */
import { createHash, createHmac } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRawSync } from "node:zlib";
import { documentAt, isNetworkFile, isPrivatePath, PASSWORD_PATH } from "../../documents/paths.ts";
import { getOrInsert } from "../../get-or-insert.ts";

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
/** Names of metadata items whose values may be secrets, such as `admin_pass`, which cloudbase-init reads. */
const SECRET_ITEM = /pass|secret|token|credential|private.?key/i;
const HIDDEN = "(hidden)";

/** Computes digests of documents. */
export type DigestOf = (path: string, body: Uint8Array) => string;

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
		const made = hash.update(body).digest("hex").slice(0, DIGEST_LENGTH);
		known.set(body, made);
		return made;
	};
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
	return Object.fromEntries(
		Object.entries(meta).map(([name, value]) => [name, SECRET_ITEM.test(name) ? HIDDEN : value]),
	);
}

/** By a document's bytes, which trees keep. */
const withSecretItems = new WeakMap<Uint8Array, boolean>();

/** Whether a document is a `meta_data.json` that has metadata items that may be secrets. */
export function hasSecretItems(path: string, body: Uint8Array): boolean {
	return META_DATA.test(path) && getOrInsert(withSecretItems, body, namesSecrets);
}

function namesSecrets(metaData: Uint8Array): boolean {
	const { meta = {} } = JSON.parse(Buffer.from(metaData).toString());
	return Object.keys(meta).some((name) => SECRET_ITEM.test(name));
}

const deflate = promisify<Uint8Array, typeof COMPRESSION, Buffer>(deflateRaw);

/** In another thread. */
export function compressContent(content: Uint8Array): Promise<Buffer> {
	return deflate(content, COMPRESSION);
}

export function decompressContent(stored: Uint8Array): Buffer {
	return inflateRawSync(stored, { maxOutputLength: MAX_STORED });
}
