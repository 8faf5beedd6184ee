/** cloud-init as the judge of documents: the host's release, and Debian 13's in a chroot. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE, hasProgram, PYTHON, program, unpackedPackage } from "../system/programs.ts";

/** What one renderer made of a document. */
export interface Rendered {
	/** The exception that ended it. */
	readonly error?: string;
	/** The files that it wrote, by path. */
	readonly files?: Readonly<Record<string, string>>;
	/** Whether netplan refuses its file. */
	readonly refused?: boolean;
}

/** What cloud-init made of a document. */
export interface Judged {
	/** The exception that ended the conversion. */
	readonly error?: string;
	/** Whether cloud-init's schema rejects the configuration; null where it has no such schema. */
	readonly degraded?: boolean | null;
	readonly renderers?: Readonly<Record<RendererName, Rendered>>;
}

export const RENDERERS = ["netplan", "networkd", "network-manager", "sysconfig", "eni"] as const;
export type RendererName = (typeof RENDERERS)[number];

/** One cloud-init that can be run here. */
export interface Judge {
	/** For example `22.4.2`. */
	readonly version: string;
	readonly isHere: boolean;
	/** Judges all documents in one Python process. */
	judge(documents: readonly unknown[]): readonly Judged[];
}

const script = fileURLToPath(new URL("judge.py", import.meta.url));
const package22 = unpackedPackage("cloud-init");
const suite25 = suiteRoot("trixie");

/** Debian 12's, and Debian 13's in the root file system that `npm run test:clients` makes. */
export const JUDGES: readonly Judge[] = [
	{
		version: "22.4.2",
		isHere: package22 !== undefined && hasProgram(PYTHON),
		judge: (documents) =>
			run(PYTHON, [script], documents, "22.4.2", { PYTHONPATH: `${package22}/usr/lib/python3/dist-packages` }),
	},
	{
		version: "25.1.4",
		isHere: suite25 !== undefined && process.getuid?.() === 0,
		judge: (documents) => {
			// The root file system is shared: what the judge writes stays in a file system of its own.
			const command = 'mount -t tmpfs judge "$0/tmp" && exec chroot "$0" /usr/bin/python3 -c "$1"';
			const args = ["--mount", "sh", "-c", command, suite25 ?? "", readFileSync(script, "utf8")];
			return run(program("unshare"), args, documents, "25.1.4");
		},
	},
];

/** The root file system of a Debian suite, if it has been made. */
function suiteRoot(name: string): string | undefined {
	const folder = join(CACHE, "suites");
	const made = existsSync(folder) ? readdirSync(folder) : [];
	const found = made.find((entry) => new RegExp(`^${name}-[0-9a-f]{12}$`).test(entry));
	return found === undefined ? undefined : join(folder, found, "root");
}

function run(
	command: string,
	args: readonly string[],
	documents: readonly unknown[],
	version: string,
	env: Readonly<Record<string, string>> = {},
): readonly Judged[] {
	const { status, stdout, stderr } = spawnSync(command, args, {
		env: { ...process.env, ...env },
		input: JSON.stringify(documents),
		encoding: "utf8",
		maxBuffer: 512 << 20,
		timeout: 900_000,
	});
	if (status !== 0) throw new Error(`cloud-init's judge ended with ${status}: ${stderr.slice(-2000)}`);
	const verdicts: { version: string; results: readonly Judged[] } = JSON.parse(stdout);
	// Debian's package version ends with its revision.
	if (!verdicts.version.startsWith(version)) throw new Error(`this is cloud-init ${verdicts.version}, not ${version}`);
	return verdicts.results;
}
