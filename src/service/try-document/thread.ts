/** The thread that tries documents. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { openChannel, threadPort } from "../../channel.ts";
import { tryDocument } from "./try-document.ts";

/** What the thread answers. */
export type TrialCalls = {
	/** Answers as soon as the thread has loaded. */
	start(argument: undefined): void;
	/** @returns a `TriedDocument` as JSON. Rejects with GuestwireError `document` */
	run(text: string): Uint8Array;
};

openChannel<TrialCalls, Record<never, never>>(threadPort(parentPort as MessagePort, "close"), {
	start() {},
	run: (text) => Buffer.from(JSON.stringify(tryDocument(text))),
});
