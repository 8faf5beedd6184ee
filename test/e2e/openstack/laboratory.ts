/** Where the laboratory is, and how to run its scripts. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const SUITE = process.env["GUESTWIRE_OPENSTACK_SUITE"];
if (SUITE === undefined) throw new Error("not in a cloud's network: run this by test/e2e/openstack/cloud with COMMAND");

/** The cloud's files, under the same path in its container. */
export const STATE = `/var/lib/guestwire-openstack/${SUITE}`;

/** Where nova-api-metadata listens, on the loopback. */
export const NOVA_METADATA = 8775;
/** It keeps what it knows of an instance for 15 s: after a little longer, it is cold. Milliseconds. */
export const NOVA_FORGETS = 16_000;

/** Whether the suite's Nova attaches Manila's shares: since 2025.1. */
export const attachesShares = () => SUITE !== "bookworm";

/** The programs by which Neutron's agent for OVN's metadata can be run. */
export const METADATA_AGENTS = process.env["GUESTWIRE_METADATA_AGENT"]?.split(",") ?? [
	"neutron-ovn-metadata-agent",
	...(SUITE === "bookworm" ? [] : ["neutron-ovn-agent"]),
];

let variables: Record<string, string> | undefined;

/** The variables of the file `env` that "up" leaves: the administrator's credentials and the metadata proxy's secret. */
export function laboratoryEnv(): Record<string, string> {
	variables ??= Object.fromEntries(
		Array.from(readFileSync(`${STATE}/env`, "utf8").matchAll(/^export (\w+)=(.*)$/gm), (match) => match.slice(1)),
	);
	return variables as Record<string, string>;
}

/**
 * Runs a script of the folder `inside`, or any program of the suite, in the cloud's container, and gives what it wrote to
 * standard output, one character a byte. Rejects with its error output when it fails.
 */
export async function runInside(command: readonly string[], input = ""): Promise<string> {
	const cloud = new URL("cloud", import.meta.url).pathname;
	const running = promisify(execFile)(cloud, ["run", ...command], { encoding: "latin1" });
	// A program may end before it has read everything: its own result says whether that is wrong.
	running.child.stdin?.on("error", () => {}).end(input);
	return (await running).stdout;
}
