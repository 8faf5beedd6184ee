/** Bounds what reports of changes cost: whoever may write to the message bus can forge them. */
import { textOfName } from "../source/resource.ts";
import type { ChangeHandler } from "./change-handler.ts";
import type { Clock } from "./clock.ts";
import type { MirrorStore } from "./mirror-store.ts";

const MINUTE = 60_000;
/** How many resources that neither the mirror nor the source has may be read in a minute. */
const MOST_UNKNOWN = 1000;
/** How often one resource may be read in a minute. Each further reading waits for a pause, in milliseconds. */
const MOST_REPEATS = 60;
const REPEAT_PAUSE = 2000;
/** Between two looks whether another reading may start. Milliseconds. */
const LOOK = 1000;

export interface BoundsOptions {
	readonly store: Pick<MirrorStore, "read">;
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

/** Nothing is left out: what is too much waits. */
export function boundHandler(handle: ChangeHandler, { store, clock, signal }: BoundsOptions): ChangeHandler {
	let minute = 0;
	/** In this minute, by kind and id. */
	const readings = new Map<string, number>();
	let absent = 0;
	/** How many resources that the mirror does not know are being read. */
	let unknown = 0;
	let look: Promise<void> | undefined;

	function startMinute(): void {
		const now = Math.floor(clock.now() / MINUTE);
		if (now === minute) return;
		minute = now;
		absent = 0;
		readings.clear();
	}

	/** It is counted at once: many wait for the same moment. */
	async function countUnknown(): Promise<void> {
		for (;;) {
			startMinute();
			if (absent + unknown < MOST_UNKNOWN) {
				unknown++;
				return;
			}
			look ??= clock.sleep(LOOK, signal).finally(() => {
				look = undefined;
			});
			await look;
		}
	}

	return async (name) => {
		startMinute();
		const key = textOfName(name);
		const count = (readings.get(key) ?? 0) + 1;
		readings.set(key, count);
		if (count > MOST_REPEATS) await clock.sleep(REPEAT_PAUSE, signal);
		const selectors = [{ kind: name.kind, ids: [name.id] }];
		const { resources, deleted } = await store.read(selectors);
		if (resources.length + deleted.length > 0) return handle(name);
		await countUnknown();
		try {
			await handle(name);
			if ((await store.read(selectors)).resources.length === 0) absent++;
		} finally {
			unknown--;
		}
	};
}
