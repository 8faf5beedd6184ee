/** Where the laboratory is, and how to run its scripts. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

/** As in lib.sh. */
export const STATE = process.env["GUESTWIRE_OPENSTACK_STATE"] ?? "/var/lib/guestwire-openstack";

/** Where nova-api-metadata listens, on the loopback. */
export const NOVA_METADATA = 8775;
/** It keeps what it knows of an instance for 15 s: after a little longer, it is cold. Milliseconds. */
export const NOVA_FORGETS = 16_000;

let variables: Record<string, string> | undefined;

/** The variables of the file `env` that "up" leaves: the administrator's credentials and the metadata proxy's secret. */
export function laboratoryEnv(): Record<string, string> {
	variables ??= Object.fromEntries(
		Array.from(readFileSync(`${STATE}/env`, "utf8").matchAll(/^export (\w+)=(.*)$/gm), (match) => match.slice(1)),
	);
	return variables as Record<string, string>;
}

/** Runs one of the scripts beside this file to its end. Rejects with its error output when it fails. */
export async function runScript(name: string, args: readonly string[] = [], input = ""): Promise<void> {
	const running = promisify(execFile)(new URL(name, import.meta.url).pathname, args);
	running.child.stdin?.end(input);
	await running;
}
