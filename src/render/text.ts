/** Text forms that several formats share. */
import { stringify } from "yaml";
import type { PlannedAddress, PlannedRoute } from "./plan.ts";

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
	return stringify(value, { version: "1.1", defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });
}
