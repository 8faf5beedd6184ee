/** Addresses and masks, in every form that some producer writes and some client accepts. */
import ipaddr from "ipaddr.js";
import {
	addressVersion,
	type Cidr,
	canonicalAddress,
	canonicalMac,
	parseCidr,
	prefixLengthOf,
} from "../instance/addresses.ts";
import type { IpVersion } from "../instance/instance.ts";
import { isBlank, type JsonObject, member } from "./json.ts";

/** An address as in `ip_address`, or in a route's `network`. */
export interface Address {
	/** Canonical text. */
	readonly address: string;
	readonly version: IpVersion;
	/** The prefix length after the slash, if there is one. */
	readonly ownPrefix?: number;
}

// Far longer than any address with a mask; anything longer is not worth a regular expression.
const LONGEST_ADDRESS = 100;

/** `10.0.0.5`, `10.0.0.5/24` or `10.0.0.5/255.255.255.0`, and the same for IPv6; undefined for anything else. */
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

/** The prefix length of a mask: dotted, full hexadecimal, or a number of bits as number or text. Undefined if invalid. */
export function parseMask(value: unknown, version: IpVersion): number | undefined {
	const text = typeof value === "number" && isBits(value) ? String(value) : textOf(value);
	return text.length > LONGEST_ADDRESS ? undefined : prefixLengthOf(version, text);
}

/** Whether a mask is written as a number of bits, as number or text. */
export function isBits(value: unknown): boolean {
	return typeof value === "number" ? Number.isInteger(value) && value >= 0 : /^\d{1,3}$/.test(textOf(value));
}

/**
 * The network of an entry's address or of a route's destination: by the prefix after the address, otherwise by
 * `netmask`. Undefined if either is missing or invalid.
 */
export function networkOf(address: Address | undefined, entry: JsonObject): Cidr | undefined {
	if (!address) return undefined;
	const netmask = member(entry, "netmask");
	const bits = address.ownPrefix ?? (isBlank(netmask) ? undefined : parseMask(netmask, address.version));
	return bits === undefined ? undefined : parseCidr(`${address.address}/${bits}`);
}

/** The broadcast address of an IPv4 subnet; undefined for a /31 or /32, and for IPv6, which have none. */
export function broadcastOf({ network, prefixLength, version }: Cidr): string | undefined {
	if (version === 6 || prefixLength > 30) return undefined;
	return ipaddr.IPv4.broadcastAddressFromCIDR(`${network}/${prefixLength}`).toString();
}

const SPECIAL: Readonly<Record<string, string>> = {
	unspecified: "the unspecified address",
	broadcast: "the broadcast address",
	multicast: "a multicast address",
};

/** What an address is for, if it is never a host's, not even the guest's own; undefined for any other. */
export function specialUseOf(address: string): string | undefined {
	return SPECIAL[ipaddr.parse(address).range()];
}

function textOf(value: unknown): string {
	return typeof value === "string" ? value : "";
}

/** Whether it is a MAC address of six bytes, or InfiniBand's of twenty, as pairs with colons: the form in the guest. */
export function isMac(value: unknown): boolean {
	const text = textOf(value);
	return !text.includes("-") && canonicalMac(text) !== undefined;
}
