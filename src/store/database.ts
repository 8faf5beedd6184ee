/** The state database: one engine of two, opened and migrated. */
import type { Kysely, RawBuilder } from "kysely";
import { GuestwireError } from "../errors.ts";
import { RejectedStatementError } from "./rejected-statement.ts";

/** Where the state is kept. */
export type StateLocation =
	/** A file, created if it is missing, with mode 0600. */
	| { readonly sqlite: string }
	/** `postgres://user@host:port/database`; the password comes from PGPASSWORD or the file named by PGPASSFILE. */
	| { readonly postgres: string }
	/** Lost when the process ends. */
	| "memory";

/** Every table. A migration in `migrations/` creates each of them. */
export interface StateTables {
	/** `posted_at` is in milliseconds since 1970. */
	passwords: { instance_id: string; password: Uint8Array; posted_at: number };
	secrets: { name: string; value: Uint8Array };
	/** `content` is JSON; null: deleted. `requested_at` is in milliseconds since 1970. */
	mirror_resources: {
		kind: string;
		id: string;
		revision: number | null;
		requested_at: number;
		sequence: number;
		content: string | null;
	};
	mirror_keys: { kind: string; name: string; value: string; id: string };
	/** `value` is JSON. */
	mirror_meta: { name: string; value: string };
	/** One row. */
	mirror_state: { sequence: number; purged_sequence: number };
	/** What an instance's guest last requested. Times are in milliseconds since 1970. */
	history_instances: {
		instance_id: string;
		first_at: number;
		last_at: number;
		last_status: number;
		requests: number;
		failures: number;
		/** `name` or `name@version`; null: unknown. */
		client: string | null;
		/** What the guest has requested: a set of bits. Those of all processes are added. */
		client_traits: number;
		/** How well `client` is known: a less certain one does not replace it. */
		client_certainty: number;
		user_agent: string;
		node: string;
		/** Since when the guest has old documents, as far as that was noticed; null: it has none, or that is not known. */
		outdated_at: number | null;
		/** When the guest's documents were first compared; null: not compared, or nothing to compare. */
		compared_at: number | null;
		sequence: number;
	};
	/** The last answer for each document. `digest` is empty if there was no document any more. */
	history_documents: {
		instance_id: string;
		path: string;
		digest: string;
		at: number;
		status: number;
		bytes: number;
		user_agent: string;
		listener: string;
		node: string;
	};
	/** Requests of one instance, as the request history encodes them. */
	history_requests: { instance_id: string; at: number; writer: string; count: number; content: string };
	/** `content` is compressed. */
	history_versions: {
		instance_id: string;
		path: string;
		digest: string;
		first_at: number;
		last_at: number;
		content: Uint8Array;
	};
	history_refusals: {
		source: string;
		reason: string;
		listener: string;
		count: number;
		first_at: number;
		last_at: number;
		/** JSON: what is known of the last such request. */
		content: string;
		node: string;
		sequence: number;
	};
	/** One row: the number of the last batch. */
	history_state: { sequence: number };
	/** When each node last said that it runs, in milliseconds since 1970. */
	nodes: { name: string; seen_at: number };
}

/** A lock that this process holds. */
export interface Lock {
	/** Aborts when the database may have given the lock to another process. */
	readonly lost: AbortSignal;
	release(): Promise<void>;
}

export type LockName = "mirror";

/** Runs queries. What it was given has ended when the promise settles. */
export type RunQueries = <T>(queries: (database: Kysely<StateTables>) => Promise<T>) => Promise<T>;

/**
 * An open state database.
 *
 * Every call rejects with a `GuestwireError` of code `state` if the database can't be used; it is a
 * `RejectedStatementError` if the database rejects the statement.
 */
