import { buildTree } from "../documents/guest-tree.ts";
import { GuestwireError } from "../errors.ts";
import type { CommonOptions, Io } from "./frame.ts";
import { type ReadDocument, readDocument } from "./read-document.ts";
import { withInstance } from "./source.ts";
import { UNUSED_SEED_KEY } from "./state.ts";

/** The options that select a `network_data.json`. */
export interface DocumentChoice extends CommonOptions {
	/** Id or name of an instance whose document is read instead of a file. */
	readonly instance?: string;
}

/**
 * Reads the document that a command line selects.
 *
 * @param file a path, or `-` for standard input
 * @throws GuestwireError `usage`, `document`, `unknown-path`, and as `withInstance`
 */
export async function chosenDocument(file: string | undefined, options: DocumentChoice, io: Io): Promise<ReadDocument> {
	const { instance } = options;
	if (instance === undefined && file !== undefined) return readDocument(file, io);
	if (instance === undefined || file !== undefined) {
		const what = file === undefined ? "no document selected" : "FILE and --instance select two documents";
		throw new GuestwireError("usage", `${what}: give either FILE (- for standard input) or --instance ID`);
	}
	return withInstance(instance, options, io, (known, { settings }) => {
		const bytes = buildTree(known, { ...settings, seedKey: UNUSED_SEED_KEY }).read(
			"openstack/latest/network_data.json",
		);
		if (bytes !== undefined) {
			const text = Buffer.from(bytes).toString();
			return { text, document: JSON.parse(text) };
		}
		throw new GuestwireError(
			"unknown-path",
			`instance ${known.id} has no network_data.json because it has no NIC: choose another instance`,
		);
	});
}
