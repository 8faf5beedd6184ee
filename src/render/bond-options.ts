import type { DescribedBond } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import { addressVersion } from "../instance/addresses.ts";
import { type BondMode, bondOptionValue, DEFAULT_MIIMON, isMonitoredMode } from "../instance/bonding.ts";
import type { ArpMonitoring, BondOptions } from "./plan.ts";
import { parseAddress } from "./values.ts";

/** Options before link monitoring is added. */
type GivenOptions = Omit<BondOptions, "arp"> & { readonly arpInterval?: number; readonly arpTargets?: string[] };

/** The options that every format can express. A parser returns undefined for an invalid value. */
const PARSERS: Readonly<Record<string, (text: string) => Partial<GivenOptions> | undefined>> = {
	bond_miimon: (text) => milliseconds("miimon", text),
	bond_arp_interval: (text) => milliseconds("arpInterval", text),
	bond_arp_ip_target: arpTargets,
	bond_updelay: (text) => milliseconds("updelay", text),
	bond_downdelay: (text) => milliseconds("downdelay", text),
	bond_lacp_rate: (text) => named("lacpRate", "lacp_rate", text),
	bond_xmit_hash_policy: (text) => named("hashPolicy", "xmit_hash_policy", text),
};

function milliseconds(
	option: "miimon" | "arpInterval" | "updelay" | "downdelay",
	text: string,
): Partial<GivenOptions> | undefined {
	return /^\d{1,9}$/.test(text) ? { [option]: Number(text) } : undefined;
}

/** The kernel's limit, BOND_MAX_ARP_TARGETS. */
const MOST_ARP_TARGETS = 16;

function arpTargets(text: string): Partial<GivenOptions> | undefined {
	const targets = text
		.slice(0, 1000)
		.split(/[\s,]+/)
		.filter(Boolean)
		.map((item) => parseAddress(item));
	const isValid = targets.every((target) => target !== undefined && addressVersion(target) === 4);
	const count = targets.length;
	return isValid && count > 0 && count <= MOST_ARP_TARGETS ? { arpTargets: targets.map(String) } : undefined;
}

/** @param name the driver's */
function named(option: "lacpRate" | "hashPolicy", name: string, text: string): Partial<GivenOptions> | undefined {
	const value = bondOptionValue(name, text);
	return value === undefined ? undefined : { [option]: value };
}

/**
 * The `bond_*` members of a bond link as options of the bonding driver. Options that not every format can express are
 * dropped, with a remark. Names and values: the kernel's Documentation/networking/bonding.rst.
 */
export function planBondOptions(link: DescribedBond, mode: BondMode, pointer: string, remark: AddRemark): BondOptions {
	let options: GivenOptions = { mode };
	for (const [key, value] of Object.entries(link)) {
		if (!key.startsWith("bond_") || key === "bond_mode" || key === "bond_links") continue;
		// The spellings with dashes repeat an option.
		if (Object.hasOwn(link, key.replaceAll("-", "_")) && key.includes("-")) continue;
		// The key, too, is free text of the document.
		const at = /^[a-z0-9_]+$/.test(key) ? `${pointer}/${key}` : pointer;
		const parse = PARSERS[key];
		const parsed = parse?.(String(value));
		if (parse === undefined) remark(at, "no format carries this option: dropped", value);
		else if (parsed === undefined) remark(at, "not a value of this option: dropped", value);
		else options = { ...options, ...parsed };
	}
	return withMonitoring(options, pointer, remark);
}

/** Adds link monitoring to a bond without it, and drops what the driver rejects in this mode or beside the monitoring. */
function withMonitoring(options: GivenOptions, pointer: string, remark: AddRemark): BondOptions {
	const { lacpRate, arpInterval: _, arpTargets: __, updelay, downdelay, miimon, ...rest } = options;
	const lacp = options.mode === "802.3ad";
	if (lacpRate !== undefined && !lacp)
		remark(`${pointer}/bond_lacp_rate`, "only mode 802.3ad has it: dropped", lacpRate);
	const arp = arpOf(options, pointer, remark);
	if (arp) {
		if (updelay ?? downdelay) remark(pointer, "the delays need bond_miimon: dropped", updelay ?? downdelay);
		return { ...rest, arp };
	}
	if (!miimon && !isMonitoredMode(options.mode)) {
		const reason = `no link monitoring, so the bond would not notice a dead member: ${DEFAULT_MIIMON} is used`;
		remark(`${pointer}/bond_miimon`, reason, miimon);
	}
	return {
		...rest,
		miimon: miimon || DEFAULT_MIIMON,
		...(updelay !== undefined && { updelay }),
		...(downdelay !== undefined && { downdelay }),
		...(lacpRate !== undefined && lacp && { lacpRate }),
	};
}

/** Monitoring by ARP, if the document asks for it and the driver allows it: with targets, and not beside `miimon`. */
function arpOf(options: GivenOptions, pointer: string, remark: AddRemark): ArpMonitoring | undefined {
	const { mode, miimon, arpInterval: interval, arpTargets: targets } = options;
	const drop = (member: string, reason: string, value: unknown) => {
		remark(`${pointer}/${member}`, `${reason}: dropped`, value);
		return undefined;
	};
	if (!interval) return targets && drop("bond_arp_ip_target", "there is no bond_arp_interval", targets.join());
	if (!targets) return drop("bond_arp_interval", "there is no bond_arp_ip_target", interval);
	if (miimon) return drop("bond_arp_interval", "bond_miimon monitors the links already", interval);
	if (isMonitoredMode(mode)) {
		return drop("bond_arp_interval", `mode ${mode} has no monitoring by ARP`, interval);
	}
	return { interval, targets };
}
