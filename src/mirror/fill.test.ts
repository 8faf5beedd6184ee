import { expect, onTestFinished, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { PageOptions, ResourceReader } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase } from "../store/database.ts";
import { systemClock } from "./clock.ts";
import { createDoubts } from "./doubts.ts";
import { fillMirror } from "./fill.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

/** Fills a mirror from a listing of two pages, the second of which is refused a number of times. */
async function fill(refusals: number) {
	const state = await openDatabase("memory");
	onTestFinished(() => state.close());
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const network = (id: string): Resource => ({
		...{ kind: "network", id, requestedAt: 1 },
		content: { id, name: id, mtu: 1500, tags: [] },
	});
	const asked: (string | undefined)[] = [];
	const reader = {
		kinds: ["network"],
		async page(_kind: string, { marker }: PageOptions) {
			asked.push(marker);
			if (asked.length > 20) throw new Error("the same pages again and again");
			if (marker === undefined) return { resources: [network("a")], unreadable: [], next: "a" };
			if (refusals-- > 0) throw new GuestwireError("cloud-answer", "the answer is not JSON");
			return { resources: [network("b")], unreadable: [] };
		},
	} as unknown as ResourceReader;
	const filling = fillMirror({
		...{ reader, store, clock: systemClock, doubts: createDoubts(() => 0), waitingGuests: () => 0 },
		reads: { byId: async () => {}, referringTo: async () => {} },
		instances: { refresh: async () => {}, complete: async () => {} },
		signal: new AbortController().signal,
	});
	return { filling, asked, store };
}

test("a page whose marker is gone is followed by the first one", async () => {
	const { filling, asked, store } = await fill(1);
	await filling;
	expect(asked).toEqual([undefined, "a", undefined, "a"]);
	expect((await store.stats()).resources).toEqual({ network: 2 });
});

test("a page that is refused again ends the fill, so that the failure is reported and the next try waits", async () => {
	const { filling, asked } = await fill(Number.POSITIVE_INFINITY);
	await expect(filling).rejects.toThrow("not JSON");
	expect(asked).toEqual([undefined, "a", undefined, "a"]);
});
