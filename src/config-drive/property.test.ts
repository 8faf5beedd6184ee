/** @module-tag slow */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyName, type Files, filesOf, plainName, refusedPath, treeOf } from "../../test/drive-files.ts";
import { GuestwireError } from "../errors.ts";
import {
	buildConfigDrive,
	type ConfigDriveOptions,
	type DriveFormat,
	readConfigDrive,
	streamConfigDrive,
} from "./index.ts";

function expectRoundTrip(files: Files, options: ConfigDriveOptions): void {
	const read = readConfigDrive(buildConfigDrive(treeOf(files), options));
	expect([...read.paths()].sort()).toEqual([...files.keys()].sort());
	for (const [path, bytes] of files) expect(Buffer.compare(read.read(path) ?? Buffer.from("?"), bytes), path).toBe(0);
}

/** Every limit that an error may name. */
const LIMITS =
	/not a valid name|control characters|U\+FFFF|Windows|Joliet|ISO 9660|FAT|file and a folder|twice|with a slash|Ironic/;

/** A path and its folders. */
function prefixes(path: string): string[] {
	return path.split("/").map((_, index, names) => names.slice(0, index + 1).join("/"));
}

function isFolder(path: string, nodes: ReadonlySet<string>): boolean {
	return [...nodes].some((node) => node.startsWith(`${path}/`));
}

describe.each<DriveFormat>(["iso9660", "vfat"])("%s", (format) => {
	it("any tree is read back unchanged, or rejected with a limit and a path", () => {
		fc.assert(
			fc.property(filesOf(anyName, 10, 4), (files) => {
				try {
					expectRoundTrip(files, { format });
				} catch (error) {
					if (!(error instanceof GuestwireError)) throw error;
					expect(error).toMatchObject({ code: "drive", message: expect.stringMatching(LIMITS) });
					expect([...files.keys()].flatMap(prefixes)).toContain(refusedPath(error.message));
				}
			}),
			{ numRuns: 2000 },
		);
	});

	it("no tree of ordinary names is rejected", () => {
		// Names that differ only in case, and paths that are both files and folders, are not ordinary.
		const ordinary = filesOf(plainName, 7, 30).filter((files) => {
			const nodes = new Set([...files.keys()].flatMap(prefixes));
			const folded = new Set([...nodes].map((path) => path.toLowerCase()));
			return nodes.size === folded.size && ![...files.keys()].some((path) => isFolder(path, nodes));
		});
		fc.assert(
			fc.property(ordinary, (files) => expectRoundTrip(files, { format })),
			{ numRuns: 200 },
		);
	});

	it("holds 10,000 files, in one folder and in a thousand", () => {
		const many = (path: (index: number) => string) =>
			new Map(Array.from({ length: 10_000 }, (_, index) => [path(index), Buffer.from(`${index}`)]));
		expectRoundTrip(
			many((index) => `content/file-with-a-long-name-${index}.json`),
			{ format },
		);
		expectRoundTrip(
			many((index) => `${index % 1000}/${index}`),
			{ format },
		);
	});

	it("holds 60 MiB of user data", () => {
		const large = randomBytes(60 * 2 ** 20);
		expectRoundTrip(new Map([["openstack/latest/user_data", large]]), { format });
	});
});

function messageOf(make: () => unknown): string {
	try {
		make();
	} catch (error) {
		if (error instanceof GuestwireError) return error.message;
		throw error;
	}
	return "";
}

describe("limits are where the standards have them", () => {
	const one = (path: string, options: ConfigDriveOptions) => () =>
		buildConfigDrive(treeOf(new Map([[path, Buffer.from("x")]])), options);
	const iso = { format: "iso9660" } as const;
	const fat = { format: "vfat" } as const;

	it("Joliet's 64 characters", () => {
		expect(messageOf(one("鍵".repeat(64), iso))).toBe("");
		expect(messageOf(one("鍵".repeat(65), iso))).toMatch(
			/Joliet name can have at most 64 characters, and this one has 65/,
		);
	});

	it("ISO 9660's eight levels of folders", () => {
		expect(messageOf(one("1/2/3/4/5/6/7/file", iso))).toBe("");
		expect(messageOf(one("2/3/4/5/6/7/8/9/file", iso))).toMatch(/^"2\/3\/4\/5\/6\/7\/8\/9" .*at most 8 levels/);
	});

	it("ISO 9660's 255 characters of plain names", () => {
		// Seven folders of 31 characters and a separator each are 224; a dot and a version come after the name.
		const path = (length: number) => `${`${"a".repeat(31)}/`.repeat(7)}${"b".repeat(length)}`;
		expect(messageOf(one(path(28), iso))).toBe("");
		expect(messageOf(one(path(29), iso))).toMatch(/an ISO 9660 path can have at most 255 characters/);
	});

	it("FAT's 255 characters, Windows' path, and names that differ in case", () => {
		expect(messageOf(one("a".repeat(255), fat))).toBe("");
		expect(messageOf(one("a".repeat(256), fat))).toMatch(
			/FAT name can have at most 255 characters, and this one has 256/,
		);
		expect(messageOf(one(`${"a/".repeat(127)}bb`, fat))).toBe("");
		expect(messageOf(one(`${"a/".repeat(128)}b`, fat))).toMatch(/can't open paths of more than 256 characters/);
		const twins = new Map([
			["x/Ab", Buffer.from("")],
			["x/aB", Buffer.from("")],
		]);
		expect(messageOf(() => buildConfigDrive(treeOf(twins), fat))).toMatch(
			/"x\/aB" .*FAT does not distinguish its name from "Ab"/,
		);
		expect(messageOf(() => buildConfigDrive(treeOf(twins), iso))).toBe("");
	});

	it("FAT's entries in a folder", () => {
		const files = (count: number) =>
			treeOf(
				new Map(Array.from({ length: count }, (_, index) => [`f/${`${index}`.padStart(8, "0")}`, Buffer.from("")])),
			);
		expect(messageOf(() => buildConfigDrive(files(65_518), fat))).toBe("");
		expect(messageOf(() => buildConfigDrive(files(65_519), fat))).toMatch(/"f\/00065518" .*at most 65520 entries/);
	});

	it("the space on a VFAT drive of a given size", () => {
		const files = new Map([
			["a", Buffer.alloc(2 ** 20)],
			["b/c", Buffer.alloc(2 ** 20)],
		]);
		expect(messageOf(() => buildConfigDrive(treeOf(files), { ...fat, sizeMiB: 3 }))).toBe("");
		expect(messageOf(() => buildConfigDrive(treeOf(files), { ...fat, sizeMiB: 2 }))).toMatch(
			/"b\/c" .*2 MiB has no room/,
		);
		for (const sizeMiB of [0, -1, 1.5, 2 ** 21, Number.NaN]) {
			expect(messageOf(() => buildConfigDrive(treeOf(files), { ...fat, sizeMiB }))).toMatch(/from 1 to 2097151/);
		}
	});

	it("Ironic's 64 MiB", () => {
		const files = (mib: number) =>
			treeOf(
				new Map([
					["a", Buffer.from("")],
					["b", Buffer.alloc(mib * 2 ** 20)],
				]),
			);
		expect(messageOf(() => streamConfigDrive(files(63), iso, "gzip-base64"))).toBe("");
		expect(messageOf(() => streamConfigDrive(files(64), iso, "gzip-base64"))).toMatch(
			/"b" .*Ironic accepts at most 64 MiB/,
		);
		expect(messageOf(() => streamConfigDrive(files(64), iso, "raw"))).toBe("");
	});
});
