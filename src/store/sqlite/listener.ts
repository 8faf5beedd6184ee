/** Notices that a transaction has changed the file. */
import { type Kysely, sql } from "kysely";

/** Milliseconds. A look takes some microseconds. */
const INTERVAL = 100;

/** SQLite sends no messages between processes, but each connection can see that another one has written. */
export function pollForChanges<Tables>(reader: Kysely<Tables>, listener: () => void): () => Promise<void> {
	// `data_version` is about other connections, `total_changes` about this one: the database may be in memory.
	const query = sql<{ version: number }>`select data_version + total_changes() as version from pragma_data_version()`;
	let last: number | undefined;
	const look = async () => {
		const version = (await query.execute(reader)).rows[0]?.version;
		if (last !== undefined && version !== last) listener();
		last = version;
	};
	// A failed look is followed by another one.
	const poll = () => void look().catch(() => {});
	poll();
	const timer = setInterval(poll, INTERVAL).unref();
	return async () => clearInterval(timer);
}
