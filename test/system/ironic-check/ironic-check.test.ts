/** @module-tag slow */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { type Checked, checkWithIronic, hasIronic, ironicDrives, linksOf } from "./drives.ts";

/** Made by record.ts. */
const recorded: { version: string; drives: Record<string, Checked & { links: [string, number | null][] }> } =
	JSON.parse(readFileSync(new URL("../../fixtures/ironic-check.json", import.meta.url), "utf8"));

/** A network whose MTU nobody knows: Ironic wants to replace the document, but the check's node has no ports for another. */
const COMPLAINED = "unknown-mtu";
const FAILED = "vfat";

let drives: Record<string, string>;
beforeAll(async () => {
	drives = await ironicDrives();
});

describe("the check that Ironic has for drives in a deploy request, since 2025.2", () => {
	it("keeps every drive with an MTU on each link, silently", () => {
		for (const [name, { outcome, logged }] of Object.entries(recorded.drives)) {
			expect([name, outcome]).toEqual([name, name === FAILED ? "PyCdlibInvalidISO" : "kept"]);
			expect([name, logged.length > 0]).toEqual([name, name === COMPLAINED]);
		}
		expect(recorded.drives[COMPLAINED]?.logged[0]).toMatch(/^WARNING The provided metadata .* appears invalid/);
	});

	it("was recorded with the links that are made today (record it again: test/system/ironic-check/record.ts)", () => {
		const today = Object.entries(drives).map(([name, drive]) => [name, linksOf(drive)]);
		const then = Object.entries(recorded.drives).map(([name, { links }]) => [name, links]);
		expect(Object.fromEntries(today)).toEqual(Object.fromEntries(then));
	});

	it("finds an MTU on each link of the others", () => {
		for (const [name, { links }] of Object.entries(recorded.drives)) {
			expect(links.length, name).toBeGreaterThan(0);
			expect([name, links.every(([, mtu]) => mtu !== null)]).toEqual([name, name !== COMPLAINED]);
		}
	});

	it.skipIf(!hasIronic())("says the same again (test/system/ironic-check/chroot.sh)", () => {
		const { version, checked } = checkWithIronic(drives);
		const outcomes = (of: Record<string, Checked>) =>
			Object.fromEntries(Object.entries(of).map(([name, { outcome, logged }]) => [name, [outcome, logged.length]]));
		expect(outcomes(checked), version).toEqual(outcomes(recorded.drives));
	});
});
