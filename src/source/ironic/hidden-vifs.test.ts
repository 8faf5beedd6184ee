import { expect, test } from "vitest";
import { reportHiddenVifs } from "./hidden-vifs.ts";

function start() {
	const lines: string[] = [];
	const clock = { now: 0 };
	const vifs = reportHiddenVifs(
		(line) => lines.push(line),
		() => clock.now,
	);
	const hide = (vif: string) => vifs.hidden({ vif, node: "n", hasOthers: false });
	return { lines, clock, vifs, hide };
}

test("a VIF is reported once, and again when it was shown in between", () => {
	const { lines, vifs, hide } = start();
	for (const vif of ["a", "a", "b", "a"]) hide(vif);
	expect(lines).toHaveLength(2);
	vifs.shown("a");
	for (const vif of ["a", "b"]) hide(vif);
	expect(lines).toHaveLength(3);
});

test("at most 20 VIFs are reported per minute; the rest follow later", () => {
	const { lines, clock, hide } = start();
	const hideAll = () => {
		for (let vif = 0; vif < 50; vif++) hide(`vif-${vif}`);
	};
	hideAll();
	hideAll();
	expect(lines).toHaveLength(20);
	for (const [now, count] of [
		[59_999, 20],
		[60_000, 40],
		[120_000, 50],
		[180_000, 50],
	] as const) {
		clock.now = now;
		hideAll();
		expect(lines).toHaveLength(count);
	}
	expect(new Set(lines).size).toBe(50);
});
