/** What a bond's options mean to the driver: the common form in which a document and a client's files are compared. */
import { driverValue, optionsOf } from "../../src/check/bond-options.ts";
import { BOND_DEFAULTS, BOND_HASH_POLICIES, BOND_MODES, type BondOption } from "../../src/instance/bonding.ts";

import { type BondMeaning, defined } from "../render/meaning.ts";

/** The options of the document's bond that the plan leaves out, those with values of the driver. */
export function givenOptions(bond: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
	const given = (bond ? optionsOf({ pointer: "", raw: bond }) : []).flatMap(({ option, value }): [string, string][] => {
		const known = driverValue(option, value);
		return known === undefined || option.startsWith("arp_i") ? [] : [[option, known]];
	});
	return Object.fromEntries(given);
}

/** The kernel's defaults, its numbers by their names, and what counts in the mode. */
export function bondText(bond: BondMeaning | undefined, isSystemd: boolean, planned: BondMeaning | undefined): string {
	if (!bond) return "";
	// The driver ignores a mode that it does not have. systemd knows modes by name only.
	const numbered = isSystemd ? undefined : BOND_MODES[Number(bond.mode ?? 0)];
	const mode = numbered ?? BOND_MODES.find((known) => known === bond.mode) ?? BOND_MODES[0];
	const isLacp = mode === "802.3ad";
	const rate = bond.lacpRate === "1" || bond.lacpRate === "fast" ? "fast" : "slow";
	// netplan has no word for this policy.
	const policy = BOND_HASH_POLICIES.find((known) => known === bond.hashPolicy && known !== "vlan+srcmac");
	// The driver ignores a value that is not a number; systemd does not pass on 0.
	const isSent = Number.isInteger(bond.miimon) && (bond.miimon !== 0 || !isSystemd);
	const arp = [bond.arpInterval ?? 0, bond.arpTargets];
	const further = furtherOptions(bond, Object.keys(planned?.more ?? {}) as BondOption[], isSystemd);
	const monitoring = (isSent ? bond.miimon : undefined) ?? (isLacp ? 100 : 0);
	return JSON.stringify([mode, monitoring, isLacp && rate, policy ?? "layer2", arp, further]);
}

/** The options that differ from the driver's own values. Systemd knows no numbers for names, and has words for switches. */
function furtherOptions(bond: BondMeaning, options: readonly BondOption[], isSystemd: boolean) {
	const { updelay, downdelay, more = {} } = bond;
	const all: Readonly<Record<string, unknown>> = { ...defined({ updelay, downdelay }), ...more };
	return options.toSorted().map((option) => {
		const given = String(all[option]);
		const isWord = isSystemd && option === "all_slaves_active" && /^(true|on|yes|false|off|no)$/.test(given);
		const text = isWord ? String(Number(/^(true|on|yes)$/.test(given))) : given;
		const known = driverValue(option, text);
		const isPassedOn = Object.hasOwn(all, option) && (known === text || !isSystemd);
		return isPassedOn && known !== BOND_DEFAULTS[option] ? known : undefined;
	});
}
