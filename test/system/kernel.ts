import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ArchiveFile } from "./cpio.ts";
import { unpackedPackage } from "./programs.ts";

/** Debian's cloud kernel, as `install.sh` unpacked it: its image and the folder of its modules. */
export async function findKernel(): Promise<{ image: string; modules: string }> {
	const root = unpackedPackage("linux-image-cloud-amd64");
	if (root === undefined) throw new Error("no kernel: run test/system/install.sh");
	const image = (await readdir(join(root, "boot"))).find((name) => name.startsWith("vmlinuz-"));
	if (image === undefined) throw new Error(`no kernel in ${root}/boot: run test/system/install.sh`);
	const version = image.slice("vmlinuz-".length);
	const folders = ["lib/modules", "usr/lib/modules"].map((path) => join(root, path, version));
	for (const modules of folders) {
		if (existsSync(join(modules, "modules.dep"))) return { image: join(root, "boot", image), modules };
	}
	throw new Error(`no modules in ${folders.join(" or ")}: run test/system/install.sh`);
}

/**
 * The modules' files, those that they depend on, and the indexes by which modprobe finds them, at their places in the
 * guest.
 *
 * @param folder the kernel's folder of modules
 * @param names as modprobe takes them; one that the kernel has built in needs no file, one that it lacks throws
 */
export async function moduleFiles(folder: string, names: readonly string[]): Promise<Map<string, ArchiveFile>> {
	const guestFolder = join("lib/modules", basename(folder));
	const needs = await dependencies(folder);
	const builtIn = new Set((await lines(folder, "modules.builtin")).map(moduleName));
	const chosen = new Set<string>();
	for (const name of names.map(moduleName)) {
		const path = needs.keys().find((candidate) => moduleName(candidate) === name);
		if (path === undefined && !builtIn.has(name)) throw new Error(`the kernel has no module ${name}`);
		if (path !== undefined) for (const each of [path, ...(needs.get(path) ?? [])]) chosen.add(each);
	}
	const files = new Map<string, ArchiveFile>();
	const add = (path: string, bytes: Uint8Array) => files.set(join(guestFolder, path), { bytes });
	for (const path of chosen) add(plainPath(path), await moduleBytes(join(folder, path)));
	const carried = new Set([...chosen].map(moduleName));
	const aliases = (await lines(folder, "modules.alias")).filter((line) => carried.has(line.split(" ").at(-1) ?? ""));
	const index = [...chosen].map((path) => `${path}: ${(needs.get(path) ?? []).join(" ")}`.replaceAll(".ko.xz", ".ko"));
	add("modules.dep", Buffer.from(`${index.join("\n")}\n`));
	add("modules.alias", Buffer.from(`${aliases.join("\n")}\n`));
	return files;
}

/** A module's file → the files of all modules that it needs. */
async function dependencies(folder: string): Promise<Map<string, string[]>> {
	const needs = new Map<string, string[]>();
	for (const line of await lines(folder, "modules.dep")) {
		const [path, rest] = line.split(":");
		if (path !== undefined && rest !== undefined) needs.set(path, rest.split(" ").filter(Boolean));
	}
	return needs;
}

async function lines(folder: string, index: string): Promise<string[]> {
	return (await readFile(join(folder, index), "utf8")).split("\n");
}

/** `kernel/fs/nls/nls_iso8859-1.ko.xz` → `nls_iso8859_1`: the kernel takes - and _ for the same. */
function moduleName(path: string): string {
	return basename(plainPath(path), ".ko").replaceAll("-", "_");
}

const plainPath = (path: string) => path.replace(/\.xz$/, "");

async function moduleBytes(path: string): Promise<Uint8Array> {
	return path.endsWith(".xz") ? execFileSync("xz", ["-dc", path], { maxBuffer: 1 << 26 }) : readFile(path);
}
