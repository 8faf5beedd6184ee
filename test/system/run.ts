import { execFile } from "node:child_process";

export interface Ran {
	readonly stdout: string;
	readonly stderr: string;
	readonly code: number;
}

/** Runs a program to its end, whatever its exit code is. */
export function run(program: string, args: readonly string[], input = ""): Promise<Ran> {
	return new Promise((resolve) => {
		const options = { maxBuffer: 2 ** 26, env: { ...process.env, LC_ALL: "C" } };
		const child = execFile(program, args, options, (error, stdout, stderr) => {
			resolve({ stdout, stderr, code: typeof error?.code === "number" ? error.code : error ? -1 : 0 });
		});
		// A program that doesn't read has its end of it closed.
		child.stdin?.on("error", () => {});
		child.stdin?.end(input);
	});
}
