/** The tests of one suite: each of its clients' runs on each wiring. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClientResult, type Renderer, runCloudInit } from "./client.ts";
import { CLOUD_INIT_EXCEPTIONS } from "./cloud-init-exceptions.ts";
import { createExplainer } from "./exceptions.ts";
import { type Host, startHost } from "./host.ts";
import { RUNS } from "./runs.ts";
import { type SuiteName, suite } from "./suite.ts";
import { loadWiring, type Wiring } from "./wiring.ts";

export function describeSuite(name: SuiteName): void {
	const explainer = createExplainer(CLOUD_INIT_EXCEPTIONS);

	describe.each(Object.entries(RUNS))(`cloud-init of ${name}: %s`, (wiringName, runs) => {
		let wiring: Wiring;
		let host: Host;
		beforeAll(async () => {
			wiring = await loadWiring(wiringName);
			host = await startHost(wiring);
		});
		afterAll(() => host?.close());

		describe.each(runs)("%s", (source, renderers) => {
			let results: ReadonlyMap<Renderer, ClientResult>;
			const runClient = async () => {
				results = await runCloudInit({ suite: suite(name), wiring, host, source, renderers });
			};
			beforeAll(runClient);
			it.for(renderers)("%s", async (renderer, { task }) => {
				if ((task.result?.retryCount ?? 0) > 0) await runClient();
				const { differences = ["no result"], details = "" } = results.get(renderer) ?? {};
				const run = { suite: name, client: renderer, source, wiring: wiringName };
				expect(explainer.unexplained(run, differences), details).toEqual([]);
			});
		});
	});

	it("has no known exception that does not occur", () => {
		expect(explainer.unused()).toEqual([]);
	});
}
