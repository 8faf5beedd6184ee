import { defineConfig } from "vitest/config";

/** Tests against a real Ironic: run in its network, by `test/e2e/ironic/ironic with`. */
export default defineConfig({
	test: {
		include: [
			process.env["GUESTWIRE_IRONIC_BESIDE"]
				? "test/e2e/ironic/beside-openstack.test.ts"
				: "test/e2e/ironic/!(beside-openstack).test.ts",
		],
		globalSetup: ["test/state-home.ts"],
		// They share one Ironic.
		fileParallelism: false,
		// Ironic's own time limits expire on a machine that is busy with something else: such a run is repeated once.
		retry: 1,
		testTimeout: 120_000,
		hookTimeout: 300_000,
	},
});
