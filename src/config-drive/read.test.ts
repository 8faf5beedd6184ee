import { describe, expect, it } from "vitest";
import { GuestwireError } from "../errors.ts";
import { collector } from "./contents.ts";
import { buildConfigDrive, type ConfigDriveOptions, decodeConfigDrive, readConfigDrive } from "./index.ts";

/** A drive whose parts can be found by their names and contents. */
function image(options: ConfigDriveOptions): Buffer {
	const files = new Map([
		["first", Buffer.alloc(5000, "1")],
		["VICTIM", Buffer.alloc(5000, "2")],
		["SECOND", Buffer.from("")],
		["outer/inner/deep", Buffer.from("3")],
		["outer/other", Buffer.from("4")],
	]);
	return Buffer.from(buildConfigDrive({ paths: () => files.keys(), read: (path) => files.get(path) }, options));
}

function expectRejected(bytes: Buffer, why: RegExp): void {
	let thrown: unknown;
	try {
		readConfigDrive(bytes);
	} catch (error) {
		thrown = error;
	}
	expect(thrown).toBeInstanceOf(GuestwireError);
	expect(thrown).toMatchObject({ code: "drive", message: expect.stringMatching(why) });
}

/** The offset of `pattern`, from `from` on. It must occur. */
function find(bytes: Buffer, pattern: string | Buffer, from = 0): number {
	const offset = bytes.indexOf(pattern, from);
	expect(offset).toBeGreaterThan(0);
	return offset;
}

