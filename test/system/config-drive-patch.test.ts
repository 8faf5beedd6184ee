/** @module-tag slow */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { buildConfigDrive, filesNamed, patchConfigDrive, readConfigDrive } from "../../src/config-drive/index.ts";
import { treeOf } from "../drive-files.ts";
import {
	type Listing,
	output,
	readWith7z,
	readWithBsdtar,
	readWithIsoinfo,
	readWithMtools,
	readWithPycdlib,
	readWithXorriso,
} from "./drive-readers.ts";
import { hasProgram, hasPythonModules, PYTHON } from "./programs.ts";

/** A drive in Nova's layout: equal files, empty ones, and one that is as long as a sector. */
const files = new Map<string, Uint8Array>();
for (const version of ["2012-08-10", "2018-08-27", "latest"]) {
	files.set(`openstack/${version}/meta_data.json`, Buffer.from(`{"uuid": "1", "version": "${version}"}`));
	files.set(`openstack/${version}/network_data.json`, Buffer.from('{"links": [], "networks": [], "services": []}'));
	files.set(`openstack/${version}/vendor_data.json`, Buffer.from("{}"));
	files.set(`openstack/${version}/vendor_data2.json`, Buffer.from("{}"));
	files.set(`openstack/${version}/user_data`, Buffer.from(`#!/bin/sh\necho ${version}\n`));
}
files.set("openstack/content/0000", Buffer.alloc(2048, "c"));
files.set("openstack/content/0001", Buffer.alloc(0));
files.set("openstack/content/0002", Buffer.alloc(0));
files.set("openstack/content/a-b", Buffer.alloc(70_000, "a long one "));
files.set("ec2/latest/meta-data.json", Buffer.from('{"instance-id": "i-00000001"}'));
files.set("ec2/latest/user-data", Buffer.from("#!/bin/sh\n"));

const folder = mkdtempSync(join(tmpdir(), "guestwire-patch-"));
// Folders are 0555 in what some programs extract: nobody but root could remove them.
afterAll(() => {
	execFileSync("chmod", ["-R", "u+w", folder]);
	rmSync(folder, { recursive: true });
});
const source = join(folder, "source");
for (const [path, bytes] of files) {
	mkdirSync(join(source, dirname(path)), { recursive: true });
	writeFileSync(join(source, path), bytes, { mode: path.endsWith(".json") ? 0o640 : 0o755 });
}

type Maker = (image: string) => unknown;

/** Nova's own command (nova/virt/configdrive.py). */
const NOVA = "-ldots -allow-lowercase -allow-multidot -l -publisher Nova -quiet -J -r -V config-2".split(" ");

function fat(bits: string, mib: number): Maker {
	return async (image) => {
		writeFileSync(image, "");
		truncateSync(image, mib * 2 ** 20);
		await output("mkfs.vfat", ["-F", bits, "-n", "config-2", image]);
		await output("mcopy", ["-s", "-Q", "-i", image, join(source, "openstack"), join(source, "ec2"), "::/"]);
	};
}

const WITH_PYCDLIB = `
import os, sys
import pycdlib
iso = pycdlib.PyCdlib()
iso.new(interchange_level=4, joliet=3, rock_ridge="1.09", vol_ident="config-2")
source, image = sys.argv[1:]
for folder, folders, names in os.walk(source):
    below = folder[len(source):]
    for name in folders:
        iso.add_directory(below + "/" + name, rr_name=name, joliet_path=below + "/" + name)
    for name in names:
        path = below + "/" + name
        iso.add_file(os.path.join(folder, name), path + ";1", rr_name=name, joliet_path=path, file_mode=0o100444)
iso.write(image)
iso.close()
`;

const isoMakers: Record<string, { make: Maker; available: boolean }> = {
	"genisoimage, as Nova runs it": {
		make: (image) => output("genisoimage", ["-o", image, ...NOVA, source]),
		available: hasProgram("genisoimage"),
	},
	"genisoimage with modes and without Joliet": {
		make: (image) => output("genisoimage", ["-quiet", "-R", "-V", "config-2", "-o", image, source]),
		available: hasProgram("genisoimage"),
	},
	"xorriso, as Nova runs mkisofs": {
		make: (image) => output("xorriso", ["-as", "mkisofs", "-o", image, ...NOVA, source]),
		available: hasProgram("xorriso"),
	},
	pycdlib: {
		make: (image) => output(PYTHON, ["-c", WITH_PYCDLIB, source, image]),
		available: hasPythonModules("pycdlib"),
	},
	Guestwire: { make: (image) => writeFileSync(image, buildConfigDrive(treeOf(files))), available: true },
};
for (const name of ["b2-static4-routes", "h1-full"]) {
	const fixture = new URL(`../fixtures/zed-config-drives/${name}.iso.gz`, import.meta.url);
	isoMakers[`Nova itself, ${name}`] = {
		make: (image) => writeFileSync(image, gunzipSync(readFileSync(fixture))),
		available: true,
	};
}

const fatMakers: Record<string, { make: Maker; available: boolean }> = {
	"mkfs.vfat and mcopy, FAT12": { make: fat("12", 4), available: hasProgram("mkfs.vfat", "mcopy") },
	"mkfs.vfat and mcopy, FAT16, as Nova's": { make: fat("16", 64), available: hasProgram("mkfs.vfat", "mcopy") },
	"mkfs.vfat and mcopy, FAT32": { make: fat("32", 64), available: hasProgram("mkfs.vfat", "mcopy") },
	Guestwire: {
		make: (image) => writeFileSync(image, buildConfigDrive(treeOf(files), { format: "vfat" })),
		available: true,
	},
};

