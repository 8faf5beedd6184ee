/**
 * What the operators' page shows as it happens, in a real browser, from the real service over an inventory.
 * @module-tag slow
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guestRow, hasChromium, useBrowser } from "./browser.ts";
import { type InventoryService, startInventoryService } from "./inventory-service.ts";

const DOCUMENT = "openstack/latest/meta_data.json";

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
});
