/**
 * The picture of a guest's wiring, in a real browser.
 * @module-tag slow
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, picture, useBrowser, WAYS } from "./browser.ts";
import { type InventoryService, startInventoryService } from "./inventory-service.ts";

/** The boxes of a kind, from top to bottom. */
async function boxesOf(page: Page, kind: string): Promise<{ readonly title: string; readonly x: number }[]> {
	const boxes = await page.locator(`.picture .box.${kind}`).evaluateAll((all) =>
		all.map((box) => {
			const { x, y } = box.getBoundingClientRect();
			return { x, y, title: box.querySelector("title")?.textContent?.split("\n")[0] ?? "" };
		}),
	);
	return boxes.toSorted((a, b) => a.y - b.y);
}
const titlesOf = async (page: Page, kind: string) => (await boxesOf(page, kind)).map(({ title }) => title);

describe.skipIf(!hasChromium)("the picture of the wiring (apt-get install chromium)", () => {
	const open = useBrowser();
	let service: InventoryService;
	beforeAll(async () => {
		service = await startInventoryService({ hasManyNics: true });
	}, 180_000);
	afterAll(() => service?.close());

	it.each([
		["web-1", ["IPv4 static", "IPv6 static", "default via 2001:db8:1::1"], "dual-stack"],
		["app-1", ["IPv4 DHCP"], undefined],
		["pbx-1", ["VLAN 101", "VLAN 102", "default via"], "trunk"],
		["metal-1", ["bond 802.3ad", "2001:db8:1::40/64"], "bond"],
		["switch-1", ["10.30.0.10/24", "52:54:00:00:05:1e"], "many-nics"],
	])("draws %s, in the order of its document", async (name, texts, file) => {
		const page = await open(`${service.operator}/instances/${name}`);
		const image = page.locator(".picture svg");
		for (const text of texts) await image.locator("text", { hasText: text }).first().waitFor();
		if (file !== undefined) await picture(page, file, ".picture svg");
		const tree = await fetch(`${service.operator}/api/instances/${name}/tree/openstack/latest/network_data.json`);
		const { links } = (await tree.json()) as { links: { id: string; type: string; vlan_id?: number }[] };
		const nics = links.filter(({ type }) => type === "phy").map(({ id }) => id);
		expect(nics.length).toBeGreaterThan(0);
		expect(await titlesOf(page, "nic")).toEqual(nics);
		const vlans = links.filter(({ type }) => type === "vlan").map((link) => `VLAN ${link.vlan_id}`);
		expect(await titlesOf(page, "vlan")).toEqual(vlans);
		// Boxes that overlap can't be read.
		const boxes = await page
			.locator(".picture .box")
			.evaluateAll((all) => all.map((box) => box.getBoundingClientRect().toJSON()));
		const overlaps = boxes.flatMap((a, at) =>
			boxes.slice(at + 1).filter((b) => a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom),
		);
		expect(overlaps).toEqual([]);
	});

	it("draws NICs beside a bond in one column, whatever their ids", async () => {
		const page = await open(`${service.operator}/try`);
		const nic = (id: string) => ({ id, type: "phy", ethernet_mac_address: `52:54:00:00:00:${id.padStart(2, "0")}` });
		const bond = { id: "bond0", type: "bond", bond_links: ["3", "1"], bond_mode: "802.3ad" };
		const document = {
			links: [nic("10"), nic("3"), nic("1"), bond, { id: "v", type: "vlan", vlan_id: 7, vlan_link: "bond0" }, nic("2")],
			networks: ["10", "bond0", "v", "2"].map((link, at) => ({ id: `n${at}`, type: "ipv4_dhcp", link })),
			services: [],
		};
		await page.getByLabel("The document").fill(JSON.stringify(document));
		await page.getByRole("button", { name: "Check" }).click();
		await page.getByRole("img", { name: "Wiring: 4 NICs, 1 bond, 1 VLAN, 4 addresses." }).waitFor();
		const boxes = await boxesOf(page, "nic");
		expect(boxes.map(({ title }) => title)).toEqual(["10", "3", "1", "2"]);
		expect(new Set(boxes.map(({ x }) => x)).size).toBe(1);
	});

	it("fades where it continues, on a phone", async () => {
		const page = await open(`${service.operator}/instances/pbx-1`, WAYS["on a phone"]);
		await page.locator('.frame[data-more~="right"]').waitFor();
		await page.locator(".picture").evaluate((box) => box.scrollTo(box.scrollWidth, box.scrollHeight));
		await page.locator('.frame:not([data-more~="right"], [data-more~="below"])').waitFor();
	});
});
