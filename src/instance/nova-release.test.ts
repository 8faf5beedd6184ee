import { describe, expect, it } from "vitest";
import { NOVA_RELEASES, novaReleaseOf } from "./nova-release.ts";

describe("the release of a microversion", () => {
	// The newest of each release: https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
	it.each([
		["2.1", "zed"],
		["2.90", "zed"],
		["2.93", "zed"],
		["2.95", "2023.1"],
		["2.96", "2024.1"],
		["2.100", "2025.1"],
		["2.103", "2026.1"],
		["2.104", "2026.2"],
		["2.130", "2026.2"],
	])("%s is %s", (microversion, release) => {
		expect(novaReleaseOf(microversion)).toBe(release);
	});

	it("grows with it", () => {
		const numbers = Array.from({ length: 140 }, (_, minor) => NOVA_RELEASES.indexOf(novaReleaseOf(`2.${minor}`)));
		expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
	});
});
