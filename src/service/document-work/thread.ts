/** The thread that works on documents. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { moving, openChannel, threadPort } from "../../channel.ts";
import { doWork, type WorkArgument, type WorkName } from "./work.ts";

/** What the thread answers. */
export type ThreadCalls = {
	/** Answers as soon as the thread has loaded. */
	start(argument: undefined): void;
	/** @returns the result as JSON. Rejects with the work's GuestwireError */
	run(work: { readonly [Name in WorkName]: readonly [name: Name, argument: WorkArgument<Name>] }[WorkName]): Uint8Array;
};

openChannel<ThreadCalls, Record<never, never>>(threadPort(parentPort as MessagePort, "close"), {
	start() {},
	run([name, argument]) {
		const result = Buffer.from(JSON.stringify(doWork(name, argument)));
		return moving(result, result);
	},
});
