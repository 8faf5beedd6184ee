/** The tests of one suite: each of its clients' runs on each wiring. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RENDERERS, type Renderer, runCloudInit, type Source } from "./client.ts";
import { CLOUD_INIT_EXCEPTIONS } from "./cloud-init-exceptions.ts";
import { createExplainer } from "./exceptions.ts";
import { type Host, startHost } from "./host.ts";
import { type SuiteName, suite } from "./suite.ts";
import { loadWiring, type Wiring } from "./wiring.ts";

/** What is run on each wiring. */
const RUNS: Readonly<Record<string, readonly (readonly [Source, readonly Renderer[]])[]>> = {
	static: [
		["OpenStack", RENDERERS],
		["ConfigDrive", ["netplan"]],
	],
};

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

		const cases = runs.flatMap(([source, renderers]) => renderers.map((renderer) => [source, renderer] as const));
		it.each(cases)("%s, %s", async (source, renderer) => {
			const { differences, details } = await runCloudInit({ suite: suite(name), wiring, host, source, renderer });
			const run = { suite: name, client: renderer, source, wiring: wiringName };
			expect(explainer.unexplained(run, differences), details).toEqual([]);
		});
	});

	it("has no known exception that does not occur", () => {
		expect(explainer.unused()).toEqual([]);
	});
}
