/** Waiting between attempts while the source or the database is away. */
import { GuestwireError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { MirrorEvents } from "./mirror-events.ts";

/** Milliseconds. */
const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;

export interface Retries {
	/** Resolves when the next attempt may be made. All that failed since the last attempt wait for the same one. */
	failed(error: unknown): Promise<void>;
	succeeded(): void;
}

/** What the log says of failures, before their reason, and of the success after them. */
export interface RetryTexts {
	readonly failed: string;
	readonly succeeded: string;
}

const UPDATES: RetryTexts = { failed: "the mirror is not updated", succeeded: "the mirror is updated again" };

/** The first failure is logged, and the first success after it. */
export function createRetries(
	clock: Clock,
	signal: AbortSignal,
	onLog: MirrorEvents["onLog"],
	texts = UPDATES,
): Retries {
	let delay = 0;
	let next: Promise<void> | undefined;
	return {
		async failed(error) {
			signal.throwIfAborted();
			if (delay === 0) onLog("warn", `${texts.failed}: ${textOf(error)}`);
			if (next === undefined) {
				delay = Math.min(delay * 2 || FIRST_DELAY, LONGEST_DELAY);
				next = clock.sleep(delay, signal).finally(() => {
					next = undefined;
				});
			}
			await next;
		},
		succeeded() {
			if (delay === 0) return;
			delay = 0;
			onLog("info", texts.succeeded);
		},
	};
}

/** An unexpected error has the same effect as an expected one, but its stack is needed to find its cause. */
export function textOf(error: unknown): string {
	if (error instanceof GuestwireError) return error.message;
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
