/**
 * Signing in, user data and hostile names, in a real browser.
 * @module-tag slow
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGuestDocuments } from "../../src/service/guest-documents.ts";
import { answered } from "../../test/history-contract.ts";
import { guest, instancesOf, novaSettings } from "../../test/metadata-service.ts";
import { recordRequests, startTestOperator, type TestOperatorServer } from "../../test/operator-server.ts";
import { expectAccessible, hasChromium, useBrowser, WAYS } from "./browser.ts";

describe.skipIf(!hasChromium)("the page with tokens (apt-get install chromium)", () => {
	const open = useBrowser();
	const planted = "PLANTED-USER-DATA";
	const nasty = `<img src=x onerror="document.title='owned'">\u001b[31m\u202e`;
	const own = { ...guest({ address: "192.0.2.7", userData: Buffer.from(planted) }) };
	const metadata = new Map([
		["role", "web"],
		["admin_pass", "PLANTED-PASSWORD"],
	]);
	let named: typeof own;
	let server: TestOperatorServer;
	beforeAll(async () => {
		named = { ...own, server: { ...(own.server as NonNullable<typeof own.server>), name: nasty, metadata } };
		const tokens = { token: "full-token", readToken: "read-token" };
		server = await startTestOperator({ ...tokens, instances: instancesOf([named]) });
	});
	afterAll(() => server?.close());
	const signIn = async (page: Page, token: string) => {
		await page.getByLabel("Token").fill(token);
		await page.getByRole("button", { name: "Sign in" }).click();
	};

	it("asks for a token, rejects a wrong one, and signs out; no script reads the cookie or comes from elsewhere", async () => {
		const page = await open(server.address);
		await expectAccessible(page);
		await signIn(page, "wrong");
		await page.getByText(/wrong token/).waitFor();
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
		await page.route("**/api/session", (route) => route.abort());
		await page.getByRole("button", { name: "Sign out" }).click();
		await page.getByRole("alert").filter({ hasText: "Guestwire does not answer" }).waitFor();
		await page.unroute("**/api/session");
		await page.getByRole("button", { name: "Sign out" }).click();
		await page.getByRole("heading", { name: "Sign in" }).waitFor();
		expect(await page.getByRole("alert").count()).toBe(0);
		expect((await page.request.get(`${server.address}/api/search`)).status()).toBe(401);
	});

	it.each(Object.entries(WAYS))("asks for a token for everyone, %s", async (_, way) => {
		const page = await open(server.address, way);
		await page.getByLabel("Token").waitFor();
		await expectAccessible(page);
		await signIn(page, "wrong");
		await page.getByText(/wrong token/).waitFor();
		await expectAccessible(page);
	});

	it("asks for the token again when the session has ended", async () => {
		const page = await open(`${server.address}/?sort=seen`);
		await signIn(page, "read-token");
		await page.getByText("1 instance", { exact: true }).waitFor();
		await page.context().clearCookies();
		await page.getByRole("searchbox").fill("nobody");
		await page.getByRole("heading", { name: "Sign in" }).waitFor();
		await signIn(page, "read-token");
		await page.getByText("No instance matches.").waitFor();
		expect(new URL(page.url()).search).toBe("?sort=seen&q=nobody");
	});

	it("shows a hostile name as text that changes nothing around it", async () => {
		const page = await open(`${server.address}/instances/${own.id}`);
		await signIn(page, "read-token");
		const heading = page.getByRole("heading", { level: 1 });
		await heading.waitFor();
		expect(await heading.locator("bdi").textContent()).toBe(nasty);
		expect(await heading.locator("img").count()).toBe(0);
		// The badge is to the right of the name, and its letters in their order, whatever direction the name asks for.
		const [name, badge] = await Promise.all(
			[heading.locator("bdi"), heading.locator(".badge")].map((it) => it.boundingBox()),
		);
		expect(badge?.x).toBeGreaterThanOrEqual((name?.x ?? 0) + (name?.width ?? 0));
		// Chromium shows a control character in a title as a space.
		expect(await page.title()).toBe(`${nasty.replace("\u001b", " ")} – Guestwire`);
	});

	it.each(["a guest's requests", "refusals"])("shows a hostile user agent and path as text: %s", async (where) => {
		const path = `openstack/latest/${nasty}\u001b[2J`;
		const userAgent = `${nasty}</bdi><script>document.title='owned'</script>`;
		const request = {
			...{ at: Date.now(), method: "GET", path, status: 404, bytes: 0, ms: 1, listener: "127.0.0.1:80" },
			...{ userAgent: `${userAgent} ${"x".repeat(10_000)}`, body: undefined, reason: "no-owner" },
		};
		const source = { peer: "192.0.2.9", address: nasty, instance: nasty };
		await recordRequests(server.state, [
			{ ...request, instance: own.id, reason: undefined },
			{ ...request, path, instance: undefined, source, detail: nasty },
		]);
		const page = await open(
			`${server.address}/${where === "refusals" ? "refusals" : `instances/${own.id}`}`,
			WAYS["on a phone"],
		);
		await signIn(page, "read-token");
		await page.locator("code, td.mono", { hasText: "openstack/latest/<img src=x" }).first().waitFor();
		const shown = page.locator("bdi", { hasText: "</bdi><script>" }).first();
		expect(await shown.textContent()).toBe(`${userAgent} ${"x".repeat(10_000)}`.slice(0, 200));
		const texts = await page.locator("code, td.mono").allTextContents();
		expect(texts).toContain(`/${path}`);
		expect(await page.locator("main img, main script").count()).toBe(0);
		expect(await page.title()).not.toBe("owned");
		await expectAccessible(page);
	});

	it("shows user data after a click that is logged, and only with the token for it", async () => {
		const path = `${server.address}/instances/${own.id}?document=openstack/latest/user_data`;
		const reader = await open(path);
		await signIn(reader, "read-token");
		await reader.getByText(/does not allow user data/).waitFor();
		const page = await open(path, WAYS["on a phone in the dark"]);
		await signIn(page, "full-token");
		const show = page.getByRole("button", { name: "Show it" });
		await show.waitFor();
		expect(await page.content()).not.toContain(planted);
		expect(server.lines.join("")).not.toContain("user data was read");
		await show.click();
		await page.getByText(planted).waitFor();
		await expectAccessible(page);
		expect(server.lines.filter((line) => line.includes("user data was read"))).toHaveLength(1);
		expect(server.lines.join("")).not.toContain(planted);
	});

	it("compares what is not secret in metadata, and says so if nothing else differs", async () => {
		const path = "openstack/latest/meta_data.json";
		const body = createGuestDocuments(novaSettings).tree(named).answer(path)?.body ?? new Uint8Array();
		const now = Buffer.from(body).toString();
		const record = (at: number, text: string) =>
			recordRequests(server.state, [answered({ at, instance: own.id, path, body: Buffer.from(text) })]);
		await record(Date.now(), now.replace('"web"', '"db"'));
		const page = await open(`${server.address}/instances/${own.id}?document=${path}`);
		await signIn(page, "read-token");
		const diff = page.getByRole("region", { name: `Changes of ${path}` });
		await diff.locator("del", { hasText: '"role": "db"' }).waitFor();
		await diff.locator("ins", { hasText: '"role": "web"' }).waitFor();
		await page.getByText(/does not allow user data/).waitFor();
		await record(Date.now(), now.replace("PLANTED-PASSWORD", "PLANTED-OLD"));
		await page.getByText(/^Only values that are hidden here differ/).waitFor();
		expect(await page.content()).not.toContain("PLANTED");
		await record(Date.now(), now);
		await page.getByText("No difference.").waitFor();
		await expectAccessible(page);
	});
});
