/**
 * The view Try as one static file, in a real browser.
 * @module-tag slow
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import { render } from "../../src/render/index.ts";
import { expectAccessible, hasChromium, root, useBrowser, WAYS } from "./browser.ts";

describe.skipIf(!hasChromium)("the view Try as a static file (apt-get install chromium)", () => {
	const open = useBrowser();
	const folder = mkdtempSync(join(tmpdir(), "guestwire-try-"));
	const copy = join(folder, "a folder", "try it.html");
	let files: Server;
	beforeAll(() => {
		execFileSync("vite", ["build", "--config", "web/vite.try.config.ts"], { cwd: root, stdio: "ignore" });
		const built = join(root, "dist/try");
		expect(readdirSync(built)).toEqual(["index.html"]);
		mkdirSync(join(folder, "a folder"));
		copyFileSync(join(built, "index.html"), copy);
		expect(readFileSync(copy, "utf8")).toContain("Permission is hereby granted, free of charge");
		files = createServer(({ url }, response) => {
			response.writeHead(url === "/some/folder/" ? 200 : 404, { "content-type": "text/html" });
			response.end(readFileSync(copy));
		}).listen(0, "127.0.0.1");
	});
	afterAll(() => {
		files.close();
		rmSync(folder, { recursive: true });
	});

	it.each([
		["from a disk", () => pathToFileURL(copy).href],
		["from a folder of a web server", () => `http://127.0.0.1:${(files.address() as AddressInfo).port}/some/folder/`],
	])("does in the browser what the service does, %s, and requests nothing", async (_, address) => {
		const page = await open(address());
		const requested: string[] = [];
		page.on("request", (request) => requested.push(request.url()));
		await page.getByRole("button", { name: "Use an example" }).click();
		await page.getByRole("img", { name: /^Wiring/ }).waitFor();
		const document = await page.getByLabel("The document").inputValue();
		for (const format of ["netplan", "networkmanager", "ignition", "systemd-credentials"] as const) {
			await page.getByLabel("Format").selectOption(format);
			const { files: rendered } = render(format, readNetworkData(JSON.parse(document)).data);
			await page
				.getByText(rendered[0]?.path ?? "")
				.first()
				.waitFor();
			expect(await page.locator("figure pre").allInnerTexts()).toEqual(rendered.map(({ text }) => text));
		}
		const [saved] = await Promise.all([
			page.waitForEvent("download"),
			page
				.getByRole("button", { name: /^Download/ })
				.first()
				.click(),
		]);
		await saved.saveAs(join(folder, "saved"));
		await page.getByLabel("The document").fill('{"links": 1}');
		await page.getByRole("button", { name: "Check" }).click();
		await page.getByText(/not a network_data.json: \/links must be/).waitFor();
		// The file that was saved is an address of the page itself.
		expect(requested.filter((url) => !url.startsWith("blob:"))).toEqual([]);
	});

	it.each(Object.entries(WAYS))("is for everyone, %s", async (_, way) => {
		const page = await open(pathToFileURL(copy).href, way);
		await expectAccessible(page);
		await page.getByRole("button", { name: "Use an example" }).click();
		await page.getByRole("img", { name: /^Wiring/ }).waitFor();
		await expectAccessible(page);
	});

	it("runs no other script", async () => {
		const page = await open(pathToFileURL(copy).href);
		const blocked = await page.evaluate(async () => {
			const violation = new Promise<string>((resolve) =>
				document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective)),
			);
			const script = document.createElement("script");
			script.textContent = "document.title = 'owned'";
			document.body.append(script);
			return [await violation, document.title];
		});
		expect(blocked).toEqual(["script-src-elem", "Try a network_data.json – Guestwire"]);
	});
});