export interface StateDatabase {
	/** For messages: the file or the host. Never contains a password. */
	readonly name: string;
	/** Runs queries that only read. They never wait for a writer. */
	readonly read: RunQueries;
	/** Runs queries that write, the reads that belong to them, and reads that take long. */
	readonly write: RunQueries;
	/** Runs queries about whole tables, which may take a minute: no guest waits for them. */
	readonly maintain: RunQueries;
	/**
	 * Waits until this process holds the lock of a name. A lock is free again within 10 s of its holder's death.
	 *
	 * @param signal ends the wait, and the promise rejects with its reason
	 */
	acquireLock(name: LockName, signal: AbortSignal): Promise<Lock>;
	/**
	 * Calls back soon after a transaction of any process may have changed the database, also without a cause: who listens
	 * compares numbers. On PostgreSQL only after transactions that call `announce`.
	 *
	 * @returns ends it
	 */
	listen(listener: () => void): () => Promise<void>;
	/** In a transaction: notifies all listeners once it is committed. */
	announce(transaction: Kysely<StateTables>): Promise<void>;
	/**
	 * A table for `from`, whose column `value` holds the elements of a JSON array: a statement that writes any number of
	 * rows is always the same, and has one parameter for all of them.
	 */
	elementsOf(json: string): RawBuilder<unknown>;
	/** The bytes that hexadecimal digits stand for: JSON has no others. */
	bytesOf(hexadecimal: RawBuilder<string>): RawBuilder<Uint8Array>;
	/** The text of a member of the JSON object that a column holds; null if it has none. */
	memberOf(column: string, member: string): RawBuilder<string | null>;
	/** The size of the database, in bytes. */
	size(): Promise<number>;
	/** May be called again. */
	close(): Promise<void>;
}

/** What an engine provides. `openDatabase` adds the errors. */
export interface Engine {
	readonly name: string;
	/** What to do if the database can't be used; the end of every error. */
	readonly advice: string;
	/** Whether an error says that the statement itself is rejected, for its values or its size. */
	isRejection(error: unknown): boolean;
	/** Opens the database and migrates it. Closes what it opened if that fails. */
	open(): Promise<Connections>;
}

/** Connections of one engine. */
export interface Connections {
	readonly reader: Kysely<StateTables>;
	readonly writer: Kysely<StateTables>;
	readonly maintainer: Kysely<StateTables>;
	/** As those of `StateDatabase`. */
	readonly acquireLock: StateDatabase["acquireLock"];
	readonly listen: StateDatabase["listen"];
	readonly announce: StateDatabase["announce"];
	readonly elementsOf: StateDatabase["elementsOf"];
	readonly bytesOf: StateDatabase["bytesOf"];
	readonly memberOf: StateDatabase["memberOf"];
	readonly size: StateDatabase["size"];
	close(): Promise<void>;
}

/**
 * Opens the state database and creates or updates its tables. Several processes may do so at once.
 *
 * @throws GuestwireError `state`
 */
export async function openDatabase(location: StateLocation): Promise<StateDatabase> {
	const { name, advice, isRejection, open } = await engineOf(location);
	const withStateErrors = async <T>(work: () => Promise<T>): Promise<T> => {
		try {
			return await work();
		} catch (error) {
			const message = `state ${name}: ${(error as Error).message}`;
			if (isRejection(error)) throw new RejectedStatementError(message, { cause: error });
			throw new GuestwireError("state", `${message}: ${advice}`, { cause: error });
		}
	};
	const connections = await withStateErrors(open);
	const { reader, writer, maintainer, acquireLock, listen, announce, elementsOf, bytesOf, memberOf, size, close } =
		connections;
	let closing: Promise<void> | undefined;
	return {
		name,
		read: (queries) => withStateErrors(() => queries(reader)),
		write: (queries) => withStateErrors(() => queries(writer)),
		maintain: (queries) => withStateErrors(() => queries(maintainer)),
		acquireLock: (lock, signal) =>
			withStateErrors(() => acquireLock(lock, signal)).catch((error) => {
				signal.throwIfAborted();
				throw error;
			}),
		listen,
		announce,
		elementsOf,
		bytesOf,
		memberOf,
		size: () => withStateErrors(size),
		async close() {
			closing ??= close();
			await closing;
		},
	};
}

/** PostgreSQL's client is loaded only where it is used. */
async function engineOf(location: StateLocation): Promise<Engine> {
	if (location !== "memory" && "postgres" in location) {
		const { postgresEngine } = await import("./postgres/engine.ts");
		return postgresEngine(location.postgres);
	}
	const { memoryEngine, sqliteEngine } = await import("./sqlite/engine.ts");
	return location === "memory" ? memoryEngine() : sqliteEngine(location.sqlite);
}
