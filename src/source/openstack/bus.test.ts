import { expect, test } from "vitest";
import { pauseBetweenChecks } from "./bus.ts";

test("an exchange that services declare up to half a minute late is found within 4 s, with few checks of one that never comes", () => {
	const checks: number[] = [0];
	while ((checks.at(-1) ?? 0) < 3_600_000) checks.push((checks.at(-1) ?? 0) + pauseBetweenChecks(checks.at(-1) ?? 0));
	const pauses = checks.slice(1).map((at, index) => ({ at, pause: at - (checks[index] ?? 0) }));
	expect(Math.max(...pauses.filter(({ at }) => at <= 32_000).map(({ pause }) => pause))).toBeLessThanOrEqual(4000);
	expect(checks.length).toBeLessThan(160);
});
