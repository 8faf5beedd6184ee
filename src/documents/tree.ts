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
