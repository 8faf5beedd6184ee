/** Another process that holds a write transaction on a SQLite file. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface FileLock {
	/** Ends the process. */
	release(): Promise<void>;
}

const HOLD = `
	const { DatabaseSync } = require("node:sqlite");
	new DatabaseSync(process.argv[1], { timeout: 1000 }).exec("begin immediate");
	process.stdout.write("locked");
	process.stdin.resume();
`;

export async function lockFile(file: string): Promise<FileLock> {
	const child = spawn(process.execPath, ["-e", HOLD, file], { stdio: ["pipe", "pipe", "inherit"] });
	await once(child.stdout, "data");
	return {
		async release() {
			child.kill("SIGKILL");
			await once(child, "exit");
		},
	};
}
