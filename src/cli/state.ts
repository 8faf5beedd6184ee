/** Opens the state: where the configuration says, else in the file that every command of a user shares. */
import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { DocumentSettings } from "../documents/settings.ts";
import { GuestwireError } from "../errors.ts";
import type { StateDatabase } from "../store/database.ts";
import { sharedKey } from "../store/secrets.ts";
import type { Config } from "./config-schema.ts";
import { type Io, say } from "./frame.ts";
import type { CommandContext } from "./source.ts";

/**
 * Opens the state database. Without `state` in the configuration it is `guestwire.db` in `$STATE_DIRECTORY` (set by
 * systemd), else in `$XDG_STATE_HOME/guestwire`; if that folder can't be written, the state lasts for the process, and
 * standard error says so.
 *
 * @throws GuestwireError `state`
 */
export async function openState({ postgres, sqlite }: Config["state"], io: Io): Promise<StateDatabase> {
	// Commands that need no state don't load the database's library.
	const { openDatabase } = await import("../store/database.ts");
	if (postgres !== undefined) return openDatabase({ postgres });
	if (sqlite !== undefined) return openDatabase({ sqlite });
	const folder = defaultFolder(io.env);
	const file = join(folder, "guestwire.db");
	try {
		await mkdir(folder, { recursive: true, mode: 0o700 });
		await access(folder, constants.W_OK | constants.X_OK);
		return await openDatabase({ sqlite: file });
	} catch (error) {
		// A database that is there holds keys and passwords: to go on without it would change what guests get.
		if (error instanceof GuestwireError && (await hasContent(file))) throw error;
		const reason = error instanceof GuestwireError ? error.message : `${folder} can't be written (${codeOf(error)})`;
		say(io, `${reason}; passwords and the key of random_seed last only for this process: set "state"`);
		return openDatabase("memory");
	}
}

/**
 * Whether every process with this configuration has the same state, whoever runs it: without `state`, the file is in a
 * folder of the user, unless systemd or the image's environment names the service's.
 */
export function isShared({ postgres, sqlite }: Config["state"], env: Io["env"]): boolean {
	return (postgres ?? sqlite ?? env["STATE_DIRECTORY"]) !== undefined;
}

/** For errors about a state that is not, or may not be, the service's. */
export const STATE_ADVICE = 'give its configuration with --config, and name the state there ("state")';

/** Whether the state ends with this process. */
export function isTemporary({ name }: StateDatabase): boolean {
	return name === "in memory";
}

/** For output that shows no `random_seed`. */
export const UNUSED_SEED_KEY = new Uint8Array(32);

/** The settings of documents with the `random_seed` that every process with this state gives. */
export async function seededSettings(
	{ settings }: Pick<CommandContext, "settings">,
	state: StateDatabase,
): Promise<DocumentSettings> {
	return { ...settings, seedKey: await sharedKey(state, "random_seed") };
}

/** https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=, XDG Base Directory. */
function defaultFolder(env: Io["env"]): string {
	// systemd gives a list if a unit has several.
	const [ofService] = (env["STATE_DIRECTORY"] ?? "").split(":");
	if (ofService) return ofService;
	const { XDG_STATE_HOME: base = "", HOME: home = homedir() } = env;
	// The specification says to ignore a relative path.
	return join(isAbsolute(base) ? base : join(home, ".local", "state"), "guestwire");
}

async function hasContent(file: string): Promise<boolean> {
	const found = await stat(file).catch(() => undefined);
	return found !== undefined && found.size > 0;
}

function codeOf(error: unknown): string {
	return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
