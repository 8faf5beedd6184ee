/**
 * The operators' page for everyone: by keyboard alone, in both colour schemes, at the width of a phone.
 * @module-tag slow
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAccessible, hasChromium, useBrowser, WAYS } from "./browser.ts";
import { type InventoryService, startInventoryService } from "./inventory-service.ts";

const DOCUMENT = "openstack/latest/network_data.json";

/** Each view, and what shows that it is complete. */
const VIEWS: readonly (readonly [name: string, path: string, shown: string])[] = [
	["Instances", "/", ".picture svg"],
	["Instances without a match", "/?q=nobody", "div.empty"],
	["an instance", `/instances/web-1?document=${encodeURIComponent(DOCUMENT)}`, ".diff, .good"],
	["an instance with 30 NICs", "/instances/switch-1", ".picture svg"],
	["an unknown instance", "/instances/nobody", ".problem"],
	["Refusals", "/refusals", ".cards"],
	["Cloud", "/cloud", "table"],
	["Try", "/try", "textarea"],
];

/** What Tab reaches, in the page as it is. */
const REACHABLE = 'a[href], button:enabled, input, select, textarea, summary, [tabindex="0"]';

/** A busy machine may need this long. */
const SLOW = { timeout: 30_000 };

interface Stop {
	/** For messages. */
	readonly text: string;
	/** Its place among what can be reached. */
	readonly place: number;
	readonly hasOutline: boolean;
	readonly isVisible: boolean;
}

/** Tabs through the whole page. */
async function tabThrough(page: Page): Promise<{ readonly stops: readonly Stop[]; readonly reachable: number }> {
	const reachable = await page.evaluate((selector) => {
		const isShown = (element: Element) => element.checkVisibility() && element.closest("svg") === null;
		const all = [...document.querySelectorAll(selector)].filter(isShown);
		for (const [place, element] of all.entries()) element.setAttribute("data-place", String(place));
		return all.length;
	}, REACHABLE);
	const stops: Stop[] = [];
	for (let count = 0; count <= reachable; count++) {
		await page.keyboard.press("Tab");
		const stop = await page.evaluate(() => {
			const element = document.activeElement;
			if (element === null || element === document.body) return undefined;
			const { outlineStyle, outlineWidth } = getComputedStyle(element);
			const { top, bottom, left, right } = element.getBoundingClientRect();
			return {
				text: element.outerHTML.slice(0, 100),
				place: Number(element.getAttribute("data-place") ?? Number.NaN),
				hasOutline: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
				isVisible: bottom > 0 && top < window.innerHeight && right > 0 && left < window.innerWidth,
			};
		});
		if (stop === undefined) break;
		stops.push(stop);
	}
	return { stops, reachable };
}

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, selector: string): Promise<void> {
	for (let presses = 0; presses < 100; presses++) {
		await page.keyboard.press("Tab");
		if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
	}
	throw new Error(`100 presses of Tab do not reach ${selector}`);
}

describe.skipIf(!hasChromium)("the page for everyone (apt-get install chromium)", () => {
	const open = useBrowser();
	let service: InventoryService;
	beforeAll(async () => {
		service = await startInventoryService({ hasManyNics: true });
		await service.ask(DOCUMENT);
		await service.ask("openstack/latest/meta_data.json");
		await service.askByNetwork("openstack/latest/meta_data.json", "office", "192.0.2.30");
	}, 180_000);
	afterAll(() => service?.close());

	describe.each(VIEWS)("%s", (_, path, shown) => {
		const show = async (way = {}) => {
			const page = await open(`${service.operator}${path}`, way);
			await complete(page);
			return page;
		};
		const complete = async (page: Page) => {
			await page.locator(shown).first().waitFor();
			await expect.poll(() => page.locator("main [role=status]", { hasText: "Loading" }).count(), SLOW).toBe(0);
		};

		it("is gone through with Tab in the order of reading, and the focus is always visible", async () => {
			const page = await show();
			for (const summary of await page.locator("summary").all()) await summary.click();
			await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
			await page.reload();
			await complete(page);
			const { stops, reachable } = await tabThrough(page);
			expect(stops.filter(({ hasOutline, isVisible }) => !hasOutline || !isVisible)).toEqual([]);
			const places = stops.map(({ place }) => place);
			expect(places).toEqual(Array.from({ length: reachable }, (__, place) => place));
		});

		it.each(Object.entries(WAYS))("has no serious fault of accessibility, and fits, %s", async (__, way) => {
			const page = await show(way);
			await expectAccessible(page);
		});
	});

	it("is used by keyboard alone, from the search to a document's differences and back", async () => {
		const page = await open(service.operator);
		await page.getByRole("link", { name: "web-1" }).waitFor();
		await page.keyboard.press("/");
		await page.keyboard.type("web-1");
		await page.getByText("1 instance", { exact: true }).waitFor();
		await tabTo(page, 'table a[href="/instances/web-1"]');
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { level: 1, name: /web-1/ }).waitFor();
		expect(await page.title()).toBe("web-1 – Guestwire");
		// The view has the focus: the next Tab goes on inside of it, not at the top of the window.
		expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
		await page.getByRole("button", { name: DOCUMENT }).waitFor();
		await tabTo(page, "main button.link[aria-pressed]");
		while (!(await page.evaluate((path) => document.activeElement?.textContent === path, DOCUMENT))) {
			await page.keyboard.press("Tab");
		}
		await page.keyboard.press("Enter");
		await page.getByText("No difference.").waitFor();
		await tabTo(page, ".comparison select");
		await page.keyboard.press("End");
		await page.locator(".diff ins").first().waitFor();
		await tabTo(page, ".comparison summary");
		await page.keyboard.press("Enter");
		await page.getByRole("link", { name: "The document byte for byte" }).waitFor();
		await page.goBack();
		await page.getByText("1 instance", { exact: true }).waitFor();
		expect(await page.title()).toBe("Guestwire");
	});

	it("sorts and filters by keyboard", async () => {
		const page = await open(service.operator);
		await page.getByRole("link", { name: "web-1" }).waitFor();
		await tabTo(page, "th button.sort");
		await page.keyboard.press("Enter");
		await page.locator('th[aria-sort="descending"]', { hasText: "Name" }).waitFor();
		const first = page.locator("tbody tr").first();
		await first.getByRole("link", { name: "web-1" }).waitFor();
		await page.keyboard.press("Shift+Tab");
		await page.keyboard.press("Shift+Tab");
		await page.keyboard.type("never");
		await page.keyboard.press("Enter");
		await expect.poll(() => new URL(page.url()).searchParams.get("state"), SLOW).toBe("never");
		await expect.poll(() => page.getByRole("link", { name: "web-1" }).count(), SLOW).toBe(0);
	});
});
