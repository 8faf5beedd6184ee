import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

// Debian keeps mkfs, fsck and blkid where only root's PATH looks.
const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];

/** Debian's own python: another one on the PATH doesn't see Debian's packages. */
export const PYTHON = "/usr/bin/python3";

/** Where `install.sh` unpacks the packages that must not be installed. */
export const CACHE = "/var/cache/guestwire-test";

/** Set where `install.sh` has run: nothing may be skipped there for want of a program. */
const areRequired = process.env["GUESTWIRE_TEST_PROGRAMS"] === "required";

/** Full path of a program, given by name or path, or undefined when it isn't installed. */
export function findProgram(name: string): string | undefined {
	return folders
		.map((folder) => resolve(folder, name))
		.find((path) => {
			try {
				accessSync(path, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
}

/** Whether every one of these programs is installed; throws where they are required. */
export function hasProgram(...names: string[]): boolean {
	if (areRequired) names.forEach(program);
	return names.every((name) => findProgram(name) !== undefined);
}

/** Whether Debian's python finds every one of these modules; throws where they are required. */
export function hasPythonModules(...names: string[]): boolean {
	if (!hasProgram(PYTHON)) return false;
	const { status, stderr } = spawnSync(PYTHON, ["-c", `import ${names.join(", ")}`], { encoding: "utf8" });
	if (areRequired && status !== 0) throw new Error(`${stderr}Run test/system/install.sh`);
	return status === 0;
}

/** Full path of an installed program; throws when there is none. */
export function program(name: string): string {
	const path = findProgram(name);
	if (path === undefined) throw new Error(`${name} is not installed: run test/system/install.sh`);
	return path;
}

/** Folder of a package that `install.sh` unpacks, or undefined when it hasn't run; throws where it is required. */
export function unpackedPackage(name: string): string | undefined {
	const folder = join(CACHE, name);
	if (existsSync(join(folder, ".complete"))) return folder;
	if (areRequired) throw new Error(`${folder} is not there: run test/system/install.sh`);
	return undefined;
}
