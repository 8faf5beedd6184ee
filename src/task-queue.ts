/** Runs tasks one after the other. */
export interface TaskQueue {
	/** Starts the task when all earlier ones have ended, with or without an error. */
	run<T>(task: () => Promise<T>): Promise<T>;
	/** Resolves when all tasks so far have ended. */
	ended(): Promise<void>;
}

export function createTaskQueue(): TaskQueue {
	let last: Promise<unknown> = Promise.resolve();
	return {
		run(task) {
			const result = last.then(task);
			last = result.catch(() => {});
			return result;
		},
		async ended() {
			await last;
		},
	};
}
