import { networkVersion2 } from "./netplan.ts";
import { guessedNames, type PlannedInterface, type Warning } from "./plan.ts";
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
		warnings: [...warnings, ...onlyWithNetplan(plan.interfaces)],
	};
};

/** Netplan takes the file as it is; for other systems cloud-init reads it itself, and less of it (network_state.py). */
function onlyWithNetplan(interfaces: readonly PlannedInterface[]): Warning[] {
	const guessed = guessedNames(interfaces);
	return interfaces.flatMap((one) => {
		const below = one.kind === "vlan" ? [one.parent] : one.kind === "bond" ? one.members : [];
		const warnings: Warning[] = [];
		const warn = (reason: string) => warnings.push({ place: one.place, reason: `without netplan ${reason}` });
		if (below.some((name) => guessed.has(name))) warn("cloud-init doesn't find the NICs under it: give their names");
		if (one.routerAdvertisements && one.dhcp6 === undefined) warn("cloud-init has no word for SLAAC: it is lost");
		return warnings;
	});
}
