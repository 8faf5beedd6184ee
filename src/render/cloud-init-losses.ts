import type { Remark } from "../documents/reading.ts";
import { DEFAULT_MIIMON } from "../instance/bonding.ts";
import { assumedNames, type BondOptions, type PlannedInterface } from "./plan.ts";
import { bondOptions } from "./text.ts";

/** cloud-init hands the file to netplan unchanged. For other systems it converts it, and loses more (network_state.py). */
export function cloudInitLosses(interfaces: readonly PlannedInterface[]): Remark[] {
	const assumed = assumedNames(interfaces);
	const macs = new Map(interfaces.map(({ name, macAddress }) => [name, macAddress]));
	return interfaces.flatMap((one) => [
		...linkLosses(one, assumed, macs),
		...addressingLosses(one).map((reason) => ({ pointer: one.pointer, reason: `without netplan, ${reason}` })),
	]);
}

function linkLosses(
	one: PlannedInterface,
	assumed: ReadonlySet<string>,
	macs: ReadonlyMap<string, string | undefined>,
): Remark[] {
	if (one.kind === "physical") return [];
	const below = one.kind === "vlan" ? [one.parent] : one.members;
	const remarks: Remark[] = [];
	const remark = (reason: string, value?: unknown) =>
		remarks.push({ pointer: one.pointer, reason, ...(value !== undefined && { value: JSON.stringify(value) }) });
	remark("without netplan, cloud-init before 26.1 with systemd-networkd makes neither bonds nor VLANs (GH-6534)");
	if (below.some((name) => assumed.has(name))) {
		remark("without netplan, cloud-init does not find the NICs below: give their names");
	}
	if (one.kind === "vlan" && one.macAddress !== macs.get(one.parent)) {
		const cure = "give both the same in Neutron";
		remark(`without netplan, cloud-init may give the VLAN its parent's MAC address: ${cure}`);
	}
	if (one.mtu !== undefined && one.mtu !== 1500) {
		remark("cloud-init with NetworkManager may drop the MTU (GH-7027)", one.mtu);
	}
	const options = one.kind === "bond" ? lostOptions(one.options) : [];
	if (options.length > 0) remark("cloud-init with NetworkManager or networkd may drop options (GH-6932)", options);
	return remarks;
}

/** The options but the mode whose loss makes a difference: NetworkManager has the same link monitoring by itself. */
function lostOptions(options: BondOptions): string[] {
	const names = bondOptions(options, ",").flatMap(([name]) => (name === "mode" ? [] : name));
	const others = options.miimon === DEFAULT_MIIMON ? names.filter((name) => name !== "miimon") : names;
	return options.primary ? [...others, "primary"] : others;
}

function addressingLosses(one: PlannedInterface): string[] {
	const losses: string[] = [];
	if (one.routerAdvertisements && one.dhcp6 === undefined)
		losses.push("cloud-init cannot express SLAAC, and it is lost");
	if (one.routes.some(({ onLink }) => onLink)) {
		losses.push("cloud-init does not say that a gateway outside the subnets is on the link (GH-5523)");
	}
	if (one.routes.some(({ gateway }) => gateway === undefined)) {
		losses.push("cloud-init may write routes on the link in a form that the system rejects");
	}
	if (one.learnedMetrics?.ipv4 !== undefined) {
		losses.push("cloud-init may lose the metric, and the default routes of several DHCP servers are not ranked");
	}
	return losses;
}
