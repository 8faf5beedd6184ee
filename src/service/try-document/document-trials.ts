/** Tries documents of any content in a thread of its own, so that no guest waits for it: one at a time, each with limits. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type Channel, openChannel, threadPort } from "../../channel.ts";
import { GuestwireError } from "../../errors.ts";
import type { TrialCalls } from "./thread.ts";

export interface DocumentTrials {
	/**
	 * @param text a `network_data.json`
	 * @returns a `TriedDocument` as JSON; undefined if too many documents are waiting
	 * @throws GuestwireError `document` if it is not a `network_data.json`; `limit` if it takes too long or too much memory
	 */
	run(text: string): Promise<Uint8Array> | undefined;
	close(): Promise<void>;
}

/** `thread.ts`, or `thread.js` in the published package. */
const THREAD = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);
/** Documents that are being tried or wait for their turn. */
export const MAX_WAITING = 4;
/** Megabytes of the thread's heap. */
const MAX_MEMORY = 256;
/** Milliseconds without a document after which the thread ends. */
const IDLE = 60_000;

interface Thread {
	readonly worker: Worker;
	readonly channel: Channel<TrialCalls>;
	hasEnded: boolean;
}

/** @param timeLimit milliseconds per document, without the thread's start */
export function createDocumentTrials(timeLimit = 10_000): DocumentTrials {
	const thread = createTrialThread(timeLimit);
	let waiting = 0;
	let last: Promise<unknown> = Promise.resolve();
	return {
		run(text) {
			if (waiting >= MAX_WAITING) return undefined;
			waiting++;
			const result = last
				.then(() => thread.run(text))
				.finally(() => {
					waiting--;
				});
			last = result.catch(() => {});
			return result;
		},
		async close() {
			await thread.end();
		},
	};
}

/** A thread that starts with a document, and ends after a while without one, or when one exceeds a limit. */
function createTrialThread(timeLimit: number) {
	let thread: Thread | undefined;
	let idle: NodeJS.Timeout | undefined;

	const end = () => {
		clearTimeout(idle);
		const ending = thread?.worker.terminate();
		thread = undefined;
		return ending;
	};
	return {
		end,
		async run(text: string): Promise<Uint8Array> {
			clearTimeout(idle);
			if (thread === undefined || thread.hasEnded) thread = startThread();
			const current = thread;
			const { channel } = current;
			let timer: NodeJS.Timeout | undefined;
			try {
				await channel.call("start", undefined);
				timer = setTimeout(end, timeLimit);
				return await channel.call("run", text);
			} catch (error) {
				if (!current.hasEnded) throw error;
				const limits = `${timeLimit / 1000} s or ${MAX_MEMORY} MB`;
				throw new GuestwireError("limit", `Checking and rendering the document takes more than ${limits}: shorten it.`);
			} finally {
				clearTimeout(timer);
				idle = setTimeout(end, IDLE).unref();
			}
		},
	};
}

function startThread(): Thread {
	const worker = new Worker(THREAD, { resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY } });
	// Without a listener, a lack of memory in the thread would end the process. Who waits learns of the exit.
	worker.on("error", () => {});
	worker.unref();
	const channel = openChannel<Record<never, never>, TrialCalls>(threadPort(worker, "exit"), {});
	const thread: Thread = { worker, channel, hasEnded: false };
	worker.once("exit", () => {
		thread.hasEnded = true;
	});
	return thread;
}
