/** The mirror's storage in the state database, the same queries on either engine. */
import { GuestwireError } from "../errors.ts";
import type { ResourceKind } from "../source/resource.ts";
import type { StateDatabase } from "../store/database.ts";
import { applyBatch, withoutUserData } from "./apply-batch.ts";
import { createKnownTimes } from "./known-times.ts";
import type { MirrorMeta, MirrorStats, MirrorStore, MirrorStoreOptions } from "./mirror-store.ts";
import { revisionPages, scanPages, serverPages } from "./pages.ts";
import { changesSince, lastSequence, purge, readSelected } from "./queries.ts";

/** How the mirror was made, in `mirror_meta` beside `MirrorMeta`. */
const ORIGIN = "origin";

/**
 * Opens the mirror. It empties one that was made of another source.
 *
 * @throws GuestwireError `state`
 */
export async function openMirrorStore(state: StateDatabase, options: MirrorStoreOptions): Promise<MirrorStore> {
	await claim(state, options);
	return storeOf(state, options);
}

/**
 * Opens the mirror to read it, and changes nothing.
 *
 * @throws GuestwireError `state`: there is none of this source, or it is not filled
 */
export async function openFilledMirror(state: StateDatabase, sourceId: string): Promise<ReadableMirror> {
	const [origin, fill] = await Promise.all([
		getMeta<Origin>(state, ORIGIN),
		getMeta<MirrorMeta["fill"]>(state, "fill"),
	]);
	if (origin?.sourceId !== sourceId || fill?.finishedAt === undefined) {
		const what = origin?.sourceId === sourceId ? "the mirror is not filled yet" : "there is no mirror of this cloud";
		throw new GuestwireError("state", `state ${state.name}: ${what}: run guestwire serve with this state first`);
	}
	return { ...storeOf(state, origin), hasUserData: origin.userData };
}

export interface ReadableMirror extends Pick<MirrorStore, "read" | "servers" | "getMeta"> {
	/** Whether servers' user data is stored. */
	readonly hasUserData: boolean;
}

type StoreOptions = Pick<MirrorStoreOptions, "userData" | "now" | "onTimeAhead">;

function storeOf(state: StateDatabase, { userData, now = Date.now, onTimeAhead }: StoreOptions): MirrorStore {
	const times = createKnownTimes(now, onTimeAhead);
	return {
		read: (selectors) => state.read((database) => readSelected(database, selectors, times)),
		async apply(batch) {
			const stored = userData ? batch : withoutUserData(batch);
			return state.write((database) => applyBatch(database, stored, state.announce, times));
		},
		changesSince: (sequence) => state.read((database) => changesSince(database, sequence)),
		revisions: (kind) => revisionPages(state, kind, times),
		servers: () => serverPages(state),
		scan: (kind) => scanPages(state, kind, times),
		getMeta: (name) => getMeta(state, name),
		setMeta: (name, value) => setMeta(state, name, value),
		purge: (requestedBefore) => state.maintain((database) => purge(database, requestedBefore)),
		stats: () => stats(state),
		onChange: (since, listener) => onChange(state, since, listener),
		lead: (signal) => state.acquireLock("mirror", signal),
	};
}

async function claim(state: StateDatabase, { sourceId, userData }: MirrorStoreOptions): Promise<void> {
	const found = await getMeta<Origin>(state, ORIGIN);
	if (found?.sourceId === sourceId && found.userData === userData) return;
	await state.maintain((database) =>
		database.transaction().execute(async (transaction) => {
			if (found !== undefined && found.sourceId !== sourceId) {
				for (const table of ["mirror_resources", "mirror_keys", "mirror_meta"] as const) {
					await transaction.deleteFrom(table).execute();
				}
			} else if (found?.userData === true && !userData) {
				await transaction.deleteFrom("mirror_resources").where("kind", "=", "server").execute();
				await transaction.deleteFrom("mirror_meta").where("name", "=", "fill").execute();
			}
			// The mirror no longer knows what is gone, so readers can't learn it: it is purged.
			await transaction
				.updateTable("mirror_state")
				.set(({ eb }) => ({ sequence: eb("sequence", "+", 1), purged_sequence: eb("sequence", "+", 1) }))
				.execute();
			await transaction
				.insertInto("mirror_meta")
				.values({ name: ORIGIN, value: JSON.stringify({ sourceId, userData } satisfies Origin) })
				.onConflict((conflict) => conflict.column("name").doUpdateSet((eb) => ({ value: eb.ref("excluded.value") })))
				.execute();
			await state.announce(transaction);
		}),
	);
}

interface Origin {
	readonly sourceId: string;
	readonly userData: boolean;
}

function getMeta<Value>(state: StateDatabase, name: string): Promise<Value | undefined> {
	return state.read(async (database) => {
		const query = database.selectFrom("mirror_meta").select("value").where("name", "=", name);
		const row = await query.executeTakeFirst();
		return row && JSON.parse(row.value);
	});
}

async function setMeta(state: StateDatabase, name: keyof MirrorMeta, value: unknown): Promise<void> {
	await state.write((database) =>
		database
			.insertInto("mirror_meta")
			.values({ name, value: JSON.stringify(value) })
			.onConflict((conflict) => conflict.column("name").doUpdateSet((eb) => ({ value: eb.ref("excluded.value") })))
			.execute(),
	);
}

async function stats(state: StateDatabase): Promise<MirrorStats> {
	const [counts, sequence, bytes] = await Promise.all([
		state.maintain((database) =>
			database
				.selectFrom("mirror_resources")
				.select(({ fn }) => ["kind", fn.countAll<number>().as("count")])
				.where("content", "is not", null)
				.groupBy("kind")
				.execute(),
		),
		state.read(lastSequence),
		state.size(),
	]);
	const resources = Object.fromEntries(counts.map(({ kind, count }) => [kind as ResourceKind, count]));
	return { sequence, resources, bytes };
}

function onChange(state: StateDatabase, since: number, listener: (sequence: number) => void): () => Promise<void> {
	let reported = since;
	const look = async () => {
		const sequence = await state.read(lastSequence);
		if (sequence === reported) return;
		reported = sequence;
		listener(sequence);
	};
	// A failed look is followed by another one.
	const check = () => void look().catch(() => {});
	check();
	return state.listen(check);
}
