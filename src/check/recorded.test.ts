import { describe, expect, it } from "vitest";
import { recordedCases } from "../../test/recorded.ts";
import { networkData } from "../documents/network-data-full.ts";
import { assemble } from "../instance/assemble.ts";
import { RULES } from "./catalogue.ts";
import { check } from "./check.ts";
import type { Finding } from "./finding.ts";

/**
 * What is above info in the recorded instances' documents, as client and rule: each time the client has no means for
 * what the instance is. All that stands here is looked at, so it can't grow unseen.
 */
const LIMITS: Readonly<Record<string, readonly string[]>> = {
	"d4-dual-static6": ["nuageinit ipv6-routes-unread"],
	"d5-only-slaac": ["afterburn link-unconfigured", "glean link-unconfigured", "nuageinit link-unconfigured"],
	"d7-dhcp6-nomodes": ["glean link-unconfigured", "nuageinit link-unconfigured"],
	"e1-multi-address": ["cloudbase-init gateway-not-last"],
	"f-trunk": [
		"afterburn vlan-unsupported",
		"cloudbase-init vlan-on-nic",
		"nuageinit ipv6-routes-unread",
		"nuageinit vlan-unsupported",
	],
};

function aboveInfo(findings: readonly Finding[]): string[] {
	const told = findings.flatMap(({ rule, effects }) =>
		effects.filter(({ severity }) => severity !== "info").map(({ client }) => `${client} ${rule}`),
	);
	return [...new Set(told)].toSorted();
}

describe.each(recordedCases())("recorded instance $name", ({ name, facts, networkData: recorded }) => {
	const document = networkData(assemble(facts), { trunks: true, defaultRoutes: "first" });

	it("has in its full document nothing above info for a client that can express it", () => {
		const told = document ? aboveInfo(check(document)) : [];
		expect(told).toEqual(LIMITS[name] ?? []);
		for (const rule of told.map((one) => one.split(" ")[1])) {
			expect(RULES.find(({ id }) => id === rule)?.limitation).toBe(true);
		}
	});

	it("has a full document only where the recorded one is no trap", () => {
		const empty = check(JSON.parse(recorded)).some(({ rule }) => rule === "document-empty");
		expect(empty).toBe(recorded === "{}" || JSON.parse(recorded).links.length === 0);
		if (document) expect(check(document).map(({ rule }) => rule)).not.toContain("document-empty");
	});
});
