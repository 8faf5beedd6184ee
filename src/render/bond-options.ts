import type { BondLink } from "../documents/network-data.ts";
import { BOND_HASH_POLICIES, type BondMode, type BondOptions, type Warn } from "./plan.ts";

const LACP_RATES = ["slow", "fast"] as const;

/** The options that every target has a word for. Undefined: not a value of the option. */
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

/** The driver takes a value by its name or by its number, which is the place in the list. */
function oneOf(
	option: "lacpRate" | "hashPolicy",
	values: readonly string[],
	text: string,
): Partial<BondOptions> | undefined {
	const value = values.includes(text) ? text : values[/^\d$/.test(text) ? Number(text) : values.length];
	return value === undefined ? undefined : { [option]: value };
}

/**
 * A bond link's `bond_*` members as options of the bonding driver; what is no option that all targets have is left out
 * with a warning. Names and values: the kernel's Documentation/networking/bonding.rst.
 */
export function planBondOptions(link: BondLink, mode: BondMode, place: string, warn: Warn): BondOptions {
	let options: BondOptions = { mode };
	for (const [key, value] of Object.entries(link)) {
		if (!key.startsWith("bond_") || key === "bond_mode" || key === "bond_links") continue;
		// A key is the document's free text too.
		const at = /^[a-z0-9_]+$/.test(key) ? `${place}/${key}` : place;
		const parse = PARSERS[key];
		const parsed = parse?.(String(value));
		if (parse === undefined) warn(at, "an option of the bonding driver that is not carried: left out");
		else if (parsed === undefined) warn(at, "no value of this option: left out");
		else options = { ...options, ...parsed };
	}
	return withoutUseless(options, place, warn);
}

/** Drops what the driver refuses in this mode. */
function withoutUseless(options: BondOptions, place: string, warn: Warn): BondOptions {
	const { lacpRate, updelay, downdelay, ...rest } = options;
	const lacp = options.mode === "802.3ad";
	if (lacpRate !== undefined && !lacp) warn(`${place}/bond_lacp_rate`, "only mode 802.3ad has it: left out");
	const monitored = (options.miimon ?? 0) > 0;
	if (updelay !== undefined && !monitored) warn(`${place}/bond_updelay`, "needs a bond_miimon: left out");
	if (downdelay !== undefined && !monitored) warn(`${place}/bond_downdelay`, "needs a bond_miimon: left out");
	return {
		...rest,
		...(lacpRate !== undefined && lacp && { lacpRate }),
		...(updelay !== undefined && monitored && { updelay }),
		...(downdelay !== undefined && monitored && { downdelay }),
	};
}
