/** The nodes that run, or have answered guests. */
import type { InstanceHistory } from "../../store/history-store.ts";
import { NODE_MAX_AGE, type NodeStore } from "../../store/node-store.ts";

export interface OverviewNode {
	readonly name: string;
	/** When it last said that it runs, in milliseconds since 1970. */
	readonly seenAt: number;
	/** When it last answered a guest; absent if it has not answered any. */
	readonly lastAt?: number;
}

/**
 * The nodes of the last hour, by name. A store that can't be read is reported: without it, those are found that have
 * answered guests.
 *
 * @param lines of the request history
 */
export async function findNodes(
	store: Pick<NodeStore, "list">,
	lines: Iterable<InstanceHistory>,
	onError: (error: unknown) => void,
): Promise<readonly OverviewNode[]> {
	const answered = new Map<string, number>();
	for (const { node, last_at: at } of lines) answered.set(node, Math.max(answered.get(node) ?? 0, at));
	const running = await store.list().catch((error: unknown) => {
		onError(error);
		return new Map<string, number>();
	});
	// A node of an older version does not say that it runs.
	const recent = [...answered].filter(([, at]) => at > Date.now() - NODE_MAX_AGE);
	const seen = [...new Map([...recent, ...running])].toSorted(([a], [b]) => (a < b ? -1 : 1));
	return seen.map(([name, seenAt]) => {
		const lastAt = answered.get(name);
		return { name, seenAt, ...(lastAt !== undefined && { lastAt }) };
	});
}
