/** The tree of metadata documents: what both carriers, HTTP and the config drive, take their bytes from. */
import { isUtf8 } from "node:buffer";

/** Path → bytes, read-only. Paths have no leading slash: `openstack/latest/meta_data.json`. */
export interface MetadataTree {
	/** Every file, in the order in which a carrier should lay them out. */
	paths(): Iterable<string>;
	/** A file's bytes, the same object at each call; undefined when there is no such file. */
	read(path: string): Uint8Array | undefined;
}

/** What HTTP answers for a path. */
export interface TreeAnswer {
	readonly body: Uint8Array;
	readonly contentType: string;
}

const JSON_TYPE = "application/json";
export const TEXT_TYPE = "text/plain; charset=UTF-8";
/** Has a character for each byte. */
const BYTE_TYPE = "text/plain; charset=ISO-8859-1";

/** Lines of text, as every listing is answered. */
export function textAnswer(text: string): TreeAnswer {
	return { body: Buffer.from(text), contentType: TEXT_TYPE };
}

export function jsonAnswer(body: Uint8Array): TreeAnswer {
	return { body, contentType: JSON_TYPE };
}

/**
 * What may be anything: a script, MIME, gzip. Neutron's agents since 26.0.0 decode an answer by its type's charset and
 * encode it again (neutron/common/metadata.py, `_http_response`): bytes go through whole in a charset that they are
 * valid in, and not at all as application/octet-stream, which has none.
 */
export function bytesAnswer(body: Uint8Array): TreeAnswer {
	return { body, contentType: isUtf8(body) ? TEXT_TYPE : BYTE_TYPE };
}
