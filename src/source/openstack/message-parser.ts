/** Parses messages of the bus: large ones in a thread of their own, because the JSON of one may take a tenth of a second. */
import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { createTaskQueue } from "../../task-queue.ts";
import { type BusMessage, LARGEST_MESSAGE, parseBusMessage } from "./bus-message.ts";

/** Bytes that take a few milliseconds. */
const SMALL = 256 * 1024;
/** `bus-thread.ts`, or `bus-thread.js` in the published package. */
const THREAD = new URL(`./bus-thread${extname(import.meta.url)}`, import.meta.url);
/** Bytes of large messages that may wait here: the broker would hand over hundreds. */
const MOST_WAITING = 32 * 1024 * 1024;

/** Never rejects. */
export type ParseMessage = (content: Buffer) => BusMessage | Promise<BusMessage>;

/** @param onLost called for a message that is dropped because too many large ones wait */
export function createMessageParser(onLost: () => void): ParseMessage {
	const queue = createTaskQueue();
	let waiting = 0;
	return (content) => {
		const { length } = content;
		if (length <= SMALL || length > LARGEST_MESSAGE) return parseBusMessage(content);
		if (waiting + length > MOST_WAITING) {
			onLost();
			return { invalid: `a message of ${length} bytes, while too many large ones wait` };
		}
		waiting += length;
		return queue
			.run(() => parseInThread(content))
			.finally(() => {
				waiting -= length;
			});
	};
}

async function parseInThread(content: Buffer): Promise<BusMessage> {
	let worker: Worker | undefined;
	try {
		worker = new Worker(THREAD, { workerData: content });
		const [message] = await once(worker, "message");
		return message as BusMessage;
	} catch {
		return { invalid: `a message of ${content.length} bytes that can't be parsed` };
	} finally {
		await worker?.terminate();
	}
}
