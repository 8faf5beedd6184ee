/** The tests of one suite: each of its clients' runs on each wiring. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestedTable, writeTested } from "../tested-table.ts";
import { chosenSuites, isByHand } from "./choice.ts";
import { type ClientResult, type Renderer, runCloudInit } from "./client.ts";
import { CLOUD_INIT_EXCEPTIONS } from "./cloud-init-exceptions.ts";
import { createExplainer, type RunName } from "./exceptions.ts";
import { type Host, startHost } from "./host.ts";
import { RUNS } from "./runs.ts";
import { type SuiteName, sectionOf, suite } from "./suite.ts";
import { loadWiring, type Wiring } from "./wiring.ts";

const TESTED: TestedTable = {
	file: "clients-tested.md",
	head: `# Clients that were run

\`npm run test:clients\` runs cloud-init of Debian's suites on Guestwire's documents, with each of its renderers, and compares
what it writes with the document: addresses, routes, MTUs, MAC addresses, VLANs, bonds, DNS servers and search domains of
each link. Where \`compared\` says "kernel", systemd-networkd has also set up the network, and the kernel's state was compared.
(The test's kernel supports neither VLANs nor bonds; [guests that were booted](guests-tested.md) do.)
\`GUESTWIRE_CLIENTS=bookworm,trixie,sid npm run test:clients\` writes this file. "right" means no difference at all; the
wirings are in \`test/clients/wirings/\`. What each client reads is in [clients.md](clients.md).
`,
	columns: ["wiring", "data source", "compared"],
};

/** The packages whose versions matter to a renderer. */
const RENDERER_PACKAGES: Readonly<Record<Renderer, readonly string[]>> = {
	netplan: ["cloud-init", "netplan.io", "systemd"],
	networkd: ["cloud-init", "systemd"],
	"network-manager": ["cloud-init"],
	eni: ["cloud-init"],
	sysconfig: ["cloud-init"],
};

export function describeSuite(name: SuiteName): void {
	describe.skipIf(!chosenSuites.includes(name))(`cloud-init of ${name}`, () => {
		const explainer = createExplainer(CLOUD_INIT_EXCEPTIONS);

		describe.each(Object.entries(RUNS))("%s", (wiringName, runs) => {
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
					const result = results.get(renderer) ?? { differences: ["no result"], stages: [], details: "" };
					const run: RunName = { suite: name, client: renderer, source, wiring: wiringName };
					if (isByHand) write(run, renderer, result);
					expect(explainer.unexplained(run, result.differences), result.details).toEqual([]);
				});
			});
		});

		it("has no known exception that does not occur", () => {
			expect(explainer.unused()).toEqual([]);
		});

		function write(run: RunName, renderer: Renderer, { differences, stages }: ClientResult): void {
			writeTested(TESTED, {
				section: sectionOf(name, renderer, RENDERER_PACKAGES[renderer], suite(name).versions),
				run: [run.wiring, run.source, stages.join(", ")],
				differences,
				defects: explainer.defects(run, differences),
			});
		}
	});
}
