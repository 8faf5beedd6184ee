import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.test.ts", "test/*.test.ts", "test/system/**/*.test.ts", "web/test/*.test.ts"],
		globalSetup: "test/state-home.ts",
		setupFiles: "test/property-seed.ts",
		tags: [{ name: "slow", description: "generates many cases, starts processes or waits: not in npm run test:unit" }],
		// No test file changes what another one imports, and a process for each file would take longer than most files.
		isolate: false,
		maxWorkers: "100%",
		// Other programs' own time limits expire on a busy machine: in CI, such a test is repeated once. The report says which.
		retry: process.env["CI"] ? 1 : 0,
		testTimeout: 60_000,
		hookTimeout: 60_000,
	},
});
