import { expect, onTestFinished, test } from "vitest";
import type { RemoteSource } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase } from "../store/database.ts";
import { systemClock } from "./clock.ts";
import { noEvents } from "./mirror-events.ts";
import { openMirror } from "./open-mirror.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

const network = (id: string): Resource<"network"> => ({
	...{ kind: "network", id, requestedAt: 1, revision: 1 },
	content: { id, name: id, mtu: 1500, tags: [] },
});

/** A cloud that has one network, and reports every change. */
function cloudWith(only: Resource<"network">): RemoteSource {
	const resources: RemoteSource["resources"] = {
		kinds: ["network"],
		page: async () => ({ resources: [only], unreadable: [] }),
		revisionPage: async () => ({ revisions: [{ id: only.id, revision: 1 }], requestedAt: Date.now() }),
		byId: async (_kind, ids) => ({
			resources: ids.includes(only.id) ? [only] : [],
			gone: ids.filter((id) => id !== only.id),
			...{ unreadable: [], requestedAt: Date.now() },
		}),
		referringTo: async () => ({ resources: [], gone: [], unreadable: [], requestedAt: Date.now() }),
	};
	const listen: RemoteSource["signals"][number]["listen"] = (handler) => {
		handler.onGap(undefined);
		return async () => {};
	};
	return {
		resources,
		signals: [{ name: "bus", neededFor: "every kind", listen }],
		close: async () => {},
	} as unknown as RemoteSource;
}

test("what was deleted after a watcher died without recording its fill is deleted at once, and not counted as missed", async () => {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	await store.apply({ upserts: [network("gone"), network("kept")] });
	const missed: string[] = [];
	// Each look at the clock is later than the one before.
	let time = Date.now();
	const { source } = await openMirror(cloudWith(network("kept")), {
		...{ store, freshness: 15, userData: true, profile: "full", sweepSeconds: 3600, pollSeconds: 1 },
		clock: { ...systemClock, now: () => ++time },
		events: { ...noEvents, onMissedChanges: (_kind, ids) => void missed.push(...ids) },
	});
	onTestFinished(async () => {
		await source.close();
		await state.close();
	});
	const ids = async () =>
		(await store.read([{ kind: "network", ids: ["gone", "kept"] }])).resources.map(({ id }) => id);
	await expect.poll(ids, { timeout: 10_000 }).toEqual(["kept"]);
	expect(missed).toEqual([]);
});
