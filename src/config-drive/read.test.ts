import { describe, expect, it } from "vitest";
import { GuestwireError } from "../errors.ts";
import { collector } from "./contents.ts";
import { buildConfigDrive, type ConfigDriveOptions, decodeConfigDrive, readConfigDrive } from "./index.ts";

/** A drive whose parts are found again by their names and contents. */
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

function expectRefused(bytes: Buffer, why: RegExp): void {
	let refused: unknown;
	try {
		readConfigDrive(bytes);
	} catch (error) {
		refused = error;
	}
	expect(refused).toBeInstanceOf(GuestwireError);
	expect(refused).toMatchObject({ code: "drive", message: expect.stringMatching(why) });
}

/** Where `pattern` stands, `from` on; it must be there. */
function find(bytes: Buffer, pattern: string | Buffer, from = 0): number {
	const offset = bytes.indexOf(pattern, from);
	expect(offset).toBeGreaterThan(0);
	return offset;
}

describe("a hostile ISO 9660 image is refused", () => {
	const SECTOR = 2048;
	/** Offset of a plain record, by its identifier. */
	const record = (bytes: Buffer, id: string) => find(bytes, `${String.fromCharCode(id.length)}${id}`, 17 * SECTOR) - 32;
	const patched = (patch: (bytes: Buffer) => void) => {
		const bytes = image({ format: "iso9660" });
		patch(bytes);
		return bytes;
	};
	/** Gives the file VICTIM another real name of six bytes. */
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
	])("a file named %j", (name, why) => expectRefused(renamed(name), why));

	it("a file named .. or nothing", () => {
		const short = (name: string) =>
			patched((bytes) => {
				const entry = find(bytes, Buffer.from("NM\x0b\x01\0VICTIM", "latin1"));
				// The name ends, and an unknown entry takes up the rest.
				bytes.set([0x4e, 0x4d, 5 + name.length, 1, 0, ...Buffer.from(name), 0x5a, 0x5a, 6 - name.length, 1], entry);
			});
		expectRefused(short(".."), /another folder/);
	});

	it("a name that is there twice", () => expectRefused(renamed("SECOND"), /there twice/));

	it("a folder in itself, and in what is in it", () => {
		for (const from of ["outer", "inner"]) {
			const loop = patched((bytes) => {
				const target = bytes.readUInt32LE(record(bytes, "outer") + 2);
				bytes.writeUInt32LE(target, record(bytes, "inner") + 2);
				if (from === "outer") bytes.writeUInt32LE(bytes.readUInt32LE(16 * SECTOR + 158), record(bytes, "outer") + 2);
			});
			expectRefused(loop, /in each other|over 128 folders deep|characters long|twice/);
		}
	});

	it("a file beyond the image's end, and one of four gigabytes", () => {
		expectRefused(
			patched((bytes) => bytes.writeUInt32LE(0xffff_0000, record(bytes, "VICTIM.;1") + 2)),
			/beyond its end/,
		);
		expectRefused(
			patched((bytes) => bytes.writeUInt32LE(0xffff_ffff, record(bytes, "VICTIM.;1") + 10)),
			/over 1 GiB|beyond/,
		);
		expectRefused(
			patched((bytes) => bytes.writeUInt32LE(0xffff_ffff, record(bytes, "outer") + 10)),
			/in each other/,
		);
	});

	it("files that overlap, with each other, a folder or the descriptors, but not those that share all", () => {
		const moved = (sector: (bytes: Buffer) => number) =>
			patched((bytes) => bytes.writeUInt32LE(sector(bytes), record(bytes, "VICTIM.;1") + 2));
		const first = (bytes: Buffer) => bytes.readUInt32LE(record(bytes, "first.;1") + 2);
		expectRefused(
			moved((bytes) => first(bytes) + 1),
			/"VICTIM" and "first" overlap|"first" and "VICTIM" overlap/,
		);
		expectRefused(
			moved((bytes) => bytes.readUInt32LE(record(bytes, "inner") + 2)),
			/overlap/,
		);
		expectRefused(
			moved(() => 16),
			/overlap/,
		);
		expect(Buffer.from(readConfigDrive(moved(first)).read("VICTIM") ?? "")).toEqual(Buffer.alloc(5000, "1"));
	});

	it("links, and files in pieces", () => {
		const px = (bytes: Buffer) => find(bytes, "PX", record(bytes, "VICTIM.;1"));
		expectRefused(
			patched((bytes) => bytes.writeUInt32LE(0o120_777, px(bytes) + 4)),
			/neither a file nor a folder/,
		);
		expectRefused(
			patched((bytes) => (bytes[record(bytes, "VICTIM.;1") + 25] = 0x80)),
			/several pieces/,
		);
		expectRefused(
			patched((bytes) => bytes.write("CL", find(bytes, "TF", record(bytes, "VICTIM.;1")))),
			/relocated/,
		);
	});

	it("a record that goes on for ever, or for too long", () => {
		const continued = (sector: number, length: number) =>
			patched((bytes) => {
				const area = find(bytes, "PX", record(bytes, "VICTIM.;1"));
				bytes.set([...Buffer.from("CE"), 28, 1], area);
				bytes.writeUInt32LE(sector, area + 4);
				bytes.writeUInt32LE(area % SECTOR, area + 12);
				bytes.writeUInt32LE(length, area + 20);
			});
		const own = (bytes: Buffer) => Math.floor(record(bytes, "VICTIM.;1") / SECTOR);
		expectRefused(continued(own(image({ format: "iso9660" })), 28), /go on for ever/);
		expectRefused(continued(20, 0xffff_ffff), /more than a sector/);
		expectRefused(continued(0xffff, 28), /beyond its end/);
	});

	it("a name in so many pieces that it is too long", () => {
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
		expectRefused(long, /name in it has over 1024 bytes/);
	});

	it("a label that drives a terminal", () => {
		expectRefused(
			patched((bytes) => bytes.write("\x1b[2J", 16 * SECTOR + 40)),
			/label/,
		);
	});

	it("an image that was cut off", () => {
		const bytes = image({ format: "iso9660" });
		expectRefused(bytes.subarray(0, 17 * SECTOR), /volume descriptors/);
		expectRefused(bytes.subarray(0, 24 * SECTOR), /beyond its end/);
	});
});

