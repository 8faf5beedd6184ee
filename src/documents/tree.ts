/** The tree of metadata documents: what both carriers, HTTP and the config drive, take their bytes from. */

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

export const JSON_TYPE = "application/json";
/** User data is anything: gzip, MIME, a script. Byte for byte, so no text type (Launchpad bug 2120723). */
export const BYTES_TYPE = "application/octet-stream";
export const TEXT_TYPE = "text/plain; charset=UTF-8";

/** Lines of text, as every listing is answered. */
export function textAnswer(text: string): TreeAnswer {
	return { body: Buffer.from(text), contentType: TEXT_TYPE };
}
