import { networkVersion2 } from "./netplan.ts";
import type { PlannedInterface, Warning } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { yaml } from "./text.ts";

/**
 * A `network-config` of version 2 for cloud-init's NoCloud datasource.
 * https://docs.cloud-init.io/en/latest/reference/network-config-format-v2.html
 */
export const cloudInit: Renderer = (plan) => {
	const { network, warnings } = networkVersion2(plan.interfaces);
	return {
		files: [{ path: "network-config", mode: 0o644, text: yaml(network) }],
		warnings: [...warnings, ...guessedNames(plan.interfaces)],
	};
};

/** cloud-init finds a NIC by its MAC address, but hands on what a bond or a VLAN calls it (network_state.py). */
function guessedNames(interfaces: readonly PlannedInterface[]): Warning[] {
	const guessed = new Set(
		interfaces.filter((one) => one.kind === "physical" && !one.nameKnown).map(({ name }) => name),
	);
	const reason = "only with netplan under it does cloud-init find the NICs here: give their names";
	return interfaces
		.filter(
			(one) =>
				(one.kind === "vlan" && guessed.has(one.parent)) ||
				(one.kind === "bond" && one.members.some((name) => guessed.has(name))),
		)
		.map(({ place }) => ({ place, reason }));
}
