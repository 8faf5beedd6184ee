import { Command } from "commander";
import { GuestwireError } from "../errors.ts";
import { createPasswordStore, type PostedPassword } from "../store/password-store.ts";
import { type CommonOptions, commonOptions, type Io, say } from "./frame.ts";
import { withInstance } from "./source.ts";
import { isShared, openState, STATE_ADVICE } from "./state.ts";

interface PasswordOptions extends CommonOptions {
	readonly clear?: boolean;
}

/** `guestwire password`: what the guest posted for its owner, byte for byte. */
export function passwordCommand(io: Io): Command {
	return commonOptions(new Command("password"))
		.argument("<instance>", "id or name")
		.option("--clear", "clear the password, so that the guest can post another one")
		.action(async (nameOrId: string, options: PasswordOptions) => {
			await withInstance(nameOrId, options, io, async ({ id, server }, { config }) => {
				const state = await openState(config.state, io);
				try {
					const passwords = createPasswordStore(state);
					const found = await passwords.last(id, server?.launched);
					if (found === undefined) {
						const what = `instance ${id} has no password in ${state.name}: its guest has not posted one`;
						const doubt = isShared(config.state, io.env) ? "" : `, or the service has another state: ${STATE_ADVICE}`;
						throw new GuestwireError("password", `${what}${doubt}`);
					}
					if (options.clear) await passwords.clear(id);
					else show(found, io);
				} finally {
					await state.close();
				}
			});
		});
}

function show({ password, posted, launchedSince }: PostedPassword, io: Io): void {
	io.stdout.write(io.isTTY ? forPerson(password) : password);
	if (!launchedSince) return;
	const doubt =
		"the instance has been launched again since; if it was rebuilt, the password belongs to the previous guest";
	say(io, `posted at ${posted.toISOString()}: ${doubt}`);
}

/** A guest can post anything, and a terminal obeys control characters. */
function forPerson(password: Uint8Array): string {
	const text = Buffer.from(password).toString("latin1");
	if (/^[\x20-\x7e\r\n]*$/.test(text)) return `${text.trimEnd()}\n`;
	throw new GuestwireError("password", "the password is not ASCII text: redirect the output into a file");
}
