import type { DescribedBond } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import { BOND_HASH_POLICIES, type BondMode, type BondOptions } from "./plan.ts";

/** Options before link monitoring is added. */
type GivenOptions = Omit<BondOptions, "miimon"> & { readonly miimon?: number };

const LACP_RATES = ["slow", "fast"] as const;

/** The options that every format can express. A parser returns undefined for an invalid value. */
const PARSERS: Readonly<Record<string, (text: string) => Partial<BondOptions> | undefined>> = {
	bond_miimon: (text) => milliseconds("miimon", text),
	bond_updelay: (text) => milliseconds("updelay", text),
	bond_downdelay: (text) => milliseconds("downdelay", text),
	bond_lacp_rate: (text) => oneOf("lacpRate", LACP_RATES, text),
	bond_xmit_hash_policy: (text) => oneOf("hashPolicy", BOND_HASH_POLICIES, text),
};

function milliseconds(option: "miimon" | "updelay" | "downdelay", text: string): Partial<BondOptions> | undefined {
	return /^\d{1,9}$/.test(text) ? { [option]: Number(text) } : undefined;
}

/** The driver accepts a value by name or by number, which is its index in the list. */
function oneOf(
	option: "lacpRate" | "hashPolicy",
	values: readonly string[],
	text: string,
): Partial<BondOptions> | undefined {
	const value = values.includes(text) ? text : values[/^\d$/.test(text) ? Number(text) : values.length];
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

/** Milliseconds. The kernel's own value in the modes in which it turns monitoring on by itself. */
const DEFAULT_MIIMON = 100;

/** The other modes don't notice a dead member without it (kernel, bond_option_mode_set). */
const UNMONITORED_MODES: readonly BondMode[] = ["balance-rr", "active-backup", "balance-xor", "broadcast"];

/** Adds link monitoring to a bond without it, and drops an LACP rate that the driver rejects in this mode. */
function withMonitoring(options: GivenOptions, pointer: string, remark: AddRemark): BondOptions {
	const { lacpRate, ...rest } = options;
	const lacp = options.mode === "802.3ad";
	if (lacpRate !== undefined && !lacp)
		remark(`${pointer}/bond_lacp_rate`, "only mode 802.3ad has it: dropped", lacpRate);
	if (!options.miimon && UNMONITORED_MODES.includes(options.mode)) {
		const reason = `no link monitoring, so the bond would not notice a dead member: ${DEFAULT_MIIMON} is used`;
		remark(`${pointer}/bond_miimon`, reason, options.miimon);
	}
	return { ...rest, miimon: options.miimon || DEFAULT_MIIMON, ...(lacpRate !== undefined && lacp && { lacpRate }) };
}
