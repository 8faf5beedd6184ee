/** A task of which one run at a time is enough: whoever wants it while it runs makes it run once more. */
export interface CoalescedTask {
	/** Resolves when it has run from now on. It must not fail. */
	run(): Promise<void>;
	/** It runs no more. Resolves when the last run has ended. */
	close(): Promise<void>;
}

export function createCoalescedTask(task: () => Promise<void>): CoalescedTask {
	let isWanted = false;
	let isClosed = false;
	let running: Promise<void> | undefined;

	async function runWhileWanted(): Promise<void> {
		while (isWanted && !isClosed) {
			isWanted = false;
			await task();
		}
		running = undefined;
	}

	return {
		async run() {
			isWanted = true;
			running ??= runWhileWanted();
			await running;
		},
		async close() {
			isClosed = true;
			await running;
		},
	};
}
