/** The passwords that guests post for their owners. */
import type { StateDatabase } from "./database.ts";

/** Each instance's password is set once and survives restarts. Calls reject as those of `StateDatabase`. */
export interface PasswordStore {
	/** The bytes as they were posted. */
	get(instanceId: string): Promise<Uint8Array | undefined>;
	/** Stores the first password of an instance. Resolves to false, and changes nothing, if it has one already. */
	setOnce(instanceId: string, password: Uint8Array): Promise<boolean>;
}

export function createPasswordStore(state: StateDatabase): PasswordStore {
	return {
		get: (instanceId) =>
			state.read(async (database) => {
				const query = database.selectFrom("passwords").select("password").where("instance_id", "=", instanceId);
				return (await query.executeTakeFirst())?.password;
			}),
		setOnce: (instanceId, password) =>
			state.write(async (database) => {
				const insert = database
					.insertInto("passwords")
					.values({ instance_id: instanceId, password: Buffer.from(password) })
					.onConflict((conflict) => conflict.doNothing());
				return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
			}),
	};
}
