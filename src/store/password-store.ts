/** The passwords that guests post for their owners. */
import type { StateDatabase } from "./database.ts";

/**
 * A password belongs to one launch of its instance: Nova launches it anew when it is rebuilt, and the guest has another
 * one then. `launched` is the time of the last launch; without it, a password stays until it is cleared. Calls reject
 * as those of `StateDatabase`.
 */
export interface PasswordStore {
	/** The bytes as they were posted. */
	get(instanceId: string, launched?: Date): Promise<Uint8Array | undefined>;
	/** Stores the first password of a launch. Resolves to false, and changes nothing, if there is one already. */
	setOnce(instanceId: string, password: Uint8Array, launched?: Date): Promise<boolean>;
	/** Resolves to false if there was none. */
	clear(instanceId: string): Promise<boolean>;
}

/**
 * Milliseconds. Nova notes the time of a launch shortly after the guest starts, by a clock of its own: a password that
 * seems to be older by less than this belongs to the launch.
 */
export const LAUNCH_TOLERANCE = 60_000;

const oldest = (launched: Date | undefined) => (launched === undefined ? 0 : launched.getTime() - LAUNCH_TOLERANCE);

/** @param now in milliseconds since 1970 */
export function createPasswordStore(state: StateDatabase, now: () => number = Date.now): PasswordStore {
	return {
		get: (instanceId, launched) =>
			state.read(async (database) => {
				const query = database
					.selectFrom("passwords")
					.select("password")
					.where("instance_id", "=", instanceId)
					.where((where) => where.or([where("posted_at", "is", null), where("posted_at", ">=", oldest(launched))]));
				return (await query.executeTakeFirst())?.password;
			}),
		setOnce: (instanceId, bytes, launched) =>
			state.write(async (database) => {
				const posted = { password: Buffer.from(bytes), posted_at: now() };
				const insert = database
					.insertInto("passwords")
					.values({ instance_id: instanceId, ...posted })
					.onConflict((conflict) =>
						conflict.column("instance_id").doUpdateSet(posted).where("passwords.posted_at", "<", oldest(launched)),
					);
				return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
			}),
		clear: (instanceId) =>
			state.write(async (database) => {
				const query = database.deleteFrom("passwords").where("instance_id", "=", instanceId);
				return (await query.executeTakeFirst()).numDeletedRows === 1n;
			}),
	};
}
