/** The request history of a service: one recorder per process, on the shared state. */
import { hostname } from "node:os";
import type { Log } from "../log.ts";
import { limitedWarning } from "../log-limit.ts";
import { createDigests } from "./document-content.ts";
import { createRecorder, type Recorder, type RecorderOptions } from "./recorder.ts";

export interface OpenRecorderOptions extends Pick<RecorderOptions, "store" | "onLost"> {
	/** The key of the digests, which all recorders share. */
	readonly key: Uint8Array;
	readonly log: Log;
}

export function openRecorder({ store, key, log, onLost }: OpenRecorderOptions): Recorder {
	const digestOf = createDigests(key);
	const node = hostname();
	const onError = limitedWarning(log, "the request history can't be written");
	return createRecorder({ store, node, writer: `${node} ${process.pid}`, digestOf, onLost, onError });
}
