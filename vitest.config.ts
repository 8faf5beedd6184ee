import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.test.ts", "test/*.test.ts", "test/system/**/*.test.ts", "web/test/*.test.ts"],
		globalSetup: "test/state-home.ts",
		tags: [{ name: "slow", description: "generates many cases, starts processes or waits: not in npm run test:unit" }],
		// No test file changes what another one imports, and a process for each file would take longer than most files.
		isolate: false,
		maxWorkers: "100%",
		testTimeout: 60_000,
		hookTimeout: 60_000,
	},
});
