/** The checks that every text of a document must pass before it is written to a file. */
import ipaddr from "ipaddr.js";

export type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/** Parses an IPv4 address of four decimal parts, or an IPv6 address without a zone. Undefined for anything else. */
export function parseIp(text: unknown): Ip | undefined {
	if (typeof text !== "string") return undefined;
	if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
	return text.includes("%") || !ipaddr.IPv6.isValid(text) ? undefined : ipaddr.IPv6.parse(text);
}

export function versionOf(ip: Ip): 4 | 6 {
	return ip.kind() === "ipv4" ? 4 : 6;
}

/** The prefix length of a netmask (`255.255.255.0`, `ffff:ffff::`) of the given version; undefined if it is invalid. */
export function parseNetmask(text: unknown, version: 4 | 6): number | undefined {
	const mask = parseIp(text);
	if (mask === undefined || versionOf(mask) !== version) return undefined;
	return mask.prefixLengthFromSubnetMask() ?? undefined;
}

/** The address with all bits after the prefix cleared. */
export function networkOf(ip: Ip, prefixLength: number): Ip {
	const bytes = ip.toByteArray();
	for (let i = 0; i < bytes.length; i++) {
		const bits = Math.min(8, Math.max(0, prefixLength - 8 * i));
		bytes[i] = (bytes[i] ?? 0) & (0xff00 >> bits);
	}
	return ipaddr.fromByteArray(bytes);
}

/** Whether `ip` is in the network of `other`. */
export function isInNetwork(ip: Ip, other: Ip, prefixLength: number): boolean {
	return ip.kind() === other.kind() && ip.match(other, prefixLength);
}

/** A 6-byte MAC address in lower case with colons, or undefined. */
export function parseMac(text: unknown): string | undefined {
	const mac = typeof text === "string" ? text.toLowerCase() : "";
	return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : undefined;
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

/** Whether the kernel and every format accept it as an interface name. */
export function isInterfaceName(text: string): boolean {
	return /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(text);
}
