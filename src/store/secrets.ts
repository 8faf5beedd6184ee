/** Random keys that every process and node with the same state shares. */
import { randomBytes } from "node:crypto";
import type { StateDatabase } from "./database.ts";

const KEY_BYTES = 32;

/**
 * The key of a name: 32 random bytes, made for the first caller.
 *
 * @throws GuestwireError `state`
 */
export async function sharedKey(
	state: StateDatabase,
	name: "random_seed" | "history" | "drive_links",
): Promise<Uint8Array> {
	const known = await state.read(async (database) =>
		database.selectFrom("secrets").select("value").where("name", "=", name).executeTakeFirst(),
	);
	if (known !== undefined) return known.value;
	return state.write(async (database) => {
		const insert = database.insertInto("secrets").values({ name, value: randomBytes(KEY_BYTES) });
		// Another process may have been faster: its key counts.
		await insert.onConflict((conflict) => conflict.doNothing()).execute();
		const query = database.selectFrom("secrets").select("value").where("name", "=", name);
		return (await query.executeTakeFirstOrThrow()).value;
	});
}
