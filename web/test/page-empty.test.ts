/**
 * The list without instances, in a real browser.
 * @module-tag slow
 */
import { afterEach, describe, it } from "vitest";
import { instancesOf } from "../../test/metadata-service.ts";
import { startTestOperator, type TestOperatorServer } from "../../test/operator-server.ts";
import { expectAccessible, hasChromium, useBrowser } from "./browser.ts";

describe.skipIf(!hasChromium)("the page without instances (apt-get install chromium)", () => {
	const open = useBrowser();
	let server: TestOperatorServer;
	afterEach(() => server?.close());

	it("says that they are still being read, and only then that there are none", async () => {
		const list = Promise.withResolvers<[]>();
		server = await startTestOperator({ instances: { ...instancesOf([]), list: () => list.promise } });
		const page = await open(server.address);
		await page.getByText("No instance has been read yet.").waitFor();
		await page.getByRole("main").getByRole("link", { name: "Cloud" }).waitFor();
		await expectAccessible(page);
		await page.locator(".live.on").waitFor();
		list.resolve([]);
		await page.getByText("There are no instances.").waitFor();
	});
});
