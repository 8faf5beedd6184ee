import { defineConfig } from "vitest/config";

/** Tests against a real OpenStack, which the first run makes on this machine: Debian 12, root. */
export default defineConfig({
	test: {
		include: ["test/e2e/openstack/*.test.ts"],
		globalSetup: "test/e2e/openstack/setup.ts",
		// They share one cloud and its metadata agent.
		fileParallelism: false,
		testTimeout: 120_000,
		hookTimeout: 180_000,
	},
});
