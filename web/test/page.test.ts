/**
 * The operators' page in a real browser, from the real service over an inventory.
 * @module-tag slow
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS } from "../../src/check/index.ts";
import { runCli } from "../../test/run-cli.ts";
import { expectAccessible, guestRow, hasChromium, picture, useBrowser, WAYS } from "./browser.ts";
import { type InventoryService, startInventoryService } from "./inventory-service.ts";

describe.skipIf(!hasChromium)("the page (apt-get install chromium)", () => {
	const open = useBrowser();
	let service: InventoryService;
	beforeAll(async () => {
		service = await startInventoryService();
	}, 180_000);
	afterAll(() => service?.close());

	it("shows the guests and a picture first, finds one by its address, and has no serious fault of accessibility", async () => {
		const page = await open(service.operator);
		await page.getByRole("link", { name: "web-1" }).waitFor();
		await page.getByRole("img", { name: /^Wiring/ }).waitFor();
		await expectAccessible(page);
		await page.keyboard.press("/");
		await page.keyboard.type("2001:db8:1::40");
		await page.getByText("1 instance", { exact: true }).waitFor();
		expect(new URL(page.url()).searchParams.get("q")).toBe("2001:db8:1::40");
		await page.getByRole("link", { name: "metal-1" }).first().click();
		await page.getByRole("heading", { level: 1, name: "metal-1" }).waitFor();
		await page.goBack();
		await page.getByText("1 instance", { exact: true }).waitFor();
	});

	it("shows a guest as out of date after a change and as up to date after its next request, without a reload", async () => {
		const page = await open(service.operator);
		await guestRow(page, "web-1", "never asked").waitFor();
		const path = "openstack/2018-08-27/network_data.json";
		await service.ask(path);
		await guestRow(page, "web-1", "up to date").waitFor();
		await guestRow(page, "web-1", "cloud-init 25.1.4").waitFor();
		await service.askByNetwork(path, "front", "192.0.2.20");
		await guestRow(page, "app-1", "up to date").waitFor();
		service.change("web-1.yaml", "192.0.2.10", "192.0.2.11");
		await guestRow(page, "web-1", "out of date since").waitFor();
		await picture(page, "instances", "body");
		const phone = await open(service.operator, { ...WAYS["on a phone in the dark"] });
		await phone.locator(".picture svg").waitFor();
		await picture(phone, "phone", "body");

		await page.getByRole("link", { name: "web-1" }).first().click();
		await page.getByRole("button", { name: path }).click();
		const removed = page.locator(".diff del", { hasText: "192.0.2.10" });
		await removed.first().waitFor();
		await page.locator(".diff ins", { hasText: "192.0.2.11" }).first().waitFor();
		await picture(page, "instance");
		await page.getByText("Every value, and where it comes from").click();
		await expectAccessible(page);
		await service.ask(path);
		await page.getByText("No difference.").waitFor();
		await page.locator("h1", { hasText: "up to date" }).waitFor();
	});

	it("compares a document with the version that was fetched before, and with profile nova", async () => {
		const path = "openstack/2018-08-27/network_data.json";
		await service.ask(path);
		service.change("networks.yaml", "[192.0.2.53]", "[192.0.2.54]");
		const page = await open(service.operator);
		await guestRow(page, "web-1", "out of date since").waitFor();
		await page.goto(`${service.operator}/instances/web-1?document=${encodeURIComponent(path)}`);
		const diff = page.getByRole("region", { name: `Changes of ${path}` });
		const shown = async (kind: "del" | "ins") => (await diff.locator(kind).allInnerTexts()).join("");
		await diff.locator("ins", { hasText: "192.0.2.54" }).first().waitFor();
		expect(await shown("del")).toContain("192.0.2.53");
		await service.ask(path);
		await page.getByText("No difference.").waitFor();

		const choice = page.getByLabel("Compare");
		const names = await choice.locator("option").allInnerTexts();
		expect(names[1]).toMatch(/^the version before, fetched .+ → last fetched$/);
		await choice.selectOption({ index: 1 });
		await diff.locator("ins", { hasText: "192.0.2.54" }).first().waitFor();
		expect(await shown("del")).toContain("192.0.2.53");
		expect(await shown("ins")).not.toContain("192.0.2.53");

		await choice.selectOption({ label: "profile nova → now" });
		// Nova's document has no search domains.
		await diff.locator("ins", { hasText: "dns_search" }).first().waitFor();
		expect(await shown("del")).not.toContain("dns_search");
		await expectAccessible(page);
	});

	it("goes back from a filter, an order and a page, and lists the instances of a network", async () => {
		const page = await open(`${service.operator}/?limit=2`);
		const parameters = () => new URL(page.url()).searchParams;
		await page.getByRole("button", { name: "Next page" }).click();
		const cursor = parameters().get("cursor");
		expect(cursor).not.toBeNull();
		await page.getByRole("combobox", { name: "State" }).selectOption("never");
		await page.getByRole("button", { name: "Project" }).click();
		expect(Object.fromEntries(parameters())).toEqual({ limit: "2", state: "never", sort: "project" });
		await page.goBack();
		expect(Object.fromEntries(parameters())).toEqual({ limit: "2", state: "never" });
		await page.goBack();
		expect(Object.fromEntries(parameters())).toEqual({ limit: "2", cursor });
		await page.goBack();
		expect(Object.fromEntries(parameters())).toEqual({ limit: "2" });
		expect(await page.getByRole("combobox", { name: "State" }).inputValue()).toBe("");

		await page.goto(`${service.operator}/instances/pbx-1`);
		await page.getByRole("link", { name: "voice", exact: true }).click();
		await page.getByText("1 instance", { exact: true }).waitFor();
		await page.getByRole("button", { name: "network: voice" }).waitFor();
	});

	it("sorts on a phone, where the table has no headings", async () => {
		const page = await open(service.operator, WAYS["on a phone"]);
		const names = () => page.locator("table.guests th a").allInnerTexts();
		await expect.poll(names).toEqual(["app-1", "metal-1", "pbx-1", "web-1"]);
		await page.getByRole("combobox", { name: "Sort" }).selectOption({ label: "Name, descending" });
		await expect.poll(names).toEqual(["web-1", "pbx-1", "metal-1", "app-1"]);
		await page.getByRole("combobox", { name: "Sort" }).selectOption({ label: "Last seen, descending" });
		await expect.poll(async () => (await names())[0]).toBe("web-1");
		expect(new URL(page.url()).search).toBe("?order=desc&sort=seen");
		await expectAccessible(page);
	});

	it("shows who was refused and which instance it nearly was", async () => {
		const page = await open(`${service.operator}/refusals`);
		await page.getByText("No request has been refused.").waitFor();
		const refused = await service.askByNetwork("openstack/latest/meta_data.json", "office", "192.0.2.30");
		expect(refused.status).toBe(404);
		await page.getByText(/the address matches; the port is on network front/).waitFor();
		// What the log calls it is not on the page.
		await page.getByText(/^No instance has this address there\. Compare the address/).waitFor();
		await expectAccessible(page);
		await picture(page, "refusals");
		await page.getByRole("link", { name: "pbx-1" }).click();
		await page.getByRole("heading", { level: 1, name: "pbx-1" }).waitFor();
	});

	it("leads from a guest that was refused to why", async () => {
		await service.askByNetwork("openstack/latest/meta_data.json", "front", "192.0.2.41");
		const page = await open(service.operator);
		await guestRow(page, "metal-1", "refused").getByRole("link", { name: "metal-1" }).click();
		await page.getByRole("link", { name: "what was wrong, and what to do" }).click();
		await page.getByText(/its port has 192\.0\.2\.40 on front, and the request came from 192\.0\.2\.41/).waitFor();
		expect(await page.locator(".cards > li").count()).toBe(1);
		expect(await page.getByRole("searchbox").inputValue()).toBe("metal-1");
		await page.getByRole("link", { name: "metal-1" }).click();
		await page.getByRole("heading", { level: 1, name: "metal-1" }).waitFor();
	});

	it("says for whom the check judges, and offers the clients that there are", async () => {
		const askAs = (address: string, agent: string) =>
			service.askByNetwork("openstack/latest/user_data", "front", address, { "user-agent": agent });
		await askAs("192.0.2.20", "Ignition/2.19.0");
		await askAs("192.0.2.30", "Wget/1.21");
		const list = await open(service.operator);
		await guestRow(list, "app-1", "ignition 2.19.0").waitFor();
		await list.getByRole("combobox", { name: "Client" }).selectOption("wget");
		await list.getByText("1 instance", { exact: true }).waitFor();
		await guestRow(list, "pbx-1", "wget 1.21").waitFor();

		const page = await open(`${service.operator}/instances/app-1`);
		const choice = page.getByLabel("Client");
		await choice.locator("option", { hasText: "all clients (the check does not know ignition 2.19.0)" }).waitFor({
			state: "attached",
		});
		const values = await choice
			.locator("option")
			.evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
		expect(values).toEqual(["", ...CLIENTS.map(({ name }) => name)]);
		await page.goto(`${service.operator}/instances/web-1`);
		await choice.locator("option", { hasText: "the one that asked: cloud-init" }).waitFor({ state: "attached" });
	});

	it("gives a drive that the reader opens, with the document as the guest gets it", async () => {
		const path = "openstack/latest/network_data.json";
		const page = await open(`${service.operator}/instances/pbx-1`);
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			page.getByRole("link", { name: "ISO 9660" }).click(),
		]);
		const file = join(service.folder, "drive.iso");
		await download.saveAs(file);
		const folder = join(service.folder, "drive");
		const read = await runCli(["config-drive", "--read", file, "-d", folder]);
		expect([read.code, read.stdout]).toEqual([0, expect.stringContaining(path)]);
		const asGuest = await service.askByNetwork(path, "front", "192.0.2.30");
		expect(readFileSync(join(folder, path), "utf8")).toBe(await asGuest.text());
	});

	it("checks and draws any document", async () => {
		const page = await open(`${service.operator}/try`);
		await page.getByRole("button", { name: "Use an example" }).click();
		await page.getByRole("img", { name: /^Wiring/ }).waitFor();
		await page.getByLabel("Format").selectOption("networkd");
		await page.getByText("[Match]").first().waitFor();
		await page.getByText("Every value").click();
		await page.getByRole("columnheader", { name: "Value", exact: true }).waitFor();
		// Nobody knows where these come from.
		expect(await page.getByRole("columnheader", { name: "Comes from" }).count()).toBe(0);
		await page
			.getByText(/^cloud-init .*before \d.*:/)
			.first()
			.waitFor();
		await expectAccessible(page);
		await picture(page, "try");
		await page.getByLabel("The document").fill("{");
		await page.getByRole("button", { name: "Check" }).click();
		await page.getByText(/This is not JSON/).waitFor();
	});

	it("shows the state of the cloud", async () => {
		const page = await open(`${service.operator}/cloud`);
		const requests = page.getByRole("region", { name: "Guests' requests" });
		await service.ask("openstack/latest/network_data.json");
		const fixed = /^fixed127\.0\.0\.1:\d+ \([1-9]\d*\)0 \(0\).* \([\d.]+ m?s\)$/;
		await requests.getByRole("row").filter({ hasText: fixed }).waitFor();
		await service.askByNetwork("openstack/latest/network_data.json", "no-such-network", "192.0.2.99");
		await requests.getByRole("cell", { name: /\d no-owner/ }).waitFor();
	});
});
