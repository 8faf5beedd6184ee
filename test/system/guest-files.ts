/** Programs of this machine for a virtual machine to run. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import type { ArchiveFile } from "./cpio.ts";
import { program } from "./programs.ts";

/** These files and the shared libraries that they need, at the same paths as here. */
export function withLibraries(paths: readonly string[]): Map<string, ArchiveFile> {
	const wanted = new Set(paths);
	for (const path of paths) {
		if (!isDynamic(path)) continue;
		// Lines like "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)", and the loader's own without an arrow.
		const report = execFileSync("ldd", [path], { encoding: "utf8" });
		for (const [, library] of report.matchAll(/(?:=>|^)\s*(\/\S+) \(0x/gm))
			if (library !== undefined) wanted.add(library);
	}
	const modified = (path: string) => Math.floor(statSync(path).mtimeMs / 1000);
	return new Map([...wanted].map((path) => [path.slice(1), { bytes: readFileSync(path), modified: modified(path) }]));
}

/** An installed program with its libraries. */
export function guestProgram(name: string): Map<string, ArchiveFile> {
	return withLibraries([program(name)]);
}

/**
 * Debian's Python, with the modules that a script loads here and, in the guest, will look for again; compiled ones
 * too, which saves the guest half a minute.
 *
 * @param script is run here to learn which
 */
export function guestPython(
	python: string,
	script: string,
	environment: Record<string, string>,
): Map<string, ArchiveFile> {
	const traced = `${script}
import sys
for module in list(sys.modules.values()):
    for path in (getattr(module, "__file__", None), getattr(module, "__cached__", None)):
        if path: print("loaded " + path)
`;
	const report = execFileSync(python, ["-c", traced], { encoding: "utf8", env: { ...process.env, ...environment } });
	const loaded = [...report.matchAll(/^loaded (\/.*)$/gm)].map(([, path]) => path ?? "");
	return withLibraries([python, ...loaded.filter((path) => existsSync(path))]);
}

function isDynamic(path: string): boolean {
	return readFileSync(path).subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"));
}
