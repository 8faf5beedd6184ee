/** The main thread's end of the worker thread that writes to the file. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { RunStatement, Statement, StatementResult } from "./statement.ts";

/** What the thread is sent. */
export interface WriterRequest extends Statement {
	readonly id: number;
}

/** What it sends back. */
export interface WriterResponse {
	readonly id: number;
	readonly result?: StatementResult;
	/** `errcode` is SQLite's. */
	readonly error?: { readonly message: string; readonly errcode?: number };
}

export interface WriterThread {
	readonly run: RunStatement;
	close(): Promise<void>;
}

/** `worker.ts`, or `worker.js` in the published package. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** The thread is started by the first statement, and again after it has failed. */
export function createWriterThread(path: string): WriterThread {
	const pending = new Map<number, PromiseWithResolvers<StatementResult>>();
	let lastId = 0;
	let worker: Worker | undefined;

	const settle = ({ id, result, error }: WriterResponse) => {
		const waiting = pending.get(id);
		pending.delete(id);
		if (pending.size === 0) worker?.unref();
		if (result !== undefined) waiting?.resolve(result);
		else waiting?.reject(Object.assign(new Error(error?.message), { errcode: error?.errcode }));
	};
	const failAll = (reason: Error) => {
		worker = undefined;
		for (const { reject } of pending.values()) reject(reason);
		pending.clear();
	};
	const start = () => {
		const started = new Worker(WORKER, { workerData: path });
		// An error is followed by the end, when another thread may have been started.
		const fail = (reason: Error) => worker === started && failAll(reason);
		started.on("message", settle);
		started.on("error", fail);
		started.on("exit", () => fail(new Error("the thread that writes to the database has ended")));
		return started;
	};
	return {
		run(statement) {
			worker ??= start();
			// Only work in progress keeps the process alive.
			worker.ref();
			const waiting = Promise.withResolvers<StatementResult>();
			lastId += 1;
			pending.set(lastId, waiting);
			worker.postMessage({ ...statement, id: lastId } satisfies WriterRequest);
			return waiting.promise;
		},
		async close() {
			await worker?.terminate();
		},
	};
}
