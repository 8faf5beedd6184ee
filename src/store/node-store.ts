/** The nodes that share the state, and when each of them last said that it runs. */
import type { StateDatabase } from "./database.ts";

/** Every call rejects with a `GuestwireError` of code `state` if the database can't be used. */
export interface NodeStore {
	/** The node runs. Those that have not said so for an hour are forgotten. */
	seen(name: string): Promise<void>;
	/** The nodes of the last hour with the time when each was last seen, in milliseconds since 1970, by name. */
	list(): Promise<ReadonlyMap<string, number>>;
}

/** Milliseconds for which a node is remembered: long enough to see which one is gone, and since when. */
export const NODE_MAX_AGE = 3_600_000;

/** @param now milliseconds since 1970 */
export function createNodeStore(state: StateDatabase, now: () => number = Date.now): NodeStore {
	return {
		seen: (name) =>
			state.write(async (database) => {
				await database
					.insertInto("nodes")
					.values({ name, seen_at: now() })
					.onConflict((conflict) =>
						conflict.column("name").doUpdateSet((eb) => ({ seen_at: eb.ref("excluded.seen_at") })),
					)
					.execute();
				await database
					.deleteFrom("nodes")
					.where("seen_at", "<", now() - NODE_MAX_AGE)
					.execute();
			}),
		async list() {
			const since = now() - NODE_MAX_AGE;
			const rows = await state.read((database) =>
				database.selectFrom("nodes").selectAll().where("seen_at", ">=", since).orderBy("name").execute(),
			);
			return new Map(rows.map(({ name, seen_at }) => [name, seen_at]));
		},
	};
}
