import { expect, test } from "vitest";
import type { ResourceReader } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase } from "../store/database.ts";
import { createDoubts } from "./doubts.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { reread } from "./reread.ts";

const details = (id: string, requestedAt: number): Resource => ({
	...{ kind: "server_details", id, requestedAt },
	content: { volumeAttachments: [], interfaceAttachments: [] },
});

test("all details that signals may have missed are read again, of the others those that were read longest ago", async () => {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true, now: () => 2000 });
	const [lost, since] = [300, 500].map((count, at) =>
		Array.from({ length: count }, (_, number) =>
			details(`${"ab"[at]}${String(number).padStart(3, "0")}`, at * 1000 + number + 1),
		),
	);
	// They were read while a clock was ahead.
	const ahead = Array.from({ length: 250 }, (_, number) => details(`c${String(number).padStart(3, "0")}`, 9_000_000));
	await store.apply({ upserts: [...(since ?? []), ...(lost ?? []), ...ahead] });
	const read: string[] = [];
	const run = async (until: number) => {
		read.length = 0;
		await reread({
			...{ reader: { kinds: [] } as unknown as ResourceReader, store, until, unlistedFrom: 1000, comparedAt: 0 },
			...{ clock: { now: () => 2000, sleep: async () => {} }, signal: new AbortController().signal },
			...{ handle: async ({ id }) => void read.push(id), isReported: () => false, areSignalsComplete: () => true },
			...{ doubts: createDoubts(() => 0), pace: (work) => work(), userData: true, grace: 0 },
			events: { onMissedChanges: () => {} },
		});
		return read;
	};
	const ids = (some: readonly Resource[] = []) => some.map(({ id }) => id);
	expect(await run(3000)).toEqual([...ids(ahead), ...ids(lost), ...ids(since).slice(0, 200)]);
	// The next comparison is due.
	expect(await run(1000)).toEqual([...ids(ahead).slice(0, 4), ...ids(since).slice(0, 4)]);
	await state.close();
});

test("a change counts as missed only if no signal arrives in time", async () => {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	await store.apply({ upserts: [details("reported", 1), details("missed", 2)] });
	let now = 2000;
	const read = async (id: string) => {
		const content = { volumeAttachments: [{ volumeId: "new", serverId: id }], interfaceAttachments: [] };
		await store.apply({ upserts: [{ kind: "server_details", id, requestedAt: now, content }] });
	};
	const missed: string[] = [];
	await reread({
		...{ reader: { kinds: [] } as unknown as ResourceReader, store, until: 3000, unlistedFrom: 0, comparedAt: 0 },
		clock: {
			now: () => now,
			async sleep() {
				now++;
				await read("reported");
			},
		},
		...{ handle: ({ id }) => read(id), isReported: () => false, areSignalsComplete: () => true },
		...{ doubts: createDoubts(() => 0), pace: (work) => work(), userData: true, grace: 5000 },
		...{ signal: new AbortController().signal, events: { onMissedChanges: (_, ids) => void missed.push(...ids) } },
	});
	expect(missed).toEqual(["missed"]);
	await state.close();
});