describe("a hostile ISO 9660 image is rejected", () => {
	const SECTOR = 2048;
	/** The offset of a plain record, by its identifier. */
	const record = (bytes: Buffer, id: string) => find(bytes, `${String.fromCharCode(id.length)}${id}`, 17 * SECTOR) - 32;
	const patched = (patch: (bytes: Buffer) => void) => {
		const bytes = image({ format: "iso9660" });
		patch(bytes);
		return bytes;
	};
	/** Gives the file VICTIM another Rock Ridge name, of six bytes. */
	const renamed = (name: string) =>
		patched((bytes) => bytes.write(name, find(bytes, Buffer.from("NM\x0b\x01\0VICTIM", "latin1")) + 5, "latin1"));

	it.each([
		["../etc", /name with \//],
		["/shado", /name with \//],
		["a\\bcde", /name with \//],
		["\x1b[2Jab", /control character/],
		["ab\xc2\x9bcd", /\\u009bcd" .*control character/],
		["ab\0cde", /control character/],
		["\xff\xfe\xff\xfe\xff\xfe", /UTF-8/],
	])("a file named %j", (name, why) => expectRejected(renamed(name), why));

	it("a file named .. or nothing", () => {
		const short = (name: string) =>
			patched((bytes) => {
				const entry = find(bytes, Buffer.from("NM\x0b\x01\0VICTIM", "latin1"));
				// The name ends, and an unknown entry takes up the rest.
				bytes.set([0x4e, 0x4d, 5 + name.length, 1, 0, ...Buffer.from(name), 0x5a, 0x5a, 6 - name.length, 1], entry);
			});
		expectRejected(short(".."), /another folder/);
	});

	it("a name that occurs twice", () => expectRejected(renamed("SECOND"), /occurs twice/));

	it("a folder in itself, and in its own subfolder", () => {
		for (const from of ["outer", "inner"]) {
			const loop = patched((bytes) => {
				const target = bytes.readUInt32LE(record(bytes, "outer") + 2);
				bytes.writeUInt32LE(target, record(bytes, "inner") + 2);
				if (from === "outer") bytes.writeUInt32LE(bytes.readUInt32LE(16 * SECTOR + 158), record(bytes, "outer") + 2);
			});
			expectRejected(loop, /in each other|over 128 folders deep|characters long|twice/);
		}
	});

	it("a file beyond the end of the image, and a file of four gigabytes", () => {
		expectRejected(
			patched((bytes) => bytes.writeUInt32LE(0xffff_0000, record(bytes, "VICTIM.;1") + 2)),
			/beyond its end/,
		);
		expectRejected(
			patched((bytes) => bytes.writeUInt32LE(0xffff_ffff, record(bytes, "VICTIM.;1") + 10)),
			/more than 1 GiB|beyond/,
		);
		expectRejected(
			patched((bytes) => bytes.writeUInt32LE(0xffff_ffff, record(bytes, "outer") + 10)),
			/in each other/,
		);
	});

	it("files that overlap with each other, a folder or the descriptors, but not files that share all bytes", () => {
		const moved = (sector: (bytes: Buffer) => number) =>
			patched((bytes) => bytes.writeUInt32LE(sector(bytes), record(bytes, "VICTIM.;1") + 2));
		const first = (bytes: Buffer) => bytes.readUInt32LE(record(bytes, "first.;1") + 2);
		expectRejected(
			moved((bytes) => first(bytes) + 1),
			/"VICTIM" and "first" overlap|"first" and "VICTIM" overlap/,
		);
		expectRejected(
			moved((bytes) => bytes.readUInt32LE(record(bytes, "inner") + 2)),
			/overlap/,
		);
		expectRejected(
			moved(() => 16),
			/overlap/,
		);
		expect(Buffer.from(readConfigDrive(moved(first)).read("VICTIM") ?? "")).toEqual(Buffer.alloc(5000, "1"));
	});

	it("links, and files with several extents", () => {
		const px = (bytes: Buffer) => find(bytes, "PX", record(bytes, "VICTIM.;1"));
		expectRejected(
			patched((bytes) => bytes.writeUInt32LE(0o120_777, px(bytes) + 4)),
			/neither a file nor a folder/,
		);
		expectRejected(
			patched((bytes) => (bytes[record(bytes, "VICTIM.;1") + 25] = 0x80)),
			/several extents/,
		);
		expectRejected(
			patched((bytes) => bytes.write("CL", find(bytes, "TF", record(bytes, "VICTIM.;1")))),
			/relocated/,
		);
	});

	it("a record that continues forever, or for too long", () => {
		const continued = (sector: number, length: number) =>
			patched((bytes) => {
				const area = find(bytes, "PX", record(bytes, "VICTIM.;1"));
				bytes.set([...Buffer.from("CE"), 28, 1], area);
				bytes.writeUInt32LE(sector, area + 4);
				bytes.writeUInt32LE(area % SECTOR, area + 12);
				bytes.writeUInt32LE(length, area + 20);
			});
		const own = (bytes: Buffer) => Math.floor(record(bytes, "VICTIM.;1") / SECTOR);
		expectRejected(continued(own(image({ format: "iso9660" })), 28), /continue forever/);
		expectRejected(continued(20, 0xffff_ffff), /more than a sector/);
		expectRejected(continued(0xffff, 28), /beyond its end/);
	});

	it("a name in so many entries that it is too long", () => {
		const long = patched((bytes) => {
			const piece = Buffer.from(`NM\xff\x01\0${"n".repeat(250)}`, "latin1");
			const pieces = find(bytes, "1".repeat(5000));
			for (let index = 0; index < 8; index++) bytes.set(piece, pieces + index * piece.length);
			const area = find(bytes, "PX", record(bytes, "VICTIM.;1"));
			bytes.set([...Buffer.from("CE"), 28, 1], area);
			bytes.writeUInt32LE(pieces / SECTOR, area + 4);
			bytes.writeUInt32LE(0, area + 12);
			bytes.writeUInt32LE(8 * piece.length, area + 20);
		});
		expectRejected(long, /name of more than 1024 bytes/);
	});

	it("a label with control characters", () => {
		expectRejected(
			patched((bytes) => bytes.write("\x1b[2J", 16 * SECTOR + 40)),
			/label/,
		);
	});

	it("a truncated image", () => {
		const bytes = image({ format: "iso9660" });
		expectRejected(bytes.subarray(0, 17 * SECTOR), /volume descriptors/);
		expectRejected(bytes.subarray(0, 24 * SECTOR), /beyond its end/);
	});
});

describe("a hostile VFAT image is rejected", () => {
	/** A small FAT16 volume, whose table is easy to patch: it follows the boot sector. */
	const sizeMiB = 5;
	const FAT = 512;
	const patched = (patch: (bytes: Buffer) => void) => {
		const bytes = image({ format: "vfat", sizeMiB });
		patch(bytes);
		return bytes;
	};
	const entry = (bytes: Buffer, short: string) => find(bytes, short.padEnd(11), FAT);
	const cluster = (bytes: Buffer, short: string) => bytes.readUInt16LE(entry(bytes, short) + 26);
	const next = (bytes: Buffer, number: number, value: number) => bytes.writeUInt16LE(value, FAT + number * 2);

	it("a chain that is a cycle, is shared, or leads beyond the end", { tags: ["slow"] }, () => {
		const chained = (value: (bytes: Buffer) => number) =>
			patched((bytes) => next(bytes, cluster(bytes, "VICTIM"), value(bytes)));
		expectRejected(
			chained((bytes) => cluster(bytes, "VICTIM")),
			/cycle/,
		);
		expectRejected(
			chained((bytes) => cluster(bytes, "FIRST")),
			/overlaps/,
		);
		expectRejected(
			chained(() => 0xff00),
			/beyond its end/,
		);
		expectRejected(
			chained(() => 0),
			/beyond its end/,
		);
		expectRejected(
			chained(() => 0xfff7),
			/beyond its end/,
		);
	});

	it("a folder in itself", () => {
		expectRejected(
			patched((bytes) => bytes.writeUInt16LE(cluster(bytes, "OUTER"), entry(bytes, "INNER") + 26)),
			/cycle/,
		);
	});

	it("a file that is larger than its chain", () => {
		expectRejected(
			patched((bytes) => bytes.writeUInt32LE(0xffff_ffff, entry(bytes, "VICTIM") + 28)),
			/clusters for only 5120/,
		);
	});

	it("names that lead out of the folder", () => {
		const part = (bytes: Buffer) => entry(bytes, "OUTER") - 32;
		const long = (text: string) =>
			patched((bytes) => {
				for (const [index, character] of [...text].entries()) {
					bytes.writeUInt16LE(character.charCodeAt(0), part(bytes) + 1 + 2 * index);
				}
			});
		expectRejected(long("../a\0"), /name with \//);
		expectRejected(long("..\0"), /another folder/);
		expectRejected(long("\0"), /another folder/);
		expectRejected(long("a\u001bb"), /control character/);
		expectRejected(long("\ud800"), /not valid Unicode/);
		expectRejected(
			patched((bytes) => bytes.write("A/B", entry(bytes, "VICTIM"))),
			/name with \//,
		);
		expectRejected(
			patched((bytes) => (bytes[entry(bytes, "VICTIM") + 1] = 0x90)),
			/not ASCII/,
		);
		expectRejected(
			patched((bytes) => bytes.write("SECOND", entry(bytes, "VICTIM"))),
			/occurs twice/,
		);
	});

	it("an invalid boot sector", () => {
		for (const [offset, value] of [
			[13, 3],
			[14, 0],
			[16, 0],
			[22, 0],
			[22, 1],
		] as const) {
			expectRejected(
				patched((bytes) => bytes.writeUInt8(value, offset)),
				/boot sector|beyond its end/,
			);
		}
		expectRejected(
			patched((bytes) => bytes.writeUInt16LE(0xffff, 19)),
			/beyond its end/,
		);
		expectRejected(image({ format: "vfat", sizeMiB }).subarray(0, 2 ** 20), /beyond its end/);
	});

	it("but OS/2's data next to a cluster number on FAT16 is ignored", () => {
		const bytes = patched((bytes) => bytes.writeUInt16LE(7, entry(bytes, "VICTIM") + 20));
		expect(Buffer.from(readConfigDrive(bytes).read("VICTIM") ?? "")).toEqual(Buffer.alloc(5000, "2"));
	});

	it("but a long name that belongs to another short name is ignored", () => {
		const bytes = patched((bytes) => (bytes[entry(bytes, "OUTER") - 32 + 13] = 0));
		expect(readConfigDrive(bytes).entries.map(({ path }) => path)).toContain("OUTER");
	});
});

it("a listing that is much longer than its image is rejected", { tags: ["slow"] }, () => {
	const found = collector();
	let folder = "";
	for (let depth = 0; depth < 15; depth++) folder = found.folder(folder, "d".repeat(255), undefined);
	const list = () => {
		for (let index = 0; index < 10_000; index++) found.file(folder, `${index}`, undefined, 0, () => Buffer.of());
	};
	expect(list).toThrow(/paths have more than 33554432 characters/);
});

describe("other data is rejected", () => {
	it.each([[""], ["hello"], ["\0".repeat(100_000)]])("%#", (text) => expectRejected(Buffer.from(text), /neither/));

	it("and compressed data that decompresses to too much", async () => {
		const { gzipSync } = await import("node:zlib");
		expect(() => decodeConfigDrive(gzipSync(Buffer.alloc(2 ** 20)), 2 ** 19)).toThrow(/larger than 524288 bytes/);
		expect(() => decodeConfigDrive(Buffer.from("H4sI nothing"))).toThrow(/broken/);
	});
});
