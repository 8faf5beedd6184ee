import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filesOf, plainName, treeOf } from "../../test/drive-files.ts";
import { buildConfigDrive, type ConfigDriveOptions, filesNamed, patchConfigDrive, readConfigDrive } from "./index.ts";

const files = new Map<string, Uint8Array>([
	["openstack/2018-08-27/network_data.json", Buffer.from("{}")],
	["openstack/2018-08-27/user_data", Buffer.from("#!/bin/sh")],
	["openstack/latest/network_data.json", Buffer.from("{}")],
	["openstack/latest/vendor_data.json", Buffer.from("{}")],
	["openstack/latest/metadata/network_data.json", Buffer.from("{}")],
	["openstack/latest/user_data", Buffer.from("the first secret ".repeat(500))],
	["openstack/content/network_data.json", Buffer.from("injected")],
]);
const formats = [{ format: "iso9660" }, { format: "vfat" }, { format: "vfat", sizeMiB: 5 }] as const;
const drive = (options: ConfigDriveOptions) => buildConfigDrive(treeOf(files), options);
const read = (image: Uint8Array) => {
	const contents = readConfigDrive(image);
	return new Map(
		[...contents.paths()].map((path) => [path, Buffer.from(contents.read(path) ?? "").toString("latin1")]),
	);
};

describe.each(formats)("a drive: %j", (options) => {
	it("is the same as before but for what is replaced", { tags: ["slow"] }, () => {
		const replaced = fc.oneof(
			fc.nat(9000).map((length) => Buffer.alloc(length, "new")),
			fc.constantFrom(0, 1, 511, 512, 2047, 2048, 2049, 4096).map((length) => Buffer.alloc(length, "x")),
		);
		const property = fc.property(
			filesOf(plainName, 3, 8),
			fc.array(fc.tuple(fc.nat(7), replaced), { minLength: 1, maxLength: 4 }),
			(tree, changes) => {
				fc.pre(tree.size > 0);
				const image = imageOf(tree, options);
				fc.pre(image !== undefined);
				const paths = [...tree.keys()];
				const replacements = new Map(changes.map(([index, bytes]) => [paths[index % paths.length] ?? "", bytes]));
				const patched = patchConfigDrive(image ?? new Uint8Array(), replacements);
				const expected = [...tree].map(([path, bytes]) => [path, replacements.get(path) ?? bytes] as const);
				const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
				expect(read(patched)).toEqual(new Map(expected.map(([path, bytes]) => [path, text(bytes)])));
				expect(readConfigDrive(patched).entries.map(({ path, mode }) => [path, mode])).toEqual(
					readConfigDrive(image ?? new Uint8Array()).entries.map(({ path, mode }) => [path, mode]),
				);
				expect(patched.length % 4096).toBe(0);
			},
		);
		fc.assert(property, { numRuns: 60 });
	});

	it("drops what was replaced, and does not grow again", () => {
		const path = "openstack/latest/user_data";
		const longer = patchConfigDrive(drive(options), new Map([[path, Buffer.alloc(50_000, "second ")]]));
		const shorter = patchConfigDrive(longer, new Map([[path, Buffer.from("third")]]));
		for (const image of [longer, shorter]) expect(Buffer.from(image).includes("the first secret")).toBe(false);
		expect(Buffer.from(shorter).includes("second")).toBe(false);
		expect(shorter.length).toBe(longer.length);
		expect(read(shorter).get(path)).toBe("third");
	});

	it("does not change the original, and rejects a file that it does not have", () => {
		const image = drive(options);
		const original = Buffer.from(image);
		patchConfigDrive(image, new Map([["openstack/latest/network_data.json", Buffer.from("[]")]]));
		expect(Buffer.compare(image, original)).toBe(0);
		expect(() => patchConfigDrive(image, new Map([["openstack/latest/none", Buffer.of()]]))).toThrow(
			/^the drive can't be patched: it has no file "openstack\/latest\/none"; use another image$/,
		);
	});

	it("finds the files of a name in its version folders, and a path as it is", () => {
		const contents = readConfigDrive(drive(options));
		expect(filesNamed(contents, "network_data.json").sort()).toEqual([
			"openstack/2018-08-27/network_data.json",
			"openstack/latest/metadata/network_data.json",
			"openstack/latest/network_data.json",
		]);
		const path = "openstack/content/network_data.json";
		expect(filesNamed(contents, path)).toEqual([path]);
		expect(filesNamed(contents, "latest/network_data.json")).toEqual([]);
	});
});

