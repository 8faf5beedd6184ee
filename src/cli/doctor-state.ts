/** Tries the state database as `serve` opens it. */
import { PassThrough } from "node:stream";
import { GuestwireError } from "../errors.ts";
import { type CheckResult, checkPart } from "../source/source-kind.ts";
import type { StateDatabase } from "../store/database.ts";
import type { Config } from "./config-schema.ts";
import type { Io } from "./frame.ts";
import { openState } from "./state.ts";

const MEBIBYTE = 1024 * 1024;

export async function checkState(config: Config["state"], io: Io): Promise<CheckResult> {
	return checkPart("state", async () => {
		const stderr = new PassThrough();
		const state = await openState(config, { ...io, stderr });
		try {
			const warning = stderr
				.read()
				?.toString()
				.replace(/^guestwire: /, "")
				.trim();
			if (warning !== undefined) throw new GuestwireError("state", warning);
			await tryWriting(state);
			return `${state.name}: writable, ${Math.ceil((await state.size()) / MEBIBYTE)} MiB`;
		} finally {
			await state.close();
		}
	});
}

/** Leaves nothing behind. */
async function tryWriting(state: StateDatabase): Promise<void> {
	await state.write((database) =>
		database.transaction().execute(async (transaction) => {
			await transaction.insertInto("mirror_meta").values({ name: "doctor", value: "null" }).execute();
			await transaction.deleteFrom("mirror_meta").where("name", "=", "doctor").execute();
		}),
	);
}
