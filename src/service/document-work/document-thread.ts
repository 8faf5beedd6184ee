/** Works on documents of any content in a thread of its own, so that no guest waits for it: one at a time, each with limits. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type Channel, openChannel, threadPort } from "../../channel.ts";
import { GuestwireError } from "../../errors.ts";
import { createTaskQueue } from "../../task-queue.ts";
import type { ThreadCalls } from "./thread.ts";
import type { WorkArgument, WorkName } from "./work.ts";

export interface DocumentThread {
	/**
	 * @returns the result as JSON; undefined if too many documents are waiting. Rejects with the work's GuestwireError, or
	 * `limit` if it takes too long or too much memory
	 */
	run<Name extends WorkName>(name: Name, argument: WorkArgument<Name>): Promise<Uint8Array> | undefined;
	close(): Promise<void>;
}

/** `thread.ts`, or `thread.js` in the published package. */
const THREAD = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);
/** Megabytes of the thread's heap. */
const MAX_MEMORY = 256;
/** Milliseconds without a document after which the thread ends. */
const IDLE = 60_000;

interface Thread {
	readonly worker: Worker;
	readonly channel: Channel<ThreadCalls>;
	hasEnded: boolean;
}

/**
 * @param mostWaiting documents that are being worked on or wait for their turn
 * @param timeLimit milliseconds per document, without the thread's start
 */
export function createDocumentThread(mostWaiting: number, timeLimit = 10_000): DocumentThread {
	const thread = createLimitedThread(timeLimit);
	const queue = createTaskQueue();
	let waiting = 0;
	return {
		run(...work) {
			if (waiting >= mostWaiting) return undefined;
			waiting++;
			return queue
				.run(() => thread.run(work))
				.finally(() => {
					waiting--;
				});
		},
		async close() {
			await thread.end();
		},
	};
}

/** A thread that starts with a document, and ends after a while without one, or when one exceeds a limit. */
function createLimitedThread(timeLimit: number) {
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
		async run(work: readonly [name: WorkName, argument: WorkArgument<WorkName>]): Promise<Uint8Array> {
			clearTimeout(idle);
			if (thread === undefined || thread.hasEnded) thread = startThread();
			const current = thread;
			const { channel } = current;
			let timer: NodeJS.Timeout | undefined;
			try {
				await channel.call("start", undefined);
				timer = setTimeout(end, timeLimit);
				return await channel.call("run", work as Parameters<ThreadCalls["run"]>[0]);
			} catch (error) {
				if (!current.hasEnded) throw error;
				const limits = `${timeLimit / 1000} s or ${MAX_MEMORY} MB`;
				throw new GuestwireError("limit", `Working on the document takes more than ${limits}: shorten it.`);
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
	const channel = openChannel<Record<never, never>, ThreadCalls>(threadPort(worker, "exit"), {});
	const thread: Thread = { worker, channel, hasEnded: false };
	worker.once("exit", () => {
		thread.hasEnded = true;
	});
	return thread;
}
