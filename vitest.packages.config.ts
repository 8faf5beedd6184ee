import { defineConfig } from "vitest/config";

/** What `npm run release` made, under systemd in containers whose root file systems the first run makes: root. */
export default defineConfig({
	test: {
		include: ["test/packages/*.test.ts"],
		globalSetup: ["test/packages/setup.ts"],
		testTimeout: 120_000,
		hookTimeout: 600_000,
	},
});