/** Undefined for a tree that no drive can hold. */
function imageOf(tree: ReadonlyMap<string, Uint8Array>, options: ConfigDriveOptions): Uint8Array | undefined {
	try {
		return buildConfigDrive(treeOf(tree), options);
	} catch {
		return undefined;
	}
}

it("a VFAT drive without room is rejected", () => {
	const image = drive({ format: "vfat", sizeMiB: 1 });
	expect(() => patchConfigDrive(image, new Map([["openstack/latest/user_data", Buffer.alloc(2 ** 20)]]))).toThrow(
		/^the drive can't be patched: it has no room for the 1048576 bytes of "openstack\/latest\/user_data"; use another image$/,
	);
});

describe("an ISO 9660 drive", () => {
	const SECTOR = 2048;
	const path = "openstack/latest/vendor_data.json";
	/** The offset of the Joliet record of a name, the `index`th one. */
	const joliet = (image: Buffer, name: string, index = 0) => {
		const id = Buffer.from(name, "utf16le").swap16();
		let at = -1;
		for (let left = index; left >= 0; left--) at = image.indexOf(id, at + 1);
		expect(at).toBeGreaterThan(0);
		return at - 33;
	};

	it("has the new file in Joliet, and the files that shared the old bytes keep them", () => {
		const image = Buffer.from(drive({}));
		const patched = Buffer.from(patchConfigDrive(image, new Map([[path, Buffer.from("[]")]])));
		const record = joliet(patched, "vendor_data.json");
		const start = patched.readUInt32LE(record + 2) * SECTOR;
		expect(patched.toString("latin1", start, start + 3)).toBe("[]\0");
		expect(patched.readUInt32BE(record + 6) * SECTOR).toBe(start);
		expect([patched.readUInt32LE(record + 10), patched.readUInt32BE(record + 14)]).toEqual([2, 2]);
		const other = joliet(patched, "network_data.json");
		expect(patched.readUInt32LE(other + 2)).toBe(image.readUInt32LE(other + 2));
		// The whole image belongs to the volume, in both name spaces.
		for (const sector of [16, 17]) expect(patched.readUInt32LE(sector * SECTOR + 80)).toBe(patched.length / SECTOR);
	});

	it("whose Joliet names hide which file is meant is rejected", () => {
		const image = Buffer.from(drive({}));
		image.write("X", joliet(image, "vendor_data.json") + 34, "latin1");
		expect(() => patchConfigDrive(image, new Map([[path, Buffer.from("[]")]]))).toThrow(/several names for the bytes/);
	});

	it("with a Joliet file on top of another one's bytes is rejected", () => {
		const image = Buffer.from(drive({}));
		const victim = joliet(image, "vendor_data.json");
		const target = image.readUInt32LE(joliet(image, "user_data", 1) + 2);
		image.writeUInt32LE(target, victim + 2);
		image.writeUInt32LE(100, victim + 10);
		expect(() => patchConfigDrive(image, new Map([["openstack/latest/user_data", Buffer.from("new")]]))).toThrow(
			/overlap/,
		);
	});

	it("with extended attributes of the file is rejected", () => {
		const image = Buffer.from(drive({}));
		const record = image.indexOf("vendor_data.json;1") - 33;
		// The attributes' sectors come before the file.
		image[record + 1] = 1;
		image.writeUInt32LE(image.readUInt32LE(record + 2) - 1, record + 2);
		expect(() => patchConfigDrive(image, new Map([[path, Buffer.from("[]")]]))).toThrow(/extended attributes/);
	});
});
