import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Virtual machines with Debian's suites, whose disks the first run makes: root, mmdebstrap, qemu-system-x86. */
export default defineConfig({
	test: {
		// Guestwire's command line starts often.
		env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node") },
		include: ["test/guests/*.test.ts"],
		globalSetup: ["test/state-home.ts", "test/clients/setup.ts"],
		// A guest has one processor, and takes all of it.
		maxConcurrency: 2,
		// A client's own time limits expire on a machine that is busy with something else: such a run is repeated once.
		retry: 1,
		testTimeout: 1_800_000,
	},
});
