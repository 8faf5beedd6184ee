/** The options of bonds that have no rules of their own. */
import { addressVersion, canonicalAddress } from "../instance/addresses.ts";
import { BOND_OPTIONS, type BondOption, bondOptionValue } from "../instance/bonding.ts";
import type { Entry } from "./document-view.ts";

const RULED: readonly BondOption[] = ["miimon", "xmit_hash_policy", "lacp_rate"];
const FURTHER = BOND_OPTIONS.filter((option) => !RULED.includes(option));

/** An option in a document. */
export interface GivenOption {
	/** Without `bond_`. */
	readonly option: BondOption;
	readonly pointer: string;
	readonly value: unknown;
}

/** The further options that a bond has under the driver's names. */
export function optionsOf({ pointer, raw }: Entry): GivenOption[] {
	return FURTHER.filter((option) => Object.hasOwn(raw, `bond_${option}`)).map((option) => ({
		option,
		pointer: `${pointer}/bond_${option}`,
		value: raw[`bond_${option}`],
	}));
}

/** A value as the driver has it; undefined if it has no such value. */
export function driverValue(option: BondOption, value: unknown): string | undefined {
	if (typeof value !== "string" && typeof value !== "number") return undefined;
	const text = String(value);
	if (option === "arp_ip_target")
		return text.split(/[,\s]+/).every(isIpv4) ? text.replaceAll(/[,\s]+/g, ",") : undefined;
	if (option === "primary" || option === "active_slave")
		return typeof value === "string" && text !== "" ? text : undefined;
	return bondOptionValue(option, text);
}

function isIpv4(text: string): boolean {
	const address = canonicalAddress(text);
	return address !== undefined && addressVersion(address) === 4;
}
