/** What a PostgreSQL state contains. */
import { inflateRawSync } from "node:zlib";
import pg from "pg";

/** Each value of each table as text: bytes with one character each, and as they are uncompressed. */
export async function* storedTexts(url: string): AsyncGenerator<string> {
	const client = new pg.Client(url);
	await client.connect();
	try {
		const { rows: tables } = await client.query("select tablename from pg_tables where schemaname = 'public'");
		for (const { tablename } of tables) {
			const { rows } = await client.query(`select * from ${pg.escapeIdentifier(tablename)}`);
			for (const value of rows.flatMap((row) => Object.values(row))) {
				if (value instanceof Uint8Array) yield* bytesAsTexts(value);
				else yield String(value);
			}
		}
	} finally {
		await client.end();
	}
}

function* bytesAsTexts(bytes: Uint8Array): Generator<string> {
	yield Buffer.from(bytes).toString("latin1");
	try {
		yield inflateRawSync(bytes).toString("latin1");
	} catch {
		// Not compressed.
	}
}
