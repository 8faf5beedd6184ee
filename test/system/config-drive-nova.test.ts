import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { buildConfigDrive, readConfigDrive } from "../../src/config-drive/index.ts";
import { driveTree } from "../../src/documents/drive-tree.ts";
import { buildTree } from "../../src/documents/guest-tree.ts";
import { novaSettings, recordedInstance } from "../metadata-service.ts";
import { output, readWithIsoinfo } from "./drive-readers.ts";
import { hasProgram } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-drive-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Drives that a real Nova (Zed) made with genisoimage. */
describe.each(["b2-static4-routes", "h1-full"])("the drive that Nova made for %s", (name) => {
	const fixture = new URL(`../fixtures/zed-config-drives/${name}.iso.gz`, import.meta.url);
	const image = gunzipSync(readFileSync(fixture));
	const contents = readConfigDrive(image);
	const file = join(folder, name);
	writeFileSync(file, image);

	it.skipIf(!hasProgram("isoinfo"))("reads the same as with isoinfo (apt-get install genisoimage)", async () => {
		const listing = await readWithIsoinfo(file);
		expect([...contents.paths()].sort()).toEqual([...listing.keys()].sort());
		for (const { path, kind, size, mode } of contents.entries) {
			if (kind === "folder") continue;
			const { bytes, mode: listed } = listing.get(path) ?? {};
			expect([path, Buffer.from(contents.read(path) ?? ""), size, mode]).toEqual([path, bytes, bytes?.length, listed]);
		}
		const listed = (await output("isoinfo", ["-R", "-f", "-i", file])).toString().trim().split("\n");
		expect(contents.entries.map(({ path }) => `/${path}`).sort()).toEqual(listed.sort());
		expect(contents.label).toBe("config-2");
	});

	it.skipIf(!hasProgram("isoinfo"))(
		"has our names in all three name spaces (apt-get install genisoimage)",
		async () => {
			const ours = join(folder, "ours");
			writeFileSync(ours, buildConfigDrive(contents));
			for (const space of [[], ["-R"], ["-J"]]) {
				const list = async (path: string) =>
					(await output("isoinfo", [...space, "-f", "-i", path])).toString().split("\n").sort();
				expect(await list(ours)).toEqual(await list(file));
			}
		},
	);

	it("has the paths and the documents of ours for the same facts", () => {
		const ours = driveTree(buildTree(recordedInstance(name), novaSettings));
		const drive = readConfigDrive(buildConfigDrive(ours));
		// The facts don't hold what a user injected.
		const paths = [...contents.paths()].filter((path) => !path.startsWith("openstack/content/"));
		expect([...drive.paths()].sort()).toEqual(paths.sort());
		for (const path of paths) {
			expect(comparable(path, drive.read(path)), path).toEqual(comparable(path, contents.read(path)));
		}
	});
});

/**
 * A document's members in their order, without what Nova alone knows: the random seed, injected files, the
 * administrator's password and its own numbers of images (docs/deviations.md).
 */
function comparable(path: string, bytes: Uint8Array | undefined): unknown {
	const text = Buffer.from(bytes ?? "").toString();
	if (!path.endsWith(".json")) return text;
	const unknown = ["random_seed", "files", "admin_pass", "ami-id"];
	return Object.entries(JSON.parse(text)).filter(([name]) => !unknown.includes(name));
}
