/** The passwords that guests post for their owners: kept over restarts, each set once. */
import type { Kysely } from "kysely";
import { GuestwireError } from "../errors.ts";
import type { StateDatabase } from "./database.ts";

export interface PasswordStore {
	/** The bytes as they were posted. */
	get(instanceId: string): Promise<Uint8Array | undefined>;
	/** Stores the first password of an instance; false, and nothing changes, when it has one already. */
	setOnce(instanceId: string, password: Uint8Array): Promise<boolean>;
	close(): Promise<void>;
}

/**
 * The same queries on either engine.
 *
 * @throws GuestwireError `state`, here and from every call, when the database can't be used
 */
export async function openPasswordStore({ name, advice, open, bytesType }: StateDatabase): Promise<PasswordStore> {
	const inState = async <T>(work: () => Promise<T>): Promise<T> => {
		try {
			return await work();
		} catch (error) {
			throw new GuestwireError("state", `state ${name}: ${(error as Error).message}: ${advice}`, { cause: error });
		}
	};
	const database = await inState(async () => open<Tables>());
	try {
		// Two nodes that start at once may both find no table; the second try then finds the other's.
		const create = () => createTables(database, bytesType);
		await inState(() => create().catch(create));
	} catch (error) {
		await database.destroy();
		throw error;
	}
	return {
		get: (instanceId) =>
			inState(async () => {
				const query = database.selectFrom("passwords").select("password").where("instance_id", "=", instanceId);
				return (await query.executeTakeFirst())?.password;
			}),
		setOnce: (instanceId, password) =>
			inState(async () => {
				const row = { instance_id: instanceId, password: Buffer.from(password) };
				const insert = database
					.insertInto("passwords")
					.values(row)
					.onConflict((conflict) => conflict.doNothing());
				return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
			}),
		close: () => database.destroy(),
	};
}

interface Tables {
	passwords: { instance_id: string; password: Uint8Array };
}

function createTables(database: Kysely<Tables>, bytesType: StateDatabase["bytesType"]): Promise<void> {
	return database.schema
		.createTable("passwords")
		.ifNotExists()
		.addColumn("instance_id", "text", (column) => column.primaryKey())
		.addColumn("password", bytesType, (column) => column.notNull())
		.execute();
}
