/**
 * How long the operators' page takes, in Debian's Chromium: `npm run bench:page`. The first page of the examples, and a
 * search among 100,000 generated instances. It fails if a target is missed.
 */
import { cpSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { generated, writeInventory } from "./generate.ts";
import { median } from "./measure.ts";
import { announced, configOf, spawnServe, stop } from "./service.ts";

const MANY = 100_000;
const ROUNDS = 5;
const root = fileURLToPath(new URL("..", import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "guestwire-bench-"));
const browser = await chromium.launch({
	executablePath: "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

/** Runs `guestwire serve` over an inventory, and opens its page. */
async function withPage(inventory: string, use: (page: Page, address: string) => Promise<void>): Promise<void> {
	const child = spawnServe(configOf(inventory), join(folder, "service"));
	const address = await announced(child, /http:\/\/127\.0\.0\.1:\d+(?=\/api)/);
	try {
		const page = await browser.newPage();
		await use(page, address);
		await page.close();
	} finally {
		await stop(child);
	}
}

async function timed(work: () => Promise<void>): Promise<number> {
	const started = performance.now();
	await work();
	return Math.round(performance.now() - started);
}

/** The median counts: the first round also warms everything up. */
function judge(times: readonly number[], target: number): void {
	if (median(times) >= target) process.exitCode = 1;
}

try {
	const examples = join(folder, "examples");
	cpSync(join(root, "examples/inventory"), examples, { recursive: true });
	await withPage(examples, async (page, address) => {
		const times: number[] = [];
		for (let round = 0; round < ROUNDS; round++) {
			const show = async () => {
				await page.goto(address);
				await page.getByRole("img", { name: /^Wiring/ }).waitFor();
			};
			times.push(await timed(show));
		}
		const guests = await page.locator("tbody tr").count();
		judge(times, 2000);
		console.log(`first page: ${guests} guests and a picture after ${times.join(", ")} ms (target: under 2000)`);
	});
	const many = join(folder, "many");
	await writeInventory(many, MANY);
	await withPage(many, async (page, address) => {
		await page.goto(address);
		await page.getByText(`${MANY.toLocaleString("en")} instances`).waitFor({ timeout: 120_000 });
		const times: number[] = [];
		for (let round = 1; round <= ROUNDS; round++) {
			const n = (round * 17_891) % MANY;
			const search = async () => {
				await page.getByRole("searchbox").fill(generated(n).id);
				await page
					.getByRole("link", { name: `guest-${n}`, exact: true })
					.first()
					.waitFor();
			};
			times.push(await timed(search));
		}
		judge(times, 300);
		console.log(
			`search among ${MANY.toLocaleString("en")}: first result after ${times.join(", ")} ms (target: under 300)`,
		);
	});
} finally {
	await browser.close();
	await rm(folder, { recursive: true });
}
