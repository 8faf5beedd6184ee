/** Addresses and masks in the forms that any maker writes and some client takes. */
import ipaddr from "ipaddr.js";
import { addressVersion, type Cidr, canonicalAddress, parseCidr } from "../instance/addresses.ts";
import type { IpVersion } from "../instance/instance.ts";
import { isBlank, type JsonObject, member } from "./json.ts";

/** An address as `ip_address` or a route's `network` holds it. */
export interface Address {
	/** Canonical text. */
	readonly address: string;
	readonly version: IpVersion;
	/** Behind a slash. */
	readonly ownPrefix?: number;
}

// Far beyond the longest text of an address and a mask; longer ones are not worth a regular expression's time.
const LONGEST_ADDRESS = 100;

/** `10.0.0.5`, `10.0.0.5/24` or `10.0.0.5/255.255.255.0`, likewise IPv6; undefined for anything else. */
export function parseAddress(value: unknown): Address | undefined {
	if (typeof value !== "string" || value.length > LONGEST_ADDRESS) return undefined;
	const [text = "", mask, ...more] = value.split("/");
	const address = canonicalAddress(text);
	if (address === undefined || more.length > 0) return undefined;
	const version = addressVersion(address);
	if (mask === undefined) return { address, version };
	const ownPrefix = parseMask(mask, version);
	return ownPrefix === undefined ? undefined : { address, version, ownPrefix };
}

/** Bits of a mask: dotted or full hexadecimal, or the number of bits as number or text. Undefined for no such mask. */
export function parseMask(value: unknown, version: IpVersion): number | undefined {
	if (isBits(value)) return Number(value) <= (version === 4 ? 32 : 128) ? Number(value) : undefined;
	if (typeof value !== "string" || value.length > LONGEST_ADDRESS) return undefined;
	const mask = canonicalAddress(value);
	if (mask === undefined || addressVersion(mask) !== version) return undefined;
	return ipaddr.parse(mask).prefixLengthFromSubnetMask() ?? undefined;
}

/** Whether a mask is written as a number of bits, as number or text. */
export function isBits(value: unknown): boolean {
	return typeof value === "number" ? Number.isInteger(value) && value >= 0 : /^\d{1,3}$/.test(textOf(value));
}

/**
 * The network that an entry's address or a route's destination names: by the prefix behind the address, else by
 * `netmask`. Undefined where either is missing or wrong.
 */
export function networkOf(address: Address | undefined, entry: JsonObject): Cidr | undefined {
	if (!address) return undefined;
	const netmask = member(entry, "netmask");
	const bits = address.ownPrefix ?? (isBlank(netmask) ? undefined : parseMask(netmask, address.version));
	return bits === undefined ? undefined : parseCidr(`${address.address}/${bits}`);
}

function textOf(value: unknown): string {
	return typeof value === "string" ? value : "";
}

/** Six octets, or InfiniBand's twenty, as pairs with colons: the only form that every client finds a NIC by. */
export function isMac(value: unknown): boolean {
	return /^([0-9a-f]{2}:){5}([0-9a-f]{2}|([0-9a-f]{2}:){14}[0-9a-f]{2})$/i.test(
		textOf(value).slice(0, LONGEST_ADDRESS),
	);
}
