import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readConfigDrive } from "../../src/config-drive/index.ts";
import { output } from "./drive-readers.ts";
import { sampleTree } from "./drive-trees.ts";
import { hasProgram } from "./programs.ts";

const files = sampleTree();
const folder = mkdtempSync(join(tmpdir(), "guestwire-drive-"));
afterAll(() => rmSync(folder, { recursive: true }));

const source = join(folder, "source");
for (const [path, bytes] of files) {
	mkdirSync(join(source, dirname(path)), { recursive: true });
	writeFileSync(join(source, path), bytes);
}

function expectRead(image: string): void {
	const contents = readConfigDrive(readFileSync(image));
	expect(contents.label).toBe("config-2");
	expect([...contents.paths()].sort()).toEqual([...files.keys()].sort());
	for (const [path, bytes] of files) {
		expect(Buffer.compare(contents.read(path) ?? Buffer.from("?"), bytes), path).toBe(0);
	}
}

describe("our reader reads what others made", () => {
	it.skipIf(!hasProgram("xorriso"))("xorriso (apt-get install xorriso)", async () => {
		const image = join(folder, "xorriso.iso");
		await output("xorriso", ["-as", "mkisofs", "-quiet", "-r", "-J", "-V", "config-2", "-o", image, source]);
		expectRead(image);
	});

	it.skipIf(!hasProgram("genisoimage"))("genisoimage, by Rock Ridge (apt-get install genisoimage)", async () => {
		const image = join(folder, "rock-ridge.iso");
		await output("genisoimage", ["-quiet", "-R", "-V", "config-2", "-o", image, source]);
		expectRead(image);
	});

	it.skipIf(!hasProgram("xorriso"))("xorriso, by Joliet alone (apt-get install xorriso)", async () => {
		const image = join(folder, "joliet.iso");
		const options = ["-quiet", "-J", "-joliet-long", "--norock", "-V", "config-2"];
		await output("xorriso", ["-as", "mkisofs", ...options, "-o", image, source]);
		expectRead(image);
	});

	it.skipIf(!hasProgram("mkfs.vfat"))("mkfs.vfat, a FAT32 too small for the specification (dosfstools)", async () => {
		const image = join(folder, "small-fat32");
		writeFileSync(image, "");
		truncateSync(image, 16 * 2 ** 20);
		await output("mkfs.vfat", ["-F", "32", "-n", "config-2", image]);
		expect(readConfigDrive(readFileSync(image))).toMatchObject({ format: "vfat", label: "config-2", entries: [] });
	});

	it.skipIf(!hasProgram("mkfs.vfat", "mcopy"))("mkfs.vfat and mcopy (apt-get install dosfstools mtools)", async () => {
		for (const [bits, size] of [
			["12", 4],
			["16", 64],
			["32", 64],
		] as const) {
			const image = join(folder, `fat${bits}-${size}`);
			writeFileSync(image, "");
			truncateSync(image, size * 2 ** 20);
			await output("mkfs.vfat", ["-F", bits, "-n", "config-2", image]);
			await output("mcopy", ["-s", "-Q", "-i", image, ...folders(), "::/"]);
			expectRead(image);
		}
	});
});

/** Where the sample's files are, one folder each. */
function folders(): string[] {
	return [...new Set([...files.keys()].map((path) => join(source, path.split("/")[0] ?? "")))];
}
