import type { Kysely } from "kysely";

/** A database that state is kept in: one engine, and what its errors are to say. */
export interface StateDatabase {
	/** For errors: the file or the host. Never holds a password. */
	readonly name: string;
	/** What to do when it can't be used. */
	readonly advice: string;
	/** The engine's type for bytes. */
	readonly bytesType: "blob" | "bytea";
	open<Tables>(): Kysely<Tables>;
}
