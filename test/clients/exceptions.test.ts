import { describe, expect, it } from "vitest";
import { createExplainer } from "./exceptions.ts";

const run = { suite: "bookworm", client: "netplan", source: "OpenStack", wiring: "static" };
const exception = {
	runs: { suite: ["bookworm"], client: ["netplan"] },
	difference: /DNS server missing/,
	defect: "GH-1",
};

describe("explainer", () => {
	it("leaves what no exception of the run names", () => {
		const { unexplained } = createExplainer([exception]);
		const lines = ["NIC 0: DNS server missing: 192.0.2.53", "NIC 0: MTU missing, not 1500"];
		expect(unexplained(run, lines)).toEqual(["NIC 0: MTU missing, not 1500"]);
		expect(unexplained({ ...run, suite: "trixie" }, lines)).toEqual(lines);
	});

	it("reports an exception that no longer occurs, unless it applied to no run", () => {
		const explainer = createExplainer([exception, { ...exception, runs: { suite: ["sid"] } }]);
		explainer.unexplained(run, []);
		expect(explainer.unused()).toEqual(["/DNS server missing/: GH-1"]);
		explainer.unexplained({ ...run, wiring: "trunk" }, ["NIC 0: DNS server missing: 192.0.2.53"]);
		expect(explainer.unused()).toEqual([]);
	});
});
