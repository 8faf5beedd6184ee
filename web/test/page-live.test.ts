/**
 * What the operators' page shows as it happens, in a real browser, from the real service over an inventory.
 * @module-tag slow
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guestRow, hasChromium, useBrowser } from "./browser.ts";
import { type InventoryService, startInventoryService } from "./inventory-service.ts";

const DOCUMENT = "openstack/latest/meta_data.json";

/** Playwright keeps all tabs visible. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
	await page.evaluate((value) => {
		Object.defineProperty(document, "hidden", { value, configurable: true });
		document.dispatchEvent(new Event("visibilitychange"));
	}, isHidden);
}

describe.skipIf(!hasChromium)("the page as things happen (apt-get install chromium)", () => {
	const open = useBrowser();
	let service: InventoryService;
	beforeAll(async () => {
		service = await startInventoryService();
		await service.ask(DOCUMENT);
	}, 180_000);
	afterAll(() => service?.close());

	it("shows the list and a guest though answers take longer than the time between two changes", async () => {
		const slow = async (path: string) => {
			const page = await open("about:blank");
			await page.route(/\/api\/(search|instances)/, async (route) => {
				await new Promise((resolve) => setTimeout(resolve, 2000));
				await route.continue().catch(() => {});
			});
			await page.goto(service.operator + path);
			return page;
		};
		const [list, guest] = await Promise.all([slow("/"), slow("/instances/web-1")]);
		const timer = setInterval(() => service.ask(DOCUMENT), 200);
		try {
			await guestRow(list, "web-1", "up to date").waitFor();
			await guest.getByRole("img", { name: /^Wiring/ }).waitFor();
			// What changes while an answer is on its way is shown, too.
			const count = async () => Number.parseInt((await guest.getByText(/^\d+ requests,/).textContent()) ?? "", 10);
			const before = await count();
			await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(before);
		} finally {
			clearInterval(timer);
		}
	});

	it("opens in more windows than the browser has connections to a host, and all of them follow", {
		timeout: 240_000,
	}, async () => {
		const first = await open(service.operator);
		const pages = [first];
		while (pages.length < 8) {
			const page = await first.context().newPage();
			await page.goto(service.operator);
			pages.push(page);
		}
		for (const page of pages) await page.locator(".live.on").waitFor();
		await service.ask(DOCUMENT, { "user-agent": "Cloud-Init/26.9" });
		for (const page of pages) await guestRow(page, "web-1", "cloud-init 26.9").waitFor();
	});

	it("shows what happened while the window was hidden, though another one has followed", async () => {
		const hidden = await open(service.operator);
		await hidden.locator(".live.on").waitFor();
		const other = await hidden.context().newPage();
		await other.goto(service.operator);
		await other.locator(".live.on").waitFor();
		await setHidden(hidden, true);
		await hidden.locator(".live:not(.on)").waitFor();
		await service.ask(DOCUMENT, { "user-agent": "Cloud-Init/26.10" });
		await guestRow(other, "web-1", "cloud-init 26.10").waitFor();
		expect(await guestRow(hidden, "web-1", "cloud-init 26.10").count()).toBe(0);
		await setHidden(hidden, false);
		await guestRow(hidden, "web-1", "cloud-init 26.10").waitFor();
	});

	it("shows on a guest's own page that a request was refused which nearly was its own", async () => {
		const page = await open(`${service.operator}/instances/metal-1`);
		await page.locator("h1", { hasText: "never asked" }).waitFor();
		await page.locator(".live.on").waitFor();
		await service.askByNetwork(DOCUMENT, "front", "192.0.2.41");
		await page.locator("h1", { hasText: "refused" }).waitFor();
	});

	it("says what a proxy answers while the service is away, and goes on when it is back", {
		timeout: 60_000,
	}, async () => {
		const page = await open("about:blank");
		// A worker's requests are not this window's.
		await page.addInitScript(() => Reflect.deleteProperty(window, "SharedWorker"));
		let isAway = false;
		await page.route("**/api/**", (route) => (isAway ? route.fulfill({ status: 502, body: "" }) : route.continue()));
		await page.goto(service.operator);
		await page.locator(".live.on").waitFor();
		await setHidden(page, true);
		isAway = true;
		await setHidden(page, false);
		const alert = page.getByRole("alert").filter({ hasText: "The server answered 502." });
		await alert.first().waitFor();
		isAway = false;
		await page.locator(".live.on").waitFor();
		await expect.poll(() => alert.count(), { timeout: 10_000 }).toBe(0);
	});

	it("shows what happened before events came, also without shared workers", async () => {
		const page = await open("about:blank");
		await page.addInitScript(() => Reflect.deleteProperty(window, "SharedWorker"));
		const { promise: released, resolve: release } = Promise.withResolvers<void>();
		await page.route("**/api/events", async (route) => {
			await released;
			await route.continue();
		});
		await page.goto(service.operator);
		await guestRow(page, "web-1", "cloud-init").waitFor();
		await service.ask(DOCUMENT, { "user-agent": "Cloud-Init/26.11" });
		const found = async () =>
			(await (await fetch(`${service.operator}/api/search?client=cloud-init@26.11`)).json()).total as number;
		await expect.poll(found, { timeout: 20_000 }).toBe(1);
		release();
		await guestRow(page, "web-1", "cloud-init 26.11").waitFor();
	});
});