/** Each reader's listings of an image, by a name. */
type Readers = (image: string) => Promise<Record<string, Listing>>;

const rockRidgeReaders: Readers = async (image) => {
	const target = mkdtempSync(join(folder, "read-"));
	return {
		...(hasProgram("isoinfo") && { isoinfo: await readWithIsoinfo(image) }),
		...(hasProgram("xorriso") && { xorriso: await readWithXorriso(image, target) }),
		...(hasProgram("bsdtar") && { bsdtar: await readWithBsdtar(image, target) }),
	};
};

const isoReaders: Readers = async (image) => ({
	...(await rockRidgeReaders(image)),
	...(hasProgram("7zz") && { "7-Zip": await readWith7z(image, mkdtempSync(join(folder, "read-"))) }),
	...(hasPythonModules("pycdlib") && (await readWithPycdlib(image))),
});

const fatReaders: Readers = async (image) => {
	const target = mkdtempSync(join(folder, "read-"));
	return {
		...(hasProgram("mcopy") && { mtools: await readWithMtools(image, target) }),
		...(hasProgram("7zz") && { "7-Zip": await readWith7z(image, target) }),
	};
};

/** In as many sectors as before, and in more. */
const contents: Record<string, Buffer> = { shorter: Buffer.from("{}"), longer: Buffer.alloc(150_001, "new ") };

/** What is replaced, as `--replace` names it. */
const names = [
	"network_data.json",
	"openstack/latest/vendor_data.json",
	"openstack/content/0001",
	"openstack/content/a-b",
];

/** Any spelling of a name space. */
const plain = (path: string) => path.replace(/;1$/, "").replace(/\.$/, "").replaceAll("-", "_").toLowerCase();

async function expectPatched(image: string, read: Readers, wanted: readonly string[]): Promise<void> {
	const original = readFileSync(image);
	const known = readConfigDrive(original);
	const listings = Object.entries(await read(image));
	for (const [what, bytes] of Object.entries(contents)) {
		const paths = wanted.flatMap((name) => filesNamed(known, name));
		const patched = `${image}.${what}`;
		writeFileSync(patched, patchConfigDrive(original, new Map(paths.map((path) => [path, bytes]))));
		const targets = new Set(paths.map(plain));
		const after = await read(patched);
		for (const [reader, before] of listings) {
			const isTarget = (path: string) => targets.has(plain(path));
			expect([...before.keys()].filter(isTarget).length, reader).toBe(paths.length);
			const expected = [...before].map(
				([path, found]) => [path, isTarget(path) ? { ...found, bytes } : found] as const,
			);
			expect(new Map(after[reader]), `${reader}, ${what}`).toEqual(new Map(expected));
		}
	}
	expect(Buffer.compare(readFileSync(image), original)).toBe(0);
}

describe.each(Object.entries(isoMakers))("an ISO 9660 drive made by %s", (name, { make, available }) => {
	const image = join(folder, `${name.replace(/\W/g, "-")}.iso`);

	it.skipIf(!available)("has the new files, and all others as before", async () => {
		await make(image);
		const wanted = name.startsWith("Nova") ? ["network_data.json", "openstack/latest/vendor_data.json"] : names;
		await expectPatched(image, name.includes("without Joliet") ? rockRidgeReaders : isoReaders, wanted);
	});
});

describe.each(Object.entries(fatMakers))("a VFAT drive made by %s", (name, { make, available }) => {
	const image = join(folder, `${name.replace(/\W/g, "-")}.img`);

	it.skipIf(!available)("has the new files, and all others as before", async () => {
		await make(image);
		await expectPatched(image, fatReaders, names);
		for (const what of hasProgram("fsck.vfat") ? Object.keys(contents) : []) {
			const report = (await output("fsck.vfat", ["-n", "-v", `${image}.${what}`])).toString();
			expect(report.split("Checking for unused clusters.\n")[1]?.trim().split("\n").at(-1)).toMatch(/: \d+ files, /);
		}
	});
});

describe("a drive that can't be patched is rejected", () => {
	const replacements = new Map([["openstack/latest/network_data.json", Buffer.from("{}")]]);

	it.skipIf(!hasProgram("genisoimage"))("with UDF (genisoimage -udf)", async () => {
		const image = join(folder, "udf.iso");
		await output("genisoimage", ["-quiet", "-udf", "-R", "-V", "config-2", "-o", image, source]);
		expect(() => patchConfigDrive(readFileSync(image), replacements)).toThrow(/UDF/);
	});

	it.skipIf(!hasProgram("genisoimage"))("with HFS (genisoimage -hfs)", async () => {
		const image = join(folder, "hfs.iso");
		await output("genisoimage", ["-quiet", "-hfs", "-R", "-V", "config-2", "-o", image, source]);
		expect(() => patchConfigDrive(readFileSync(image), replacements)).toThrow(/HFS/);
	});

	it.skipIf(!hasProgram("xorriso"))("with checksums (xorriso -md5 on)", async () => {
		const image = join(folder, "md5.iso");
		await output("xorriso", ["-md5", "on", "-outdev", image, "-volid", "config-2", "-map", source, "/"]);
		expect(() => patchConfigDrive(readFileSync(image), replacements)).toThrow(/checksums/);
	});
});
