import type { BondLink } from "../documents/network-data.ts";
import { type AddRemark, BOND_HASH_POLICIES, type BondMode, type BondOptions } from "./plan.ts";

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
export function planBondOptions(link: BondLink, mode: BondMode, pointer: string, remark: AddRemark): BondOptions {
	let options: BondOptions = { mode };
	for (const [key, value] of Object.entries(link)) {
		if (!key.startsWith("bond_") || key === "bond_mode" || key === "bond_links") continue;
		// The key, too, is free text of the document.
		const at = /^[a-z0-9_]+$/.test(key) ? `${pointer}/${key}` : pointer;
		const parse = PARSERS[key];
		const parsed = parse?.(String(value));
		if (parse === undefined) remark(at, "no format carries this option: dropped");
		else if (parsed === undefined) remark(at, "not a value of this option: dropped");
		else options = { ...options, ...parsed };
	}
	return withoutRejected(options, pointer, remark);
}

/** Drops what the driver rejects in this mode. */
function withoutRejected(options: BondOptions, pointer: string, remark: AddRemark): BondOptions {
	const { lacpRate, updelay, downdelay, ...rest } = options;
	const lacp = options.mode === "802.3ad";
	if (lacpRate !== undefined && !lacp) remark(`${pointer}/bond_lacp_rate`, "only mode 802.3ad has it: dropped");
	const monitored = (options.miimon ?? 0) > 0;
	if (updelay !== undefined && !monitored)
		remark(`${pointer}/bond_updelay`, "has no effect without bond_miimon: dropped");
	if (downdelay !== undefined && !monitored)
		remark(`${pointer}/bond_downdelay`, "has no effect without bond_miimon: dropped");
	return {
		...rest,
		...(lacpRate !== undefined && lacp && { lacpRate }),
		...(updelay !== undefined && monitored && { updelay }),
		...(downdelay !== undefined && monitored && { downdelay }),
	};
}
