import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { refusedPath, treeOf } from "../../test/drive-files.ts";
import type { MetadataTree } from "../documents/tree.ts";
import { GuestwireError } from "../errors.ts";
import { driveBytes } from "./drive.ts";
import {
	buildConfigDrive,
	type ConfigDriveOptions,
	type DriveFormat,
	decodeConfigDrive,
	readConfigDrive,
	streamConfigDrive,
} from "./index.ts";
import { layoutIso9660 } from "./iso9660/writer.ts";
import { layoutVfat } from "./vfat/writer.ts";

const FORMATS: readonly DriveFormat[] = ["iso9660", "vfat"];

const bytes = (text: string) => new TextEncoder().encode(text);

const files = new Map([
	["openstack/latest/meta_data.json", bytes('{"uuid": "1"}')],
	["openstack/latest/user_data", bytes("#!/bin/sh\n".repeat(1000))],
	["openstack/content/0000", bytes("")],
	["ec2/latest/meta-data.json", bytes("{}")],
]);

/** The files of one instance. */
const DIGESTS = {
	iso9660: "7181f7f25911362b49e9988bb45443d421444d7c2da02e3227abb2aae0361cd7",
	vfat: "9001af00cd566182d607ae7446e5a0b4e8f712fb18e3d6a88e69a5746154d8bf",
};

function expectRoundTrip(tree: MetadataTree, options: ConfigDriveOptions): void {
	const read = readConfigDrive(buildConfigDrive(tree, options));
	expect([...read.paths()].sort()).toEqual([...tree.paths()].sort());
	for (const path of tree.paths())
		expect(Buffer.compare(read.read(path) ?? bytes("?"), tree.read(path) ?? bytes("!")), path).toBe(0);
	expect(read.label).toBe("config-2");
	expect(read.format).toBe(options.format);
	for (const { kind, mode } of options.format === "iso9660" ? read.entries : []) {
		expect(mode).toBe(kind === "file" ? 0o444 : 0o555);
	}
}

/** The message of the error. Fails if there is none. */
function refusalOf(make: () => unknown): string {
	try {
		make();
	} catch (error) {
		expect(error).toBeInstanceOf(GuestwireError);
		expect(error).toMatchObject({ code: "drive", message: expect.not.stringContaining("\n") });
		return (error as Error).message;
	}
	throw new Error("no error was thrown");
}

const digest = (image: Uint8Array) => createHash("sha256").update(image).digest("hex");

describe.each(FORMATS)("%s", (format) => {
	const build = (map: ReadonlyMap<string, Uint8Array>) => () => buildConfigDrive(treeOf(map), { format });
	const one = (path: string) => build(new Map([[path, bytes("x")]]));

	it("contains the files of the tree", () => {
		expectRoundTrip(treeOf(files), { format });
		expectRoundTrip(treeOf(new Map()), { format });
	});

	it("is the same for another order of files, and differs for another date", () => {
		const image = buildConfigDrive(treeOf(files), { format });
		const reordered = new Map([...files].reverse());
		expect(digest(buildConfigDrive(treeOf(reordered), { format }))).toBe(digest(image));
		expect(digest(buildConfigDrive(treeOf(files), { format, date: new Date("2026-01-01") }))).not.toBe(digest(image));
	});

	it("is the same whether equal bytes are one array or several", () => {
		const text = bytes("the same");
		const shared = new Map(["a", "b", "c"].map((path) => [path, text]));
		const copied = new Map(["a", "b", "c"].map((path) => [path, Uint8Array.from(text)]));
		expect(digest(buildConfigDrive(treeOf(copied), { format }))).toBe(digest(build(shared)()));
		expectRoundTrip(treeOf(copied), { format });
	});

	it("is the same on any machine", () => {
		const moment = new Date("2026-03-04T05:06:08Z");
		const drive =
			format === "vfat" ? layoutVfat(treeOf(files), moment) : layoutIso9660(treeOf(files), moment, "anybody");
		expect(digest(driveBytes(drive))).toBe(DIGESTS[format]);
	});

	it("is the same in any time zone and locale", { tags: ["slow"] }, () => {
		const script = `
			import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
			import { buildConfigDrive } from "./index.ts";
			const files = new Map([["openstack/latest/i-und-İ", Buffer.from("x")], ["openstack/latest/ß", Buffer.from("y")]]);
			const tree = { paths: () => files.keys(), read: (path) => files.get(path) };
			const image = buildConfigDrive(tree, { format: "${format}", date: new Date("2026-07-01T23:30:00Z") });
			console.log(createHash("sha256").update(image).digest("hex"));`;
		const digests = [
			{ TZ: "UTC", LC_ALL: "C" },
			{ TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8" },
			{ TZ: "America/St_Johns", LC_ALL: "de_DE.UTF-8" },
		].map((environment) =>
			execFileSync(process.execPath, ["--input-type=module-typescript", "-e", script], {
				cwd: import.meta.dirname,
				env: { ...process.env, ...environment },
				encoding: "utf8",
			}),
		);
		expect(new Set(digests).size).toBe(1);
	});

	it("is the same in chunks and as a whole", async () => {
		const { imageSize, chunks } = streamConfigDrive(treeOf(files), { format });
		const pieces = await buffer(chunks());
		expect(imageSize).toBe(pieces.length);
		expect(imageSize % 4096).toBe(0);
		expect(digest(pieces)).toBe(digest(buildConfigDrive(treeOf(files), { format })));
	});

	it("can be base64 of gzip without a time or an operating system", async () => {
		const encoded = await buffer(streamConfigDrive(treeOf(files), { format }, "gzip-base64").chunks());
		expect(encoded.toString()).toMatch(/^[A-Za-z0-9+/]+=*$/);
		expect([...Buffer.from(encoded.toString(), "base64").subarray(0, 10)]).toEqual([
			0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255,
		]);
		expect(digest(decodeConfigDrive(encoded))).toBe(digest(buildConfigDrive(treeOf(files), { format })));
	});

	it.each([
		["/etc/passwd", "start with a slash"],
		["a//b", '"" is not a valid name'],
		["a/../b", '".." is not a valid name'],
		["./a", '"." is not a valid name'],
		["a/", '"" is not a valid name'],
		["a\0b", "control characters"],
		["a/b\u009bc", "control characters"],
		["😀", "U+FFFF"],
		["\ud800", "U+FFFF"],
		["a./b", "Windows"],
		["a ", "Windows"],
		["why?", "?"],
		[`${"a/".repeat(200)}b`, "256 characters"],
	])("rejects the path %j, and says why", (path, why) => {
		const message = refusalOf(one(path));
		expect(message).toContain(why);
		expect(refusedPath(message)).toBe(path);
	});

	it("rejects a path that is both a file and a folder", () => {
		expect(
			refusalOf(
				build(
					new Map([
						["a", bytes("")],
						["a/b", bytes("")],
					]),
				),
			),
		).toContain("both a file and a folder");
		expect(
			refusalOf(
				build(
					new Map([
						["a/b", bytes("")],
						["a", bytes("")],
					]),
				),
			),
		).toContain("both a file and a folder");
	});

	it("rejects a date that one of the formats can't store", () => {
		for (const date of ["1979-12-31T23:59:59Z", "2108-01-01", "never"]) {
			expect(refusalOf(() => buildConfigDrive(treeOf(files), { format, date: new Date(date) }))).toContain(
				"1980 to 2107",
			);
		}
	});
});
