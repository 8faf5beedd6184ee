/**
 * The page of a large cloud, in a real browser.
 * @module-tag slow
 */
import { afterAll, beforeAll, describe, it } from "vitest";
import { guest, instancesOf } from "../../test/metadata-service.ts";
import { startTestOperator, type TestOperatorServer } from "../../test/operator-server.ts";
import { hasChromium, useBrowser } from "./browser.ts";

/** `npm run bench:page` measures how long a search among them takes. */
const MANY = 100_000;

describe.skipIf(!hasChromium)("the page with very many instances (apt-get install chromium)", () => {
	const open = useBrowser();
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
		const searches = server.lines.map((line) => JSON.parse(line)).filter(({ operator }) => operator === "/api/search");
		const fastest = Math.min(...searches.map(({ ms }) => ms));
		console.log(
			`first result among ${MANY} instances after ${times.join(", ")} ms; a search takes ${Math.round(fastest)} ms`,
		);
	});
});
