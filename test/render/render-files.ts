import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { NetworkDescription } from "../../src/documents/network-description.ts";
import { type Format, render } from "../../src/render/index.ts";
import { namesOf } from "./guest-documents.ts";
import type { Files } from "./meaning.ts";

/** Our files. If `named`, the NICs are known to be eth0, eth1 … */
export function renderFiles(format: Format, data: NetworkDescription, named: boolean): Files {
	const names = new Map(named ? [...namesOf(data)].map(([name, mac]) => [mac, name]) : []);
	return new Map(render(format, data, { names }).files.map(({ path, text }) => [path, text]));
}

/** Writes our files below a folder, with their modes. */
export async function writeRendering(format: Format, data: NetworkDescription, folder: string): Promise<void> {
	for (const { path, mode, text } of render(format, data).files) {
		await mkdir(dirname(join(folder, path)), { recursive: true });
		await writeFile(join(folder, path), text, { mode });
	}
}

/** All files below a folder. */
export async function filesBelow(folder: string): Promise<Files> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
	const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
	return new Map(paths.map((path, i) => [relative(folder, path), texts[i] ?? ""]));
}
