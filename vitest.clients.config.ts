import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** The clients' own programs in chroots of Debian's suites, which the first run makes: root, mmdebstrap, iproute2. */
export default defineConfig({
	test: {
		// Guestwire's command line starts often.
		env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node") },
		include: ["test/clients/*.test.ts"],
		globalSetup: ["test/state-home.ts", "test/clients/setup.ts"],
		// Suites that are asked for by name have a table of results, which one process at a time can write.
		maxWorkers: process.env["GUESTWIRE_CLIENTS"] ? 1 : 2,
		// A client's own time limits expire on a machine that is busy with something else: such a run is repeated once.
		retry: 1,
		testTimeout: 300_000,
		hookTimeout: 600_000,
	},
});
