/** Canonical text of addresses. ipaddr.js does all parsing; facts contain no zones and no IPv4-mapped forms. */
import ipaddr from "ipaddr.js";
import type { IpVersion } from "./instance.ts";

/** A parsed CIDR, its host bits cleared. */
export interface Cidr {
	readonly version: IpVersion;
	readonly network: string;
	readonly prefixLength: number;
}

/** IPv4 dotted, IPv6 as in RFC 5952; undefined if the text is not a plain address. */
export function canonicalAddress(text: string): string | undefined {
	if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString();
	if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
	return ipaddr.IPv6.parse(text).toRFC5952String();
}

export function addressVersion(canonical: string): IpVersion {
	return canonical.includes(":") ? 6 : 4;
}

/** `10.2.0.7/16` → 10.2.0.0 and 16; undefined if the text is not a CIDR. */
export function parseCidr(text: string): Cidr | undefined {
	const slash = text.indexOf("/");
	const address = canonicalAddress(text.slice(0, Math.max(slash, 0)));
	const bits = text.slice(slash + 1);
	if (address === undefined || !/^\d{1,3}$/.test(bits)) return undefined;
	const version = addressVersion(address);
	const prefixLength = Number(bits);
	const longest = version === 4 ? 32 : 128;
	if (prefixLength > longest) return undefined;
	if (prefixLength === longest) return { version, network: address, prefixLength };
	const kind = version === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
	const network = canonicalAddress(kind.networkAddressFromCIDR(`${address}/${prefixLength}`).toString());
	return network === undefined ? undefined : { version, network, prefixLength };
}

/** A CIDR of facts, whose text is canonical and has no host bits: much faster than `parseCidr`. */
export function splitCidr(canonical: string): Cidr {
	const slash = canonical.indexOf("/");
	const network = canonical.slice(0, slash);
	return { version: addressVersion(network), network, prefixLength: Number(canonical.slice(slash + 1)) };
}

/** Whether a canonical address lies inside a parsed CIDR. */
export function cidrContains(cidr: Cidr, address: string): boolean {
	if (addressVersion(address) !== cidr.version) return false;
	return parseCidr(`${address}/${cidr.prefixLength}`)?.network === cidr.network;
}

/** Whether a canonical address is an IPv6 link-local one (fe80::/10). */
export function isLinkLocal(address: string): boolean {
	return /^fe[89ab][0-9a-f]:/.test(address);
}

/** Whether a canonical address is `0.0.0.0` or `::`. As the gateway of a route it says that there is none: RFC 3442. */
export function isUnspecified(address: string): boolean {
	return address === "0.0.0.0" || address === "::";
}

/** The address of no host, and of the destination of a default route. */
export function anyAddress(version: IpVersion): string {
	return version === 4 ? "0.0.0.0" : "::";
}

/** By an IPv4 address's first byte, which shows all that matters here, except whether it is the broadcast address. */
const IPV4_RANGES: string[] = [];

function rangeOf(address: string): string {
	if (address.includes(":") || address === "255.255.255.255") return ipaddr.parse(address).range();
	const byte = Number.parseInt(address, 10);
	IPV4_RANGES[byte] ??= ipaddr.parse(`${byte}.0.0.1`).range();
	return IPV4_RANGES[byte];
}

const OF_NO_HOST = ["unspecified", "multicast", "broadcast"];
const OF_NO_OTHER_HOST = [...OF_NO_HOST, "loopback", "ipv4Mapped"];

/** Whether packets to the canonical address go to one host: it is not unspecified, multicast or broadcast. */
export function isUnicast(address: string): boolean {
	return !OF_NO_HOST.includes(rangeOf(address));
}

/** Whether a host can have the canonical address: not unspecified, multicast, broadcast, loopback or IPv4-mapped. */
export function isHostAddress(address: string): boolean {
	return !OF_NO_OTHER_HOST.includes(rangeOf(address));
}

/** A prefix length as a mask: dotted for IPv4, full hexadecimal for IPv6 (`ffff:ffff:ffff:ffff::`). */
export function netmask(version: IpVersion, prefixLength: number): string {
	const known = NETMASKS[version][prefixLength];
	if (known === undefined) throw new RangeError(`${prefixLength} is not the length of an IPv${version} prefix`);
	return known;
}

const NETMASKS: Readonly<Record<IpVersion, readonly string[]>> = {
	4: Array.from({ length: 33 }, (_, length) => ipaddr.IPv4.subnetMaskFromPrefixLength(length).toString()),
	6: Array.from({ length: 129 }, (_, length) => ipaddr.IPv6.subnetMaskFromPrefixLength(length).toRFC5952String()),
};

/** The length of a prefix, from `24`, `255.255.255.0` or `ffff:ffff::`; undefined for any other text. */
export function prefixLengthOf(version: IpVersion, text: string): number | undefined {
	if (!/^\d{1,3}$/.test(text)) return maskLength(version, text);
	return Number(text) <= (version === 4 ? 32 : 128) ? Number(text) : undefined;
}

/** The length of a mask, from `255.255.255.0` or `ffff:ffff::`; undefined for any other text. */
export function maskLength(version: IpVersion, text: string): number | undefined {
	const mask = canonicalAddress(text);
	if (mask === undefined || addressVersion(mask) !== version) return undefined;
	return ipaddr.parse(mask).prefixLengthFromSubnetMask() ?? undefined;
}

/** A canonical MAC address: six bytes (Ethernet) or twenty (InfiniBand), as lower-case pairs with colons. */
export const MAC_PATTERN = "^([0-9a-f]{2}:){5}([0-9a-f]{2}|([0-9a-f]{2}:){14}[0-9a-f]{2})$";
const CANONICAL_MAC = new RegExp(MAC_PATTERN);

/** The MAC address as in `MAC_PATTERN`. Dashes are accepted in place of colons. Undefined for any other text. */
export function canonicalMac(text: string): string | undefined {
	const mac = text.toLowerCase().replaceAll("-", ":");
	return CANONICAL_MAC.test(mac) ? mac : undefined;
}

/** Whether it is a MAC address of six bytes, as pairs with colons, in either case. */
export function isEthernetMac(value: unknown): value is string {
	return typeof value === "string" && value.length === 17 && !value.includes("-") && canonicalMac(value) !== undefined;
}

/**
 * Whether a NIC can have the MAC address (six bytes, canonical): it is not a group address, and not zero
 * (`is_valid_ether_addr` in the kernel's etherdevice.h).
 */
export function isNicMac(mac: string): boolean {
	return Number.parseInt(mac.slice(0, 2), 16) % 2 === 0 && mac !== "00:00:00:00:00:00";
}

/** The MAC address in an EUI-64 interface identifier; undefined if the address contains none (no `ff:fe`). */
export function eui64Mac(address: string): string | undefined {
	if (!ipaddr.IPv6.isValid(address)) return undefined;
	const bytes = ipaddr.IPv6.parse(address).toByteArray().slice(8);
	if (bytes[3] !== 0xff || bytes[4] !== 0xfe) return undefined;
	const mac = [(bytes[0] ?? 0) ^ 2, ...bytes.slice(1, 3), ...bytes.slice(5)];
	return mac.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
