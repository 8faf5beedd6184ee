import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { buildConfigDrive, type DriveFormat } from "../../src/config-drive/index.ts";
import { GuestwireError } from "../../src/errors.ts";
import { anyName, type Files, filesOf, treeOf } from "../drive-files.ts";
import { type Listing, output, readWithIsoinfo, readWithMtools, readWithXorriso } from "./drive-readers.ts";
import { hasProgram } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-drive-"));
// Folders are 0555 in what xorriso extracts.
afterAll(() => {
	execFileSync("chmod", ["-R", "u+w", folder]);
	rmSync(folder, { recursive: true });
});

/** Trees that a format doesn't refuse: those that it refuses are the unit tests' business. */
function buildable(format: DriveFormat): fc.Arbitrary<{ files: Files; image: string }> {
	return filesOf(anyName, 6, 4)
		.map((files) => {
			const image = join(folder, format);
			try {
				writeFileSync(image, buildConfigDrive(treeOf(files), { format }));
				return { files, image };
			} catch (error) {
				if (!(error instanceof GuestwireError)) throw error;
				return { files: new Map(), image: "" };
			}
		})
		.filter(({ image }) => image !== "");
}

function expectSame(read: Listing, files: Files): void {
	expect([...read.keys()].sort()).toEqual([...files.keys()].sort());
	for (const [path, bytes] of files) {
		expect(Buffer.compare(read.get(path)?.bytes ?? Buffer.from("?"), bytes), path).toBe(0);
	}
}

/** Ten thousand files and 60 MiB of user data. */
function largeTree(): Files {
	const files = new Map<string, Uint8Array>([["openstack/latest/user_data", randomBytes(60 * 2 ** 20)]]);
	for (let index = 0; index < 10_000; index++) {
		files.set(`openstack/content/file-with-a-long-name-${index}.json`, Buffer.from(`${index}`));
	}
	return files;
}

/** Milliseconds: hundreds of programs are run, on a machine that may be slow. */
const LONG = 300_000;

describe("any tree that isn't refused reads back", () => {
	it.skipIf(!hasProgram("isoinfo"))(
		"with isoinfo (apt-get install genisoimage)",
		async () => {
			const same = fc.asyncProperty(buildable("iso9660"), async ({ files, image }) => {
				writeFileSync(image, buildConfigDrive(treeOf(files)));
				expectSame(await readWithIsoinfo(image), files);
			});
			await fc.assert(same, { numRuns: 60 });
		},
		LONG,
	);

	it.skipIf(!hasProgram("isoinfo", "xorriso"))(
		"a large one, with isoinfo and xorriso (genisoimage, xorriso)",
		async () => {
			const files = largeTree();
			const image = join(folder, "large.iso");
			writeFileSync(image, buildConfigDrive(treeOf(files)));
			const listed = (await output("isoinfo", ["-R", "-f", "-i", image])).toString().trim().split("\n");
			expect(listed.map((path) => path.slice(1))).toEqual(expect.arrayContaining([...files.keys()]));
			const userData = await output("isoinfo", ["-R", "-i", image, "-x", "/openstack/latest/user_data"]);
			expect(Buffer.compare(userData, files.get("openstack/latest/user_data") ?? Buffer.of())).toBe(0);
			expectSame(await readWithXorriso(image, folder), files);
		},
		LONG,
	);

	it.skipIf(!hasProgram("mcopy", "fsck.vfat"))(
		"a large one, with mtools (mtools, dosfstools)",
		async () => {
			const files = largeTree();
			const image = join(folder, "large.img");
			writeFileSync(image, buildConfigDrive(treeOf(files), { format: "vfat" }));
			await output("fsck.vfat", ["-n", image]);
			expectSame(await readWithMtools(image, folder), files);
			rmSync(join(folder, "mtools"), { recursive: true });
		},
		LONG,
	);

	it.skipIf(!hasProgram("mcopy", "fsck.vfat"))(
		"with mtools and fsck.vfat (apt-get install mtools dosfstools)",
		async () => {
			const same = fc.asyncProperty(buildable("vfat"), async ({ files, image }) => {
				writeFileSync(image, buildConfigDrive(treeOf(files), { format: "vfat" }));
				await output("fsck.vfat", ["-n", image]);
				expectSame(await readWithMtools(image, folder), files);
				rmSync(join(folder, "mtools"), { recursive: true });
			});
			await fc.assert(same, { numRuns: 60 });
		},
		LONG,
	);
});
