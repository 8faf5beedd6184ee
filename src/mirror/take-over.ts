/** What a process does first when it becomes the watcher. */
import { hostname } from "node:os";
import { FACTS_VERSION } from "./facts-version.ts";
import type { MirrorStore } from "./mirror-store.ts";

/**
 * Records this process as the watcher. What one of another version has stored is to be read again.
 *
 * @param since milliseconds since 1970
 */
export async function takeOver(store: Pick<MirrorStore, "getMeta" | "setMeta">, since: number): Promise<void> {
	const before = await store.getMeta("leader");
	const isOther = before !== undefined && before.facts !== FACTS_VERSION;
	if (isOther) await store.setMeta("facts", { version: FACTS_VERSION, kinds: {} });
	await store.setMeta("leader", { host: hostname(), pid: process.pid, since, facts: FACTS_VERSION });
}
