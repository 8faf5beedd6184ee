import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildConfigDrive, type ConfigDriveOptions } from "../../src/config-drive/index.ts";
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
import { sampleTree } from "./drive-trees.ts";
import { hasProgram, hasPythonModules } from "./programs.ts";

const files = sampleTree();
const date = new Date("2026-03-04T05:06:08Z");
const folder = mkdtempSync(join(tmpdir(), "guestwire-drive-"));

// Folders are 0555 in what some programs extract: nobody but root could remove them.
afterAll(() => {
	execFileSync("chmod", ["-R", "u+w", folder]);
	rmSync(folder, { recursive: true });
});

function image(options: ConfigDriveOptions): string {
	const path = join(folder, `${options.format}-${options.sizeMiB ?? "auto"}`);
	writeFileSync(path, buildConfigDrive(treeOf(files), { ...options, date }));
	return path;
}

/** The tree that was put in, as a reader that tells modes shall give it back. */
const withModes: Listing = new Map(
	[...files].map(([path, bytes]) => [path, { bytes: Buffer.from(bytes), mode: 0o444 }]),
);
const withoutModes: Listing = new Map([...files].map(([path, bytes]) => [path, { bytes: Buffer.from(bytes) }]));

function expectSame(read: Listing, expected: Listing): void {
	expect([...read.keys()].sort()).toEqual([...expected.keys()].sort());
	for (const [path, what] of expected) expect(read.get(path), path).toEqual(what);
}

describe("an ISO 9660 drive reads back as it was put in", () => {
	const iso = image({ format: "iso9660" });

	it.skipIf(!hasProgram("isoinfo"))("with isoinfo (apt-get install genisoimage)", async () => {
		expectSame(await readWithIsoinfo(iso), withModes);
		const listing = (await output("isoinfo", ["-R", "-l", "-i", iso])).toString();
		const folders = listing.split("\n").filter((line) => line.startsWith("d"));
		expect(folders.filter((line) => !/^dr-xr-xr-x +\d+ +0 +0 /.test(line))).toEqual([]);
		const description = (await output("isoinfo", ["-d", "-i", iso])).toString();
		expect(description).toContain("Volume id: config-2\n");
		expect(description).toMatch(/Publisher id: OpenStack Guestwire \d/);
		expect(description).toContain("Joliet with UCS level 3 found\n");
	});

	it.skipIf(!hasProgram("xorriso"))("with xorriso (apt-get install xorriso)", async () => {
		expectSame(await readWithXorriso(iso, folder), withModes);
	});

	it.skipIf(!hasProgram("bsdtar"))("with bsdtar (apt-get install libarchive-tools)", async () => {
		expectSame(await readWithBsdtar(iso, folder), withModes);
	});

	it.skipIf(!hasProgram("7zz"))("with 7-Zip (apt-get install 7zip)", async () => {
		expectSame(await readWith7z(iso, folder), withoutModes);
	});

	it.skipIf(!hasPythonModules("pycdlib"))(
		"in all three name spaces, with pycdlib (apt-get install python3-pycdlib)",
		async () => {
			const spaces = await readWithPycdlib(iso);
			expectSame(spaces.rr_path, withoutModes);
			expectSame(spaces.joliet_path, withoutModes);
			const bytes = ({ bytes }: { bytes: Buffer }) => bytes.toString("base64");
			expect([...spaces.iso_path.values()].map(bytes).sort()).toEqual([...withoutModes.values()].map(bytes).sort());
			expect(spaces.iso_path.get("openstack/latest/network_data.json;1")?.bytes).toEqual(
				Buffer.from(files.get("openstack/latest/network_data.json") ?? []),
			);
		},
	);

	it.skipIf(!hasProgram("blkid"))("with blkid (apt-get install util-linux)", async () => {
		const tags = (await output("blkid", ["-p", "-o", "export", iso])).toString().split("\n");
		expect(tags).toEqual(expect.arrayContaining(["LABEL=config-2", "TYPE=iso9660", "VERSION=Joliet\\ Extension"]));
		expect(tags).toContain("UUID=2026-03-04-05-06-08-00");
	});
});

describe.each([
	{ kind: "FAT12", sizeMiB: undefined },
	{ kind: "FAT16", sizeMiB: 64 },
	{ kind: "FAT32", sizeMiB: 520 },
])("a VFAT drive of kind $kind reads back as it was put in", ({ kind, sizeMiB }) => {
	const fat = image({ format: "vfat", ...(sizeMiB === undefined ? {} : { sizeMiB }) });

	it.skipIf(!hasProgram("fsck.vfat"))("and fsck.vfat finds no fault (apt-get install dosfstools)", async () => {
		const report = (await output("fsck.vfat", ["-n", "-v", fat])).toString();
		expect(report).toContain(`${kind.slice(3)} bit entries`);
		// Beside what it looks for, it says what it finds: then there are more lines.
		expect(report.split("Checking for unused clusters.\n")[1]?.trim().split("\n").at(-1)).toMatch(/: \d+ files, /);
	});

	it.skipIf(!hasProgram("mcopy"))("with mtools (apt-get install mtools)", async () => {
		expectSame(await readWithMtools(fat, folder), withoutModes);
		rmSync(join(folder, "mtools"), { recursive: true });
	});

	it.skipIf(!hasProgram("7zz"))("with 7-Zip (apt-get install 7zip)", async () => {
		expectSame(await readWith7z(fat, folder), withoutModes);
		rmSync(join(folder, "7z"), { recursive: true });
	});

	it.skipIf(!hasProgram("blkid"))("with blkid (apt-get install util-linux)", async () => {
		const tags = (await output("blkid", ["-p", "-o", "export", fat])).toString().split("\n");
		expect(tags).toEqual(expect.arrayContaining(["LABEL=config-2", "TYPE=vfat", `VERSION=${kind}`]));
	});
});
