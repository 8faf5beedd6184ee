/** The checks that every text of a document must pass before it is written to a file. */
import {
	addressVersion,
	type Cidr,
	canonicalAddress,
	isEthernetMac,
	maskLength,
	parseCidr,
} from "../instance/addresses.ts";

/** An address as canonical text; undefined for anything else. */
export function parseAddress(text: unknown): string | undefined {
	return typeof text === "string" ? canonicalAddress(text) : undefined;
}

/** The network of an address and a netmask (`255.255.255.0`, `ffff:ffff::`); undefined if either is invalid. */
export function parseNetwork(address: unknown, netmask: unknown): Cidr | undefined {
	const known = parseAddress(address);
	if (known === undefined || typeof netmask !== "string") return undefined;
	const length = maskLength(addressVersion(known), netmask);
	return length === undefined ? undefined : parseCidr(`${known}/${length}`);
}

/** A MAC address of six bytes in lower case with colons; undefined for anything else. */
export function parseMac(text: unknown): string | undefined {
	return isEthernetMac(text) ? text.toLowerCase() : undefined;
}

/**
 * A domain name in lower case, without a trailing dot; undefined if it is invalid. Only letters, digits, hyphens and
 * underscores, which every resolver accepts.
 */
export function parseDomain(text: unknown): string | undefined {
	if (typeof text !== "string" || text.length > 254) return undefined;
	const name = text.toLowerCase().replace(/\.$/, "");
	const label = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";
	return new RegExp(`^${label}(\\.${label})*$`).test(name) && name.length <= 253 ? name : undefined;
}

/** Whether the kernel and every format accept it as the name of an interface; `lo` is there already. */
export function isInterfaceName(text: string): boolean {
	return /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(text) && text !== "lo";
}
