/** @module-tag slow */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { treeOf } from "../../test/drive-files.ts";
import { buildConfigDrive, patchConfigDrive, readConfigDrive } from "../config-drive/index.ts";
import { GuestwireError } from "../errors.ts";
import { extractImage } from "./drive-files.ts";

const files = new Map([
	["openstack/latest/meta_data.json", Buffer.from('{"uuid": "1"}')],
	["openstack/latest/user_data", Buffer.alloc(5000, "user")],
	["openstack/content/0000", Buffer.from("")],
	[`${"鍵".repeat(60)}/other`, Buffer.from("a name that has no room in its record")],
]);
const tree = treeOf(files);
const recorded = new URL("../../test/fixtures/zed-config-drives/b2-static4-routes.iso.gz", import.meta.url);

const originals = [
	buildConfigDrive(tree),
	buildConfigDrive(tree, { format: "vfat", sizeMiB: 1 }),
	buildConfigDrive(tree, { format: "vfat", sizeMiB: 5 }),
	gunzipSync(readFileSync(recorded)),
];

const IMAGES = 10_000;
/** Patching reads an image several times: more of them by hand. */
const PATCHED = Number(process.env["GUESTWIRE_FUZZ_IMAGES"] ?? 500);
/** One image in this many is also extracted: a disk is slow. */
const EXTRACTED = 10;

/** Uniform from 0 to `below`, exclusive, with the same sequence in every run (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
		return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
	};
}

/** The offsets of bytes with a meaning: those that are not zero. */
function meaningful(image: Uint8Array): number[] {
	return Array.from(image.entries(), ([offset, byte]) => (byte === 0 ? -1 : offset)).filter((offset) => offset >= 0);
}

const offsets = originals.map(meaningful);

/** A corrupted image. `restore` restores the original bytes. */
function spoil(seed: number): { image: Uint8Array; restore: () => void } {
	const random = randomFrom(seed);
	const which = random(originals.length);
	const original = originals[which] ?? new Uint8Array();
	const places = offsets[which] ?? [];
	const changes = Array.from({ length: 1 + random(8) }, () => {
		const offset = random(10) < 7 ? (places[random(places.length)] ?? 0) : random(Math.min(original.length, 2 ** 17));
		const byte = original[offset] ?? 0;
		original[offset] = [byte ^ (1 << random(8)), random(256), 0, 0xff, 0x2e, 0x2f][random(6)] ?? 0;
		return { offset, byte };
	});
	const end = random(5) === 0 ? random(original.length) : original.length;
	const restore = () => {
		for (const { offset, byte } of changes.reverse()) original[offset] = byte;
	};
	return { image: original.subarray(0, end), restore };
}

it(`${IMAGES} corrupted images neither crash nor hang a reader, and are never extracted outside the folder`, async () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-fuzz-"));
	writeFileSync(join(folder, "canary"), "sings");
	const out = join(folder, "out");
	const memory = process.memoryUsage().rss;
	let refused = 0;
	for (let seed = 0; seed < IMAGES; seed++) {
		const { image, restore } = spoil(seed);
		const start = performance.now();
		try {
			const contents = readConfigDrive(image);
			for (const { path } of contents.entries) expect(resolve(out, path).startsWith(`${out}/`), path).toBe(true);
			for (const path of contents.paths()) contents.read(path);
			if (seed % EXTRACTED === 0) await extractImage(contents, out);
		} catch (error) {
			if (!(error instanceof GuestwireError)) throw new Error(`image ${seed}`, { cause: error });
			refused++;
		}
		restore();
		expect(performance.now() - start, `milliseconds for image ${seed}`).toBeLessThan(10_000);
		expect(
			readdirSync(folder).filter((name) => name !== "out"),
			`image ${seed}`,
		).toEqual(["canary"]);
		rmSync(out, { recursive: true, force: true });
	}
	expect(readFileSync(join(folder, "canary"), "utf8")).toBe("sings");
	expect(process.memoryUsage().rss - memory).toBeLessThan(256 * 2 ** 20);
	// Both outcomes occurred: images that were rejected, and images that were extracted.
	expect(refused).toBeGreaterThan(IMAGES / 10);
	expect(refused).toBeLessThan((IMAGES * 9) / 10);
	rmSync(folder, { recursive: true });
}, 600_000);

it(`${PATCHED} corrupted images are patched as a whole image would be, or rejected in one line`, () => {
	const bytes = Buffer.alloc(5000, "new");
	let refused = 0;
	for (let seed = 0; seed < PATCHED; seed++) {
		const { image, restore } = spoil(seed);
		const start = performance.now();
		const original = Buffer.from(image);
		const path = seed % 2 === 0 ? "openstack/latest/meta_data.json" : "openstack/latest/user_data";
		try {
			const patched = patchConfigDrive(image, new Map([[path, bytes]]));
			const [before, after] = [image, patched].map(readConfigDrive);
			expect([...(after?.paths() ?? [])]).toEqual([...(before?.paths() ?? [])]);
			for (const other of before?.paths() ?? []) {
				const expected = other === path ? bytes : (before?.read(other) ?? "");
				expect(Buffer.compare(after?.read(other) ?? Buffer.of(), Buffer.from(expected)), `image ${seed}`).toBe(0);
			}
		} catch (error) {
			if (!(error instanceof GuestwireError)) throw new Error(`image ${seed}`, { cause: error });
			expect(error.message).not.toContain("\n");
			refused++;
		}
		expect(Buffer.compare(image, original), `the original of image ${seed}`).toBe(0);
		restore();
		expect(performance.now() - start, `milliseconds for image ${seed}`).toBeLessThan(10_000);
	}
	expect(refused).toBeGreaterThan(PATCHED / 10);
	expect(refused).toBeLessThan((PATCHED * 9) / 10);
}, 1_800_000);
