import { defineConfig } from "vitest/config";

/** Tests against a real OpenStack: run in its network, by `test/e2e/openstack/cloud with`. */
export default defineConfig({
	test: {
		include: ["test/e2e/openstack/*.test.ts"],
		globalSetup: ["test/state-home.ts", "test/e2e/openstack/setup.ts"],
		// They share one cloud and its metadata agent.
		fileParallelism: false,
		// The cloud's own time limits expire on a machine that is busy with something else: such a run is repeated once.
		retry: 1,
		testTimeout: 300_000,
		hookTimeout: 1_800_000,
	},
});
