import type { DescribedBond } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import { addressVersion } from "../instance/addresses.ts";
import {
	BOND_DEFAULTS,
	BOND_OPTIONS,
	type BondMode,
	type BondOption,
	bondOptionValue,
	DEFAULT_MIIMON,
	isMonitoredMode,
	isOptionOfMode,
} from "../instance/bonding.ts";
import type { ArpMonitoring, BondOptions, FurtherOptions, PhysicalLinkPlan } from "./plan.ts";
import { parseAddress, parseMac } from "./values.ts";

/** Options before link monitoring is added. */
type GivenOptions = Omit<BondOptions, "arp"> & { readonly arpInterval?: number; readonly arpTargets?: string[] };

/** The options with members of their own. A parser returns undefined for an invalid value. */
const PARSERS: Readonly<Record<string, (text: string) => Partial<GivenOptions> | undefined>> = {
	miimon: (text) => milliseconds("miimon", text),
	arp_interval: (text) => milliseconds("arpInterval", text),
	arp_ip_target: arpTargets,
	updelay: (text) => milliseconds("updelay", text),
	downdelay: (text) => milliseconds("downdelay", text),
	lacp_rate: (text) => named("lacpRate", "lacp_rate", text),
	xmit_hash_policy: (text) => named("hashPolicy", "xmit_hash_policy", text),
};

/** Not a setting but the state of a running bond; and a second list of targets, which few systems know. */
const NEVER: readonly string[] = ["active_slave", "ns_ip6_target"];

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

/** The members of a bond by the ids of their links. */
type Members = ReadonlyMap<string, PhysicalLinkPlan>;

/**
 * The `bond_*` members of a bond link as options of the bonding driver. What the driver does not have, or not in this mode,
 * is dropped with a remark. Names and values: the kernel's Documentation/networking/bonding.rst.
 */
export function planBondOptions(
	link: DescribedBond,
	mode: BondMode,
	members: Members,
	pointer: string,
	remark: AddRemark,
): BondOptions {
	let options: GivenOptions = { mode, further: {} };
	for (const [key, value] of Object.entries(link)) {
		if (!key.startsWith("bond_") || key === "bond_mode" || key === "bond_links") continue;
		// The spellings with dashes repeat an option.
		if (Object.hasOwn(link, key.replaceAll("-", "_")) && key.includes("-")) continue;
		// The key, too, is free text of the document.
		const at = /^[a-z0-9_]+$/.test(key) ? `${pointer}/${key}` : pointer;
		const name = key.slice("bond_".length);
		const parsed = BOND_OPTIONS.some((known) => known === name)
			? parse(name, String(value), members, options)
			: undefined;
		if (parsed === undefined || NEVER.includes(name)) remark(at, "no format carries this option: dropped", value);
		else if (!isOptionOfMode(name, mode)) remark(at, `mode ${mode} does not have it: dropped`, value);
		else if (parsed === "invalid") remark(at, "not a value of this option: dropped", value);
		else options = { ...options, ...parsed };
	}
	return withMonitoring(options, pointer, remark);
}

function parse(
	name: string,
	text: string,
	members: Members,
	{ further }: GivenOptions,
): Partial<GivenOptions> | "invalid" {
	if (name === "primary") return primaryOf(text, members) ?? "invalid";
	const parser = PARSERS[name];
	if (parser !== undefined) return parser(text) ?? "invalid";
	const value = bondOptionValue(name, text);
	if (value === undefined) return "invalid";
	// Two names of one option.
	if (name === "num_unsol_na") return { further: { num_grat_arp: value, ...further } };
	return { further: { ...further, [name]: value } };
}

/** The member by the id of its link, its name in the guest, or its MAC address. */
function primaryOf(text: string, members: Members): Pick<BondOptions, "primary"> | undefined {
	for (const [id, { name, nameKnown, macAddress }] of members) {
		const isMember = id === text || (nameKnown && name === text) || (macAddress && macAddress === parseMac(text));
		if (isMember) return { primary: { name, nameKnown } };
	}
	return undefined;
}

/** Adds link monitoring to a bond without it, and drops what the driver rejects beside the monitoring. */
function withMonitoring(options: GivenOptions, pointer: string, remark: AddRemark): BondOptions {
	const { arpInterval: _, arpTargets: __, updelay, downdelay, miimon, ...rest } = options;
	const arp = arpOf(options, pointer, remark);
	if (arp) {
		if (updelay ?? downdelay) remark(pointer, "the delays need bond_miimon: dropped", updelay ?? downdelay);
		return { ...rest, further: withoutNeeding(rest.further, { arp }, pointer, remark), arp };
	}
	if (!miimon && !isMonitoredMode(options.mode)) {
		const reason = `no link monitoring, so the bond would not notice a dead member: ${DEFAULT_MIIMON} is used`;
		remark(`${pointer}/bond_miimon`, reason, miimon);
	}
	const interval = miimon || DEFAULT_MIIMON;
	return {
		...rest,
		further: withoutNeeding(rest.further, { miimon: interval }, pointer, remark),
		miimon: interval,
		...(updelay !== undefined && { updelay }),
		...(downdelay !== undefined && { downdelay }),
	};
}

/** Drops the options that need another monitoring than the bond has. The driver's default values are dropped without a remark. */
function withoutNeeding(
	further: FurtherOptions,
	{ arp, miimon }: Pick<BondOptions, "arp" | "miimon">,
	pointer: string,
	remark: AddRemark,
): FurtherOptions {
	const entries = Object.entries(further) as [BondOption, string][];
	const kept = entries.filter(([name, value]) => {
		const isDelay = name === "peer_notif_delay";
		const fits = isDelay ? miimon !== undefined && Number(value) % miimon === 0 : !name.startsWith("arp_") || arp;
		const need = isDelay ? "it must be a multiple of bond_miimon" : "there is no monitoring by ARP";
		if (!fits && value !== BOND_DEFAULTS[name]) remark(`${pointer}/bond_${name}`, `${need}: dropped`, value);
		return fits;
	});
	return Object.fromEntries(kept);
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
