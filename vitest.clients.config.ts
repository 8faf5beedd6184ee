import { defineConfig } from "vitest/config";

/** The clients' own programs in chroots of Debian's suites, which the first run makes: root, mmdebstrap, iproute2. */
export default defineConfig({
	test: {
		include: ["test/clients/*.test.ts"],
		globalSetup: ["test/state-home.ts", "test/clients/setup.ts"],
		maxWorkers: 2,
		testTimeout: 300_000,
		hookTimeout: 120_000,
	},
});
