/** Parses messages of the bus: large ones in a thread of their own, because the JSON of one may take a tenth of a second. */
import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type BusMessage, LARGEST_MESSAGE, parseBusMessage } from "./bus-message.ts";

/** Bytes that take a few milliseconds. */
const SMALL = 256 * 1024;
/** `bus-thread.ts`, or `bus-thread.js` in the published package. */
const THREAD = new URL(`./bus-thread${extname(import.meta.url)}`, import.meta.url);

/** Never rejects. */
export type ParseMessage = (content: Buffer) => BusMessage | Promise<BusMessage>;

export function createMessageParser(): ParseMessage {
	let last: Promise<unknown> = Promise.resolve();
	return (content) => {
		if (content.length <= SMALL || content.length > LARGEST_MESSAGE) return parseBusMessage(content);
		const parsed = last.then(() => parseInThread(content));
		last = parsed;
		return parsed;
	};
}

async function parseInThread(content: Buffer): Promise<BusMessage> {
	const worker = new Worker(THREAD, { workerData: content });
	try {
		const [message] = await once(worker, "message");
		return message as BusMessage;
	} catch {
		return { invalid: `a message of ${content.length} bytes that can't be parsed` };
	} finally {
		await worker.terminate();
	}
}
