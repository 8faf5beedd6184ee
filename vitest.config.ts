import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.test.ts", "test/*.test.ts", "test/system/**/*.test.ts"],
		globalSetup: "test/state-home.ts",
		testTimeout: 60_000,
		hookTimeout: 60_000,
	},
});
