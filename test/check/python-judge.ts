/** Clients written in Python as judges of documents: a script beside this file runs their own code. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hasProgram, PYTHON } from "../system/programs.ts";
import type { Text } from "./cloud-init.ts";

const python = (args: readonly string[], input = "") =>
	spawnSync(PYTHON, args, { input, encoding: "utf8", maxBuffer: 512 << 20, timeout: 600_000 });

/** Whether Python has all of these modules. */
export function hasModules(modules: string): boolean {
	return hasProgram(PYTHON) && python(["-c", `import ${modules}`]).status === 0;
}

/** What the script prints for the documents, which it reads from its standard input. */
export function judge<Result>(script: string, documents: readonly Text[]): readonly Result[] {
	const code = readFileSync(new URL(script, import.meta.url), "utf8");
	const { status, stdout, stderr } = python(["-c", code], `[${documents.map(({ text }) => text).join()}]`);
	if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr.slice(-2000)}`);
	return JSON.parse(stdout);
}
