/** What a format lacks of a bond's options. */
import type { Remark } from "../documents/reading.ts";
import type { BondOption } from "../instance/bonding.ts";
import type { BondOptions, PlannedBond, PlannedInterface } from "./plan.ts";

/**
 * The options of a bond that a format has, with a remark on each of the others.
 *
 * @param format the program that reads it, for the remarks
 * @param has whether it has an option with this value
 */
export function optionsFor(
	{ options, pointer }: PlannedBond,
	format: string,
	has: (option: BondOption, value: string) => boolean,
	remarks: Remark[],
): BondOptions {
	const { hashPolicy, ...rest } = options;
	const isKept = (option: BondOption, value: string) => {
		const kept = has(option, value);
		if (!kept) remarks.push(lacking(pointer, option, value, `${format} does not support it: dropped`));
		return kept;
	};
	const further = Object.entries(options.further) as [BondOption, string][];
	return {
		...rest,
		...(hashPolicy !== undefined && isKept("xmit_hash_policy", hashPolicy) && { hashPolicy }),
		further: Object.fromEntries(further.filter(([option, value]) => isKept(option, value))),
	};
}

/** The MAC address that an interface is given: a bond may have that of its active member, and nmstate then refuses another. */
export function givenMac(one: PlannedInterface): string | undefined {
	const isMembers =
		one.kind === "bond" && one.options.mode === "active-backup" && one.options.further.fail_over_mac === "active";
	return isMembers ? undefined : one.macAddress;
}

/** The name of the primary member, for formats that need the real one. */
export function realPrimary({ options, pointer }: PlannedBond, format: string, remarks: Remark[]): string | undefined {
	const { primary } = options;
	if (primary === undefined || primary.nameKnown) return primary?.name;
	const reason = `${format} needs the real name of the NIC, and it is unknown: dropped; give the name`;
	remarks.push(lacking(pointer, "primary", primary.name, reason));
	return undefined;
}

function lacking(pointer: string, option: BondOption, value: string, reason: string): Remark {
	return { pointer: `${pointer}/bond_${option}`, reason, value: JSON.stringify(value) };
}
