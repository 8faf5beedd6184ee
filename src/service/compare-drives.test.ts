import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { novaSettings, recordedInstance } from "../../test/metadata-service.ts";
import { readConfigDrive } from "../config-drive/index.ts";
import { driveTree } from "../documents/drive-tree.ts";
import { buildTree } from "../documents/guest-tree.ts";
import { compareDrives, compareWithFull, describeDifference } from "./comparison.ts";

/** A drive that a real Nova (Zed) made. */
function nova(name: string) {
	const fixture = new URL(`../../test/fixtures/zed-config-drives/${name}.iso.gz`, import.meta.url);
	return readConfigDrive(gunzipSync(readFileSync(fixture)));
}
const ours = (name: string, settings = novaSettings) => driveTree(buildTree(recordedInstance(name), settings));

test.each([
	["b2-static4-routes", ["ec2-image-ids", "random_seed"]],
	["h1-full", ["ec2-image-ids", "injected-files", "injected-password", "random_seed"]],
])("Nova's own drive of %s is equal to ours, or different on purpose", (name, deviations) => {
	const compared = compareDrives(nova(name), ours(name));
	expect(compared.filter(({ outcome }) => outcome === "differing")).toEqual([]);
	expect(compared.filter(({ outcome }) => outcome === "equal").length).toBeGreaterThan(20);
	expect([...new Set(compared.flatMap((comparison) => comparison.deviations))].sort()).toEqual(deviations);
	expect(compared.map(({ path }) => path)).toEqual(expect.arrayContaining([...nova(name).paths()]));
});

test("another instance's drive differs, and no secrets are shown", () => {
	const differing = compareDrives(nova("h1-full"), ours("b2-static4-routes")).filter(
		({ outcome }) => outcome === "differing",
	);
	const paths = differing.map(({ path }) => path);
	expect(paths).toContain("openstack/latest/meta_data.json");
	expect(paths).toContain("openstack/latest/network_data.json");
	const text = differing.map(describeDifference).join("\n");
	expect(text).not.toContain("s3cr3t");
});

test("with profile full, network data and its other forms differ on purpose", () => {
	const full = ours("b2-static4-routes", { ...novaSettings, profile: "full" });
	const compared = compareDrives(nova("b2-static4-routes"), full).map(compareWithFull);
	const explained = compared.filter(({ deviations }) => deviations.includes("profile-full")).map(({ path }) => path);
	expect(explained).toContain("openstack/latest/network_data.json");
	expect(explained).toContain("openstack/latest/metadata/network_data");
});
