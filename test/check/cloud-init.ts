/** cloud-init as the judge of documents. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What cloud-init, and netplan after it, made of a document. */
export interface Judged {
	/** The exception that ended it; absent when it came through. */
	readonly error?: string;
	/** The netplan file that it wrote. */
	readonly netplan?: string;
	/** Whether netplan's generator refused that file; absent when netplan is not installed. */
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

const python = "/usr/bin/python3";

/** Whether the distribution's own Python has cloud-init, and netplan is there. */
export function hasJudge(): boolean {
	return (
		spawnSync(python, ["-c", "import cloudinit.net.netplan"]).status === 0 &&
		spawnSync("netplan", ["info"]).status === 0
	);
}

/** Judges all documents in one Python process. */
export function judge(documents: readonly unknown[]): Verdicts {
	const script = fileURLToPath(new URL("judge.py", import.meta.url));
	const { status, stdout, stderr } = spawnSync(python, [script], {
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
