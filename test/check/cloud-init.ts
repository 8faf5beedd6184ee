/** cloud-init as the judge of documents: the host's release, and newer ones in a chroot. */
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

/** A document as JSON. */
export interface Text {
	readonly text: string;
}

/** One cloud-init that can be run here. */
export interface Judge {
	/** For example `22.4.2`. */
	readonly version: string;
	readonly isHere: boolean;
	/** Judges all documents in one Python process. */
	judge(documents: readonly Text[]): readonly Judged[];
}

const script = fileURLToPath(new URL("judge.py", import.meta.url));
const package22 = unpackedPackage("cloud-init");
const suite25 = suiteRoot("trixie");
const package26 = join(CACHE, "cloud-init-26.2");

/**
 * Debian 12's, Debian 13's in the root file system that `npm run test:clients` makes, and there also that of Debian
 * unstable, whose package is unpacked by hand: `dpkg -x cloud-init_26.2-1_all.deb /var/cache/guestwire-test/cloud-init-26.2`.
 */
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
		judge: (documents) => runInChroot(documents, "25.1.4"),
	},
	{
		version: "26.2",
		isHere: suite25 !== undefined && existsSync(package26) && process.getuid?.() === 0,
		judge: (documents) => runInChroot(documents, "26.2", join(package26, "usr/lib/python3/dist-packages")),
	},
];

/** @param modules the folder with the Python package, if it is not the chroot's own */
function runInChroot(documents: readonly Text[], version: string, modules?: string): readonly Judged[] {
	// The root file system is shared: what the judge writes stays in a file system of its own.
	const copy = modules === undefined ? "" : '&& cp -r "$2/cloudinit" "$0/tmp/"';
	const command = `mount -t tmpfs judge "$0/tmp" ${copy} && exec chroot "$0" /usr/bin/python3 -c "$1"`;
	const args = ["--mount", "sh", "-c", command, suite25 ?? "", readFileSync(script, "utf8"), modules ?? ""];
	return run(program("unshare"), args, documents, version, modules === undefined ? {} : { PYTHONPATH: "/tmp" });
}

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
	documents: readonly Text[],
	version: string,
	env: Readonly<Record<string, string>> = {},
): readonly Judged[] {
	const { status, stdout, stderr } = spawnSync(command, args, {
		env: { ...process.env, ...env },
		input: `[${documents.map(({ text }) => text).join()}]`,
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
