/**
 * The view Cloud in a real browser: the real service with its mirror, in front of an OpenStack that fails on demand.
 * @module-tag slow
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../test/fake-openstack.ts";
import { type RunningCli, startCli } from "../../test/run-cli.ts";
import type { Status } from "../src/lib/api.ts";
import { expectAccessible, hasChromium, listenAddress, picture, useBrowser, WAYS } from "./browser.ts";

type Values = Status["metrics"][number]["values"];

/** One entry of a list of facts. */
const fact = (page: Page, name: string) =>
	page.locator(".facts > div").filter({ has: page.locator("dt", { hasText: name }) });
const rowOf = (page: Page, section: string, name: string) =>
	page
		.getByRole("region", { name: section })
		.getByRole("row")
		.filter({ has: page.getByRole("rowheader", { name, exact: true }) });

describe.skipIf(!hasChromium)("the view Cloud with a mirror (apt-get install chromium)", () => {
	const open = useBrowser();
	const folder = mkdtempSync(join(tmpdir(), "guestwire-page-"));
	let cloud: FakeOpenStack;
	let service: RunningCli;
	let address: string;
	/** Whether the list of ports gets no answer until it is released. */
	let held: (() => void)[] | undefined = [];
	let isDead = false;
	beforeAll(async () => {
		cloud = await startFakeOpenStack();
		cloud.fault = (call) => {
			if (isDead) return (response) => response.destroy();
			if (held !== undefined && call.includes("/ports")) return (_, answer) => held?.push(answer);
			return undefined;
		};
		writeFileSync(join(folder, "secret"), "shared");
		const config = {
			cloud: { openstack: {} },
			metadata: [{ listen: listenAddress(8775), identity: "signed", sharedSecretFile: "secret" }],
			operator: { listen: "127.0.0.1:0" },
			state: { sqlite: "state.db" },
			mirror: { changes: { pollSeconds: 0.5 } },
		};
		writeFileSync(join(folder, "guestwire.yaml"), JSON.stringify(config));
		service = startCli(["serve", "--config", join(folder, "guestwire.yaml")], { env: cloud.env });
		[, address = ""] = await service.says(/operators: .*(http:\/\/[^/]+)/);
	}, 60_000);
	afterAll(async () => {
		await service?.stop();
		await cloud?.close();
		rmSync(folder, { recursive: true });
	});

	it("shows the fill, the leader, the token, signals with their lag and gaps, and the API, without a reload", async () => {
		const page = await open(`${address}/cloud`);
		await fact(page, "Fill").filter({ hasText: "filling" }).waitFor();
		await fact(page, "Last known to be current").filter({ hasText: "never yet" }).waitFor();
		await fact(page, "Leader")
			.filter({ hasText: hostname() })
			.filter({ hasText: `process ${process.pid}` })
			.waitFor();
		await fact(page, "Token").filter({ hasText: "valid for 60 minutes" }).waitFor();
		for (const answer of held ?? []) answer();
		held = undefined;
		await fact(page, "Fill").filter({ hasText: "filled 100 %" }).waitFor({ timeout: 30_000 });
		await fact(page, "Last known to be current")
			.filter({ hasText: / (ms|s) ago$/ })
			.waitFor({ timeout: 30_000 });
		await fact(page, "Missed changes")
			.filter({ hasText: /changes0 \(0\)$/ })
			.waitFor();
		await rowOf(page, "Cloud API", "port")
			.filter({ hasText: / (ms|s)\)$/ })
			.waitFor();

		await rowOf(page, "Signals", "changes-since").filter({ hasText: "up" }).waitFor();
		await picture(page, "cloud");

		const instances = await open(`${address}/?q=renamed`);
		await instances.getByText("No instance matches.").waitFor();
		const [server] = cloud.records.servers;
		Object.assign(server ?? {}, { name: "renamed", updated: new Date().toISOString().replace(/\.\d+Z$/, "Z") });
		await instances.getByText("1 instance", { exact: true }).waitFor();
	}, 120_000);

	it("says that the cloud is dead and what to do, serves what it knows, and that polls which failed have missed nothing", async () => {
		const page = await open(`${address}/cloud`);
		await rowOf(page, "Signals", "changes-since").filter({ hasText: "up" }).waitFor();
		isDead = true;
		await page.getByText(/changes-since.* down\..*guestwire doctor/).waitFor({ timeout: 60_000 });
		await fact(page, "Service").filter({ hasText: "ready" }).waitFor();
		const instances = await open(`${address}/?q=renamed`);
		await instances.getByText("1 instance", { exact: true }).waitFor();
		await instances.getByRole("link", { name: "renamed" }).first().click();
		await instances.getByRole("img", { name: /^Wiring/ }).waitFor();
		isDead = false;
		await rowOf(page, "Signals", "changes-since")
			.filter({ hasText: /up.*0 \(0\)0 \(0\)$/ })
			.waitFor({ timeout: 60_000 });
		await page.getByText(/ down\. Guests get what/).waitFor({ state: "hidden" });
	}, 240_000);

	/** The real answer with other numbers: some of them need a message bus, or a fault of the cloud's own. */
	const showing = async (
		page: Page,
		shownAfter: (answers: number) => Readonly<Record<string, Values>>,
		problems: readonly string[] = [],
	) => {
		let answers = 0;
		await page.route("**/api/status", async (route) => {
			const status: Status = await (await route.fetch()).json();
			const shown = shownAfter(answers++);
			const metrics = status.metrics.map(({ values, ...metric }) => ({
				...{ ...metric, values: shown[metric.name] ?? values },
			}));
			await route.fulfill({ json: { ...status, metrics, problems } });
		});
	};

	it("shows missed changes, the lag of the bus, failures of the API and gaps in the request history, and that the service is gone", async () => {
		const page = await open(`${address}/cloud`);
		const gaps = page.getByText(/1,234 requests could not be kept in the request history.*state database.*refusals/);
		await page.getByRole("region", { name: "Guests' requests" }).waitFor();
		expect(await gaps.count()).toBe(0);
		await showing(page, () => ({
			guestwire_history_requests_dropped_total: [{ labels: {}, value: 1234 }],
			guestwire_missed_changes_total: [{ labels: { kind: "port" }, value: 3 }],
			guestwire_signal_up: [{ labels: { signal: "bus" }, value: 1 }],
			guestwire_change_lag_seconds: [
				{ labels: { kind: "port", signal: "bus", part: "sum" }, value: 0.8 },
				{ labels: { kind: "port", signal: "bus", part: "count" }, value: 2 },
			],
			guestwire_mirror_requests_total: [{ labels: { kind: "server_details", outcome: "failed" }, value: 4 }],
		}));
		await fact(page, "Missed changes").filter({ hasText: "(3 port)" }).waitFor();
		await rowOf(page, "Signals", "bus").filter({ hasText: "(0.4 s in 2 changes)" }).waitFor();
		await rowOf(page, "Cloud API", "server details").filter({ hasText: "(4)" }).waitFor();
		await gaps.waitFor();
		await page.route("**/api/status", (route) => route.abort());
		await page.getByText("Guestwire does not answer. Is it running?").waitFor();
	});

	it("says what keeps changes from being served at once, and what to set", async () => {
		const page = await open(`${address}/cloud`);
		await page.getByRole("region", { name: "Signals" }).waitFor();
		expect(await page.getByRole("alert").count()).toBe(0);
		await showing(page, () => ({}), ["Neutron has sent no notification yet: set driver = messagingv2"]);
		await page.getByRole("alert").getByText("no notification yet: set driver = messagingv2.").waitFor();
	});

	it("shows counts and averages of the last five minutes beside those since the service started", async () => {
		const page = await open("about:blank");
		await page.clock.install();
		const answered = (value: number) => ({ labels: { kind: "port", outcome: "answered" }, value });
		const failed = (value: number) => ({ labels: { kind: "port", outcome: "failed" }, value });
		/** After a long time in which requests were slow and failed: fast ones, then one that fails, then a restart. */
		const after: readonly (readonly [requests: Values, seconds: number])[] = [
			[[answered(900), failed(100)], 1000],
			[[answered(920), failed(100)], 1002],
			[[answered(920), failed(101)], 1012],
			[[answered(2)], 1],
		];
		let step = 0;
		await showing(page, () => {
			const [requests, seconds] = after[step] ?? [[], 0];
			return {
				guestwire_mirror_requests_total: requests,
				guestwire_mirror_request_seconds_total: [{ labels: { kind: "port" }, value: seconds }],
			};
		});
		await page.goto(`${address}/cloud`);
		const row = rowOf(page, "Cloud API", "port");
		await row.filter({ hasText: "0 (1,000)0 (100)— (1.0 s)" }).waitFor();
		step = 1;
		await row.filter({ hasText: "20 (1,020)0 (100)0.1 s (1.0 s)" }).waitFor();
		// What was counted at first becomes older than five minutes.
		for (const _ of [1, 2]) {
			const answer = page.waitForResponse("**/api/status");
			await page.clock.fastForward("02:31");
			await answer;
		}
		step = 2;
		await row.filter({ hasText: "1 (1,021)1 failure (101)10 s (1.0 s)" }).waitFor();
		step = 3;
		await row.filter({ hasText: "0 (2)0 (0)— (0.5 s)" }).waitFor();
	});

	it.each(Object.entries(WAYS))(
		"is for everyone, %s",
		async (_, way) => {
			const page = await open(`${address}/cloud`, way);
			await page.getByRole("region", { name: "Signals" }).waitFor();
			await page.getByText("All metrics").click();
			await expectAccessible(page);
		},
		120_000,
	);
});
