import { defineConfig } from "vitest/config";

/** Virtual machines with Debian's suites, whose disks the first run makes: root, mmdebstrap, qemu-system-x86. */
export default defineConfig({
	test: {
		include: ["test/guests/*.test.ts"],
		globalSetup: ["test/state-home.ts", "test/clients/setup.ts"],
		// A guest takes the whole machine.
		fileParallelism: false,
		testTimeout: 1_800_000,
	},
});
