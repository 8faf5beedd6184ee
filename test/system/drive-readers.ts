import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { PYTHON, program } from "./programs.ts";

/** What a program read from an image: path → bytes and, where the program tells them, permission bits. */
export type Listing = Map<string, { readonly bytes: Buffer; readonly mode?: number }>;

const environment = { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC" };

/** Runs an installed program; gives its standard output. Rejects when it fails. */
export async function output(name: string, args: readonly string[]): Promise<Buffer> {
	const options = { encoding: "buffer", maxBuffer: 2 ** 28, env: environment } as const;
	return (await promisify(execFile)(program(name), args, options)).stdout;
}

/** A folder's files with their modes, recursively. */
export async function readFolder(folder: string): Promise<Listing> {
	const listing: Listing = new Map();
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		if (!entry.isFile()) continue;
		const path = join(entry.parentPath, entry.name);
		listing.set(relative(folder, path), { bytes: await readFile(path), mode: (await stat(path)).mode & 0o7777 });
	}
	return listing;
}

/** isoinfo, by Rock Ridge. It lists owners too: whoever isn't root is an error. */
export async function readWithIsoinfo(image: string): Promise<Listing> {
	const listing: Listing = new Map();
	let folder = "";
	for (const line of (await output("isoinfo", ["-R", "-l", "-i", image])).toString().split("\n")) {
		folder = /^Directory listing of \/(.*)$/.exec(line)?.[1] ?? folder;
		const [, permissions = "", owner = "", name] = /^-(\S{9}) +1 +(\d+ +\d+) .*\] {2}(.*) $/.exec(line) ?? [];
		if (name === undefined) continue;
		if (!/^0 +0$/.test(owner)) throw new Error(`not root's: ${line}`);
		const bytes = await output("isoinfo", ["-R", "-i", image, "-x", `/${folder}${name}`]);
		listing.set(`${folder}${name}`, { bytes, mode: modeOf(permissions) });
	}
	return listing;
}

/** `r--r--r--` as a number. */
function modeOf(permissions: string): number {
	return Number.parseInt(permissions.replace(/[^-]/g, "1").replaceAll("-", "0"), 2);
}

/** xorriso, by Rock Ridge. */
export async function readWithXorriso(image: string, folder: string): Promise<Listing> {
	const target = join(folder, "xorriso");
	await output("xorriso", ["-osirrox", "on", "-indev", image, "-extract", "/", target]);
	return readFolder(target);
}

/** libarchive's bsdtar, by Rock Ridge. */
export async function readWithBsdtar(image: string, folder: string): Promise<Listing> {
	const target = join(folder, "bsdtar");
	await mkdir(target);
	await output("bsdtar", ["-x", "-p", "-f", image, "-C", target]);
	return readFolder(target);
}

/** 7-Zip: Joliet, or VFAT. */
export async function readWith7z(image: string, folder: string): Promise<Listing> {
	const target = join(folder, "7z");
	await output("7zz", ["x", "-y", `-o${target}`, image]);
	return withoutModes(await readFolder(target));
}

/** mtools: VFAT. */
export async function readWithMtools(image: string, folder: string): Promise<Listing> {
	const target = join(folder, "mtools");
	await mkdir(target);
	await output("mcopy", ["-s", "-n", "-i", image, "::/", target]);
	return withoutModes(await readFolder(target));
}

function withoutModes(listing: Listing): Listing {
	return new Map([...listing].map(([path, { bytes }]) => [path, { bytes }]));
}

/** The three name spaces of an image in the way Ironic reads one: with python3-pycdlib. */
export async function readWithPycdlib(image: string): Promise<Record<"iso_path" | "rr_path" | "joliet_path", Listing>> {
	const script = `
import base64, io, json, sys
import pycdlib
iso = pycdlib.PyCdlib()
iso.open(sys.argv[1])
spaces = {}
for kind in ("iso_path", "rr_path", "joliet_path"):
    files = spaces[kind] = {}
    for folder, _, names in iso.walk(**{kind: "/"}):
        for name in names:
            path = folder.rstrip("/") + "/" + name
            content = io.BytesIO()
            iso.get_file_from_iso_fp(content, **{kind: path})
            files[path[1:]] = base64.b64encode(content.getvalue()).decode()
json.dump(spaces, sys.stdout)
`;
	const spaces = JSON.parse((await output(PYTHON, ["-c", script, image])).toString());
	const listing = (files: Record<string, string>): Listing =>
		new Map(Object.entries(files).map(([path, bytes]) => [path, { bytes: Buffer.from(bytes, "base64") }]));
	return {
		iso_path: listing(spaces.iso_path),
		rr_path: listing(spaces.rr_path),
		joliet_path: listing(spaces.joliet_path),
	};
}