describe("a hostile VFAT image is refused", () => {
	/** Small for FAT16, whose table is easily patched: it stands after the boot sector. */
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

	it("a chain in a circle, shared, or beyond the end", () => {
		const chained = (value: (bytes: Buffer) => number) =>
			patched((bytes) => next(bytes, cluster(bytes, "VICTIM"), value(bytes)));
		expectRefused(
			chained((bytes) => cluster(bytes, "VICTIM")),
			/circle/,
		);
		expectRefused(
			chained((bytes) => cluster(bytes, "FIRST")),
			/overlaps/,
		);
		expectRefused(
			chained(() => 0xff00),
			/beyond its end/,
		);
		expectRefused(
			chained(() => 0),
			/beyond its end/,
		);
		expectRefused(
			chained(() => 0xfff7),
			/beyond its end/,
		);
	});

	it("a folder in itself", () => {
		expectRefused(
			patched((bytes) => bytes.writeUInt16LE(cluster(bytes, "OUTER"), entry(bytes, "INNER") + 26)),
			/circle/,
		);
	});

	it("a file larger than its chain", () => {
		expectRefused(
			patched((bytes) => bytes.writeUInt32LE(0xffff_ffff, entry(bytes, "VICTIM") + 28)),
			/room for 5120/,
		);
	});

	it("names that lead elsewhere", () => {
		const part = (bytes: Buffer) => entry(bytes, "OUTER") - 32;
		const long = (text: string) =>
			patched((bytes) => {
				for (const [index, character] of [...text].entries()) {
					bytes.writeUInt16LE(character.charCodeAt(0), part(bytes) + 1 + 2 * index);
				}
			});
		expectRefused(long("../a\0"), /name with \//);
		expectRefused(long("..\0"), /another folder/);
		expectRefused(long("\0"), /another folder/);
		expectRefused(long("a\u001bb"), /control character/);
		expectRefused(long("\ud800"), /no text/);
		expectRefused(
			patched((bytes) => bytes.write("A/B", entry(bytes, "VICTIM"))),
			/name with \//,
		);
		expectRefused(
			patched((bytes) => (bytes[entry(bytes, "VICTIM") + 1] = 0x90)),
			/not ASCII/,
		);
		expectRefused(
			patched((bytes) => bytes.write("SECOND", entry(bytes, "VICTIM"))),
			/there twice/,
		);
	});

	it("a boot sector that makes no sense", () => {
		for (const [offset, value] of [
			[13, 3],
			[14, 0],
			[16, 0],
			[22, 0],
			[22, 1],
		] as const) {
			expectRefused(
				patched((bytes) => bytes.writeUInt8(value, offset)),
				/boot sector|beyond its end/,
			);
		}
		expectRefused(
			patched((bytes) => bytes.writeUInt16LE(0xffff, 19)),
			/beyond its end/,
		);
		expectRefused(image({ format: "vfat", sizeMiB }).subarray(0, 2 ** 20), /beyond its end/);
	});

	it("but what OS/2 keeps beside a cluster's number on FAT16 is no part of it", () => {
		const bytes = patched((bytes) => bytes.writeUInt16LE(7, entry(bytes, "VICTIM") + 20));
		expect(Buffer.from(readConfigDrive(bytes).read("VICTIM") ?? "")).toEqual(Buffer.alloc(5000, "2"));
	});

	it("but a long name that isn't the short one's is none", () => {
		const bytes = patched((bytes) => (bytes[entry(bytes, "OUTER") - 32 + 13] = 0));
		expect(readConfigDrive(bytes).entries.map(({ path }) => path)).toContain("OUTER");
	});
});

it("a listing is refused that is much longer than its image", () => {
	const found = collector();
	let folder = "";
	for (let depth = 0; depth < 15; depth++) folder = found.folder(folder, "d".repeat(255), undefined);
	const list = () => {
		for (let index = 0; index < 10_000; index++) found.file(folder, `${index}`, undefined, 0, () => Buffer.of());
	};
	expect(list).toThrow(/paths have over 33554432 characters/);
});

describe("what isn't an image is refused", () => {
	it.each([[""], ["hello"], ["\0".repeat(100_000)]])("%#", (text) => expectRefused(Buffer.from(text), /neither/));

	it("and a packed one that unpacks to too much", async () => {
		const { gzipSync } = await import("node:zlib");
		expect(() => decodeConfigDrive(gzipSync(Buffer.alloc(2 ** 20)), 2 ** 19)).toThrow(/over 524288 bytes/);
		expect(() => decodeConfigDrive(Buffer.from("H4sI nothing"))).toThrow(/broken/);
	});
});
