/** How several targets write the same thing. */
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

/** Sections of `key=value` lines; a section without lines is left out. */
export function ini(sections: readonly IniSection[]): string {
	return sections
		.filter(([, entries]) => entries.length > 0)
		.map(([name, entries]) => `[${name}]\n${entries.map(([key, value]) => `${key}=${value}\n`).join("")}`)
		.join("\n");
}

/**
 * YAML that a reader of version 1.1 takes as meant: text in quotes, or PyYAML would make a number of a MAC address of
 * digits.
 */
export function yaml(value: object): string {
	return stringify(value, { version: "1.1", defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });
}
