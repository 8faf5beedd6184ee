import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RECORDED_RELEASES, recordedCases } from "../../test/recorded.ts";
import { assemble } from "../instance/assemble.ts";
import { DEVIATION_IDS, deviationsOf } from "./deviations.ts";
import { buildTree } from "./guest-tree.ts";
import { jsonText } from "./json.ts";
import { novaNetworkData } from "./network-data-nova.ts";
import { normalizePath, PASSWORD_PATH } from "./paths.ts";
import { pythonJson } from "./python-json.ts";
import { defaultSettings } from "./settings.ts";

const staticVendorData = pythonJson(
	readFileSync(new URL("../../test/fixtures/zed/a-dhcp4/vendor_data.json", import.meta.url), "utf8"),
);
const settings = { ...defaultSettings(new Uint8Array(32)), profile: "nova" as const, staticVendorData };

const used = new Set<string>();

const cases = RECORDED_RELEASES.flatMap((release) => recordedCases(release));

describe.each(cases)(
	"$name as recorded on $release, profile nova",
	({ name, facts, release, networkData, answers }) => {
		const instance = assemble(facts);
		const tree = buildTree(instance, { ...settings, novaRelease: release });

		// One NIC of this instance was attached later: see mtu-after-attachment.
		it.skipIf(name === "p5-attached-later")("has network_data.json as recorded, to the byte", () => {
			expect(jsonText(novaNetworkData(instance, release))).toBe(networkData);
		});

		it.each(Object.entries(answers))("answers %s as recorded", (path, recorded) => {
			const normal = normalizePath(path) ?? "";
			if (PASSWORD_PATH.test(normal)) return;
			const ours = tree.answer(normal);
			const expected = { status: recorded.status, body: recorded.body };
			const given = ours
				? { status: 200, body: Buffer.from(ours.body).toString() }
				: { status: 404, body: "404 Not Found\n\nThe resource could not be found.\n\n   " };
			for (const deviation of deviationsOf(normal)) {
				const before = JSON.stringify([expected, given]);
				deviation.level(expected, given);
				if (JSON.stringify([expected, given]) !== before) used.add(deviation.id);
			}
			expect(given).toEqual(expected);
		});
	},
);

/** What no recorded instance has: NICs of one network apart from each other, a password, and what no API exposes. */
const UNRECORDED = [
	"nics-of-one-network",
	"passwords-of-nova",
	...["deleted-keypair", "ec2-instance-id", "ephemeral-and-swap", "flat-injected"],
];

it("needs every deviation that is allowed", () => {
	expect([...used, ...UNRECORDED].toSorted()).toEqual([...DEVIATION_IDS].toSorted());
});
