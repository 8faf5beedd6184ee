/** cloud-init as the judge of documents. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, hasProgram, PYTHON, unpackedPackage } from "../system/programs.ts";

/** What cloud-init, and netplan after it, made of a document. */
export interface Judged {
	/** The exception that ended it; absent when it came through. */
	readonly error?: string;
	/** The netplan file that it wrote. */
	readonly netplan?: string;
	/** The virtual devices' files that it wrote for systemd-networkd; null when it could write none at all. */
	readonly netdevs?: readonly string[] | null;
	/** Whether netplan's generator refused that file; absent when netplan is not here. */
	readonly refused?: boolean;
	/** What the generator wrote to stderr. */
	readonly said?: string;
	readonly warnings: readonly string[];
}

export interface Verdicts {
	/** As `22.4.2`. */
	readonly version: string;
	/** One a document, in order. */
	readonly results: readonly Judged[];
}

const cloudInit = unpackedPackage("cloud-init");
const netplan = unpackedPackage("netplan.io");
const generator =
	findProgram(join(netplan ?? "/", "usr/libexec/netplan/generate")) ?? findProgram("/usr/lib/netplan/generate");

/** Whether cloud-init is here to judge. */
export const hasCloudInit = cloudInit !== undefined && hasProgram(PYTHON);
/** Whether netplan's generator is here to read what cloud-init wrote. */
export const hasNetplan = generator !== undefined;

/** Judges all documents in one Python process. */
export function judge(documents: readonly unknown[]): Verdicts {
	const script = fileURLToPath(new URL("judge.py", import.meta.url));
	const { status, stdout, stderr } = spawnSync(PYTHON, [script, ...(generator === undefined ? [] : [generator])], {
		env: { ...process.env, PYTHONPATH: `${cloudInit}/usr/lib/python3/dist-packages` },
		input: JSON.stringify(documents),
		encoding: "utf8",
		maxBuffer: 64 << 20,
		timeout: 300_000,
	});
	if (status !== 0) throw new Error(`cloud-init's judge ended with ${status}: ${stderr.slice(-2000)}`);
	return JSON.parse(stdout);
}

/** Whether the version is that one or newer; one that is no number (a source tree) counts as newest. */
export function isSince(version: string, since: string): boolean {
	const number = /^\d+\.\d+/.exec(version)?.[0];
	return number === undefined || Number(number) >= Number(since);
}
