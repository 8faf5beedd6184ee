/** The tree of metadata documents, which both HTTP and the config drive take their bytes from. */
import { isUtf8 } from "node:buffer";
import { getOrInsert } from "../get-or-insert.ts";

/** A read-only map from paths to bytes. Paths have no leading slash: `openstack/latest/meta_data.json`. */
export interface MetadataTree {
	/** The paths of all files, in the order in which to store them. Each file may be made when its path is asked for. */
	paths(): Iterable<string>;
	/** The bytes of a file, the same object on every call; undefined if there is no such file. */
	read(path: string): Uint8Array | undefined;
}

/** The HTTP response for a path. */
export interface TreeAnswer {
	readonly body: Uint8Array;
	readonly contentType: string;
	/** Whether it has metadata items that may be secrets: then it is private, whatever its path. */
	readonly hasSecretItems?: true;
}

const JSON_TYPE = "application/json";
export const TEXT_TYPE = "text/plain; charset=UTF-8";
/** A charset in which every byte is a character. */
const BYTE_TYPE = "text/plain; charset=ISO-8859-1";

/** A text response, as used for listings. */
export function textAnswer(text: string): TreeAnswer {
	return { body: Buffer.from(text), contentType: TEXT_TYPE };
}

export function jsonAnswer(body: Uint8Array): TreeAnswer {
	return { body, contentType: JSON_TYPE };
}

/**
 * A response of arbitrary bytes: a script, MIME, gzip. Neutron's agents since 26.0.0 decode a response by its charset and
 * encode it again (neutron/common/metadata.py, `_http_response`). Bytes survive this in a charset in which they are valid,
 * and not as application/octet-stream, which has none.
 */
export function bytesAnswer(body: Uint8Array): TreeAnswer {
	return { body, contentType: getOrInsert(textTypes, body, textTypeOf) };
}

/** Several paths have the same user data, which may be large. */
const textTypes = new WeakMap<Uint8Array, string>();

function textTypeOf(body: Uint8Array): string {
	return isUtf8(body) ? TEXT_TYPE : BYTE_TYPE;
}
