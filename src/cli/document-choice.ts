import { buildTree } from "../documents/guest-tree.ts";
import { GuestwireError } from "../errors.ts";
import type { CommonOptions, Io } from "./frame.ts";
import { readDocument } from "./read-document.ts";
import { withInstance } from "./source.ts";

/** Which `network_data.json` a command reads. */
export interface DocumentChoice extends CommonOptions {
	/** Id or name: what this instance is told, in place of a file. */
	readonly instance?: string;
}

/**
 * The document that a command line names.
 *
 * @param file a path, or `-` for standard input
 * @throws GuestwireError `usage`, `document`, `unknown-path`, and as `withInstance`
 */
export async function chosenDocument(file: string | undefined, options: DocumentChoice, io: Io): Promise<unknown> {
	const { instance } = options;
	if (instance === undefined && file !== undefined) return readDocument(file, io);
	if (instance === undefined || file !== undefined) {
		const what = file === undefined ? "no document is named" : "a file and --instance name two documents";
		throw new GuestwireError("usage", `${what}: give a FILE, - for standard input, or --instance ID`);
	}
	return withInstance(instance, options, io, (known, { settings }) => {
		const bytes = buildTree(known, settings).read("openstack/latest/network_data.json");
		if (bytes !== undefined) return JSON.parse(Buffer.from(bytes).toString());
		throw new GuestwireError("unknown-path", `instance ${known.id} has no network_data.json, as it has no NIC`);
	});
}
