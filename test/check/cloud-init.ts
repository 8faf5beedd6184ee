/** cloud-init as the judge of documents: the host's release, and Debian 13's in a chroot. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE, hasProgram, PYTHON, unpackedPackage } from "../system/programs.ts";

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
	/** As `22.4.2`. */
	readonly version: string;
	readonly isHere: boolean;
	/** Judges all documents in one Python process. */
	judge(documents: readonly unknown[]): readonly Judged[];
}

const script = fileURLToPath(new URL("judge.py", import.meta.url));
const package22 = unpackedPackage("cloud-init");
const chroot25 = join(CACHE, "chroots", "trixie");

/** Debian 12's and Debian 13's. */
export const JUDGES: readonly Judge[] = [
	{
		version: "22.4.2",
		isHere: package22 !== undefined && hasProgram(PYTHON),
		judge: (documents) =>
			run(PYTHON, [script], documents, "22.4.2", { PYTHONPATH: `${package22}/usr/lib/python3/dist-packages` }),
	},
	{
		version: "25.1.4",
		isHere: existsSync(join(chroot25, "usr/lib/python3/dist-packages/cloudinit")),
		judge: (documents) => {
			copyFileSync(script, join(chroot25, "tmp/judge.py"));
			return run("/usr/sbin/chroot", [chroot25, PYTHON, "/tmp/judge.py"], documents, "25.1.4");
		},
	},
];

function run(
	program: string,
	args: readonly string[],
	documents: readonly unknown[],
	version: string,
	env: Readonly<Record<string, string>> = {},
): readonly Judged[] {
	const { status, stdout, stderr } = spawnSync(program, args, {
		env: { ...process.env, ...env },
		input: JSON.stringify(documents),
		encoding: "utf8",
		maxBuffer: 512 << 20,
		timeout: 600_000,
	});
	if (status !== 0) throw new Error(`cloud-init's judge ended with ${status}: ${stderr.slice(-2000)}`);
	const verdicts: { version: string; results: readonly Judged[] } = JSON.parse(stdout);
	// Debian's package has its revision behind the number.
	if (!verdicts.version.startsWith(version)) throw new Error(`this is cloud-init ${verdicts.version}, not ${version}`);
	return verdicts.results;
}
