/** Debian's Chromium, driven by playwright-core. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

const CHROMIUM = "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);
export const root = new URL("../../", import.meta.url).pathname;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How people look at the page. */
export const WAYS: Readonly<Record<string, BrowserContextOptions>> = {
	"in the light": { colorScheme: "light" },
	"in the dark": { colorScheme: "dark" },
	"on a phone": { colorScheme: "light", viewport: { width: 390, height: 800 } },
	"on a phone in the dark": { colorScheme: "dark", viewport: { width: 390, height: 800 } },
};

/**
 * Builds the page and starts a browser for the tests of the block around the call. A script of the page that fails fails
 * the test.
 *
 * @returns opens an address in a window of its own, which is closed after the test
 */
export function useBrowser(): (url: string, options?: BrowserContextOptions) => Promise<Page> {
	let browser: Browser;
	let pages: Page[] = [];
	const errors: string[] = [];
	beforeAll(async () => {
		execFileSync("node", ["scripts/ensure-page.mjs"], { cwd: root, stdio: "ignore" });
		// Chromium has no sandbox for root, and a container may have little shared memory.
		browser = await chromium.launch({
			executablePath: CHROMIUM,
			args: ["--no-sandbox", "--disable-dev-shm-usage"],
		});
	}, 180_000);
	afterEach(async () => {
		await Promise.all(pages.map((page) => page.context().close()));
		pages = [];
		expect(errors.splice(0)).toEqual([]);
	});
	afterAll(() => browser?.close());
	return async (url, options = {}) => {
		const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
		const page = await context.newPage();
		page.on("pageerror", (error) => errors.push(error.message));
		pages.push(page);
		await page.goto(url);
		return page;
	};
}

/** Fails for what axe calls serious or critical, contrast below 4.5:1 included, and for what is wider than the window. */
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
	expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
}

/** The row of an instance, once it has a state. */
export const guestRow = (page: Page, name: string, state: string) =>
	page
		.getByRole("row")
		.filter({ has: page.getByRole("link", { name, exact: true }) })
		.filter({ hasText: state });

/** Set to write the pictures of docs/ anew: `GUESTWIRE_SCREENSHOTS=1 vitest run web --no-file-parallelism`. */
const screenshots = process.env["GUESTWIRE_SCREENSHOTS"];

/** Where a service listens: on any port, or in pictures on this one. */
export function listenAddress(port: number): string {
	return `127.0.0.1:${screenshots === undefined ? 0 : port}`;
}

/** Pixels of a picture; the rest is left out. */
const MAX_HEIGHT = 2400;

/** Writes a picture for docs/, if that is wanted. */
export async function picture(page: Page, name: string, selector = "main"): Promise<void> {
	if (screenshots === undefined) return;
	mkdirSync(join(root, "docs/images"), { recursive: true });
	// A picture that can be scrolled downwards is shown whole.
	await page.locator(".picture").evaluateAll((boxes) => {
		for (const box of boxes) (box as HTMLElement).style.setProperty("max-height", "none");
		window.scrollTo(0, 0);
	});
	const box = await page.locator(selector).first().boundingBox();
	if (box === null) throw new Error(`${selector} is not shown`);
	await page.screenshot({
		...{ path: join(root, `docs/images/${name}.png`), fullPage: true },
		clip: { ...box, height: Math.min(box.height, MAX_HEIGHT) },
	});
}
