/** Says in the state that this node runs, so that operators see every node, and notice one that is gone. */
import { setTimeout } from "node:timers/promises";
import type { NodeStore } from "../store/node-store.ts";

/** Milliseconds between two times. */
const INTERVAL = 10_000;

/** @returns ends it */
export function startHeartbeat(
	store: Pick<NodeStore, "seen">,
	node: string,
	interval: number = INTERVAL,
): () => Promise<void> {
	const closing = new AbortController();
	const run = async () => {
		for (;;) {
			// With a state that can't be written the node is shown as gone, which is as good as true.
			await store.seen(node).catch(() => {});
			await setTimeout(interval, undefined, { signal: closing.signal, ref: false });
		}
	};
	const running = run().catch(() => {}); // it was closed
	return async () => {
		closing.abort();
		await running;
	};
}
