/** Text forms that several formats share. */
import { stringify } from "yaml";
import type { BondOptions, PlannedAddress, PlannedRoute } from "./plan.ts";

/** `10.0.0.5/24` */
export function cidr(address: PlannedAddress): string {
	return `${address.address}/${address.prefixLength}`;
}

/** `0.0.0.0/0` */
export function destination(route: PlannedRoute): string {
	return `${route.network}/${route.prefixLength}`;
}

export type IniEntry = readonly [key: string, value: string | number];
export type IniSection = readonly [name: string, entries: readonly IniEntry[]];

/** An entry, unless the value is absent. */
export function optional(key: string, value: string | number | undefined): IniEntry[] {
	return value === undefined ? [] : [[key, value]];
}

/**
 * The options of a bond but its primary member, by the bonding driver's names, in an order in which it takes them: the mode
 * first, and the delays after miimon.
 *
 * @param separator between several values
 */
export function bondOptions(options: BondOptions, separator: string): IniEntry[] {
	return [
		["mode", options.mode],
		...optional("miimon", options.miimon),
		...optional("arp_interval", options.arp?.interval),
		...optional("arp_ip_target", options.arp?.targets.join(separator)),
		...optional("updelay", options.updelay),
		...optional("downdelay", options.downdelay),
		...optional("lacp_rate", options.lacpRate),
		...optional("xmit_hash_policy", options.hashPolicy),
		...Object.entries(options.further),
	];
}

/** Sections of `key=value` lines. Empty sections are omitted. */
export function ini(sections: readonly IniSection[]): string {
	return sections
		.filter(([, entries]) => entries.length > 0)
		.map(([name, entries]) => `[${name}]\n${entries.map(([key, value]) => `${key}=${value}\n`).join("")}`)
		.join("\n");
}

/**
 * YAML that a parser of version 1.1 reads correctly. Text is quoted: PyYAML would read a MAC address of digits as a
 * number.
 */
export function yaml(value: object): string {
	return stringify(value, {
		version: "1.1",
		defaultStringType: "QUOTE_DOUBLE",
		defaultKeyType: "PLAIN",
		lineWidth: 0,
		aliasDuplicateObjects: false,
	});
}
