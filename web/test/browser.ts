/** Debian's Chromium, driven by playwright-core. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

const CHROMIUM = "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launchBrowser(): Promise<Browser> {
	// Chromium has no sandbox for root, and a container may have little shared memory.
	return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** Fails for what axe calls serious or critical. */
export async function expectAccessible(page: Page): Promise<void> {
	// The page's own policy forbids scripts from elsewhere; the browser's debugger may run them.
	await page.evaluate(axe);
	const violations = await page.evaluate(async () => {
		const { violations: found } = await (
			window as unknown as {
				axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
			}
		).axe.run();
		return found.map(({ id, impact, nodes }) => ({ id, impact, html: nodes.map(({ html }) => html.slice(0, 200)) }));
	});
	const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
	expect(serious, page.url()).toEqual([]);
}
