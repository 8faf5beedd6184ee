/** The passwords that guests post for their owners. */
import type { StateDatabase } from "./database.ts";

/**
 * What a guest sees of the passwords. Nova launches an instance anew when it is rebuilt, and the new guest has another
 * password: for guests, a password belongs to one launch. `launched` is the time of the last launch; without it, a password
 * stays until it is cleared. Calls reject as those of `StateDatabase`.
 */
export interface GuestPasswords {
	/** The bytes as they were posted, if they were posted since the last launch. */
	get(instanceId: string, launched?: Date): Promise<Uint8Array | undefined>;
	/** Stores the first password of a launch. Resolves to false, and changes nothing, if there is one already. */
	setOnce(instanceId: string, password: Uint8Array, launched?: Date): Promise<boolean>;
}

/**
 * What an operator sees, too. Nova sets the time of a launch also for a resize, a migration and an unshelving, after which
 * the guest is the same and its password still valid. Nothing distinguishes those from a rebuild, so the last password is
 * never hidden from its owner.
 */
export interface PasswordStore extends GuestPasswords {
	/** The password that was posted last, of whichever launch. */
	last(instanceId: string, launched?: Date): Promise<PostedPassword | undefined>;
	/** Resolves to false if there was none. */
	clear(instanceId: string): Promise<boolean>;
}

export interface PostedPassword {
	/** The bytes as they were posted. */
	readonly password: Uint8Array;
	readonly posted: Date;
	/** Whether the instance was launched again since: the guest may be another one. */
	readonly launchedSince: boolean;
}

/**
 * Milliseconds. Nova notes the time of a launch when its driver reports that the guest runs, which is a second or two after
 * its start (nova/compute/manager.py, `_update_instance_after_spawn`), and by the clock of another machine. A password that
 * seems to be older by less than this belongs to the launch. It has to be shorter than what a rebuild takes from a guest's
 * last request to the start of the next guest; otherwise the new guest could not post its password.
 */
export const LAUNCH_TOLERANCE = 10_000;

const oldest = (launched: Date | undefined) => (launched === undefined ? 0 : launched.getTime() - LAUNCH_TOLERANCE);

/** @param now in milliseconds since 1970 */
export function createPasswordStore(state: StateDatabase, now: () => number = Date.now): PasswordStore {
	const last: PasswordStore["last"] = (instanceId, launched) =>
		state.read(async (database) => {
			const query = database.selectFrom("passwords").select(["password", "posted_at"]);
			const row = await query.where("instance_id", "=", instanceId).executeTakeFirst();
			if (row === undefined) return undefined;
			const { password, posted_at } = row;
			return { password, posted: new Date(posted_at), launchedSince: posted_at < oldest(launched) };
		});
	return {
		last,
		async get(instanceId, launched) {
			const found = await last(instanceId, launched);
			return found?.launchedSince ? undefined : found?.password;
		},
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
