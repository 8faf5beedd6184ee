import type { Remark } from "../documents/reading.ts";
import { networkVersion2 } from "./netplan.ts";
import { assumedNames, type PlannedInterface } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { yaml } from "./text.ts";

/**
 * A `network-config` of version 2 for cloud-init's NoCloud datasource.
 * https://docs.cloud-init.io/en/latest/reference/network-config-format-v2.html
 */
export const cloudInit: Renderer = (plan) => {
	const { network, remarks } = networkVersion2(plan.interfaces);
	return {
		files: [{ path: "network-config", mode: 0o644, text: yaml(network) }],
		remarks: [...remarks, ...onlyWithNetplan(plan.interfaces)],
	};
};

/** cloud-init hands the file to netplan unchanged. For other systems it converts it, and loses more (network_state.py). */
function onlyWithNetplan(interfaces: readonly PlannedInterface[]): Remark[] {
	const assumed = assumedNames(interfaces);
	return interfaces.flatMap((one) => {
		const below = one.kind === "vlan" ? [one.parent] : one.kind === "bond" ? one.members : [];
		const remarks: Remark[] = [];
		const remark = (reason: string) => remarks.push({ pointer: one.pointer, reason: `without netplan, ${reason}` });
		if (below.some((name) => assumed.has(name))) remark("cloud-init does not find the NICs below: give their names");
		if (one.routerAdvertisements && one.dhcp6 === undefined) remark("cloud-init cannot express SLAAC, and it is lost");
		return remarks;
	});
}
