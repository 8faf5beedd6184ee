/** What makers of a `network_data.json` other than Nova write for the same things. */
import { anyAddress } from "./addresses.ts";
import type { IpVersion } from "./instance.ts";

type NetworkType = "ipv4" | "ipv4_dhcp" | "ipv6" | "ipv6_dhcp" | "ipv6_dhcpv6-stateful" | "ipv6_dhcpv6-stateless";

/** Other spellings of the types of networks: cloud-init's own, and glean's with underscores. */
export const OTHER_NETWORK_TYPES: ReadonlyMap<unknown, NetworkType> = new Map<unknown, NetworkType>([
	["static", "ipv4"],
	["static6", "ipv6"],
	["dhcp", "ipv4_dhcp"],
	["dhcp4", "ipv4_dhcp"],
	["dhcp6", "ipv6_dhcp"],
	["dhcpv6_stateful", "ipv6_dhcpv6-stateful"],
	["dhcpv6_stateless", "ipv6_dhcpv6-stateless"],
	["ipv6_dhcpv6_stateful", "ipv6_dhcpv6-stateful"],
	["ipv6_dhcpv6_stateless", "ipv6_dhcpv6-stateless"],
]);

/** Types of services whose `address` is a search domain. The `search` of any service is a list of them. */
export const SEARCH_TYPES: readonly unknown[] = ["dns-search", "dns_search", "search"];

/** The search domains in services, whatever types their values have. */
export function searchDomainsIn(
	services: readonly { readonly type?: unknown; readonly address?: unknown; readonly search?: unknown }[],
): string[] {
	return services.flatMap(({ type, address, search }) => [
		...(SEARCH_TYPES.includes(type) ? textsOf(address) : []),
		...textsOf(search),
	]);
}

/** A list of texts, or one text with spaces or commas between the items: cloud-init accepts a list and spaces. */
export function textsOf(list: unknown): readonly string[] {
	if (typeof list === "string") return list.split(/[\s,]+/).filter((text) => text !== "");
	return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

/** Without the guest's name of the link, as in `fe80::1%eth0`: the network's link says as much. */
export function withoutZone(address: string): string {
	return address.replace(/%.*$/s, "");
}

/** The word `default` as a destination, which cloud-init reads since 25.3, as an address. */
export function withoutDefaultWord<T>(destination: T, version: IpVersion | undefined): T | string {
	return destination === "default" && version !== undefined ? anyAddress(version) : destination;
}

/** The prefix length of an IPv6 address without a netmask: that of every subnet with hosts (RFC 7421). */
export const ASSUMED_IPV6_LENGTH = 64;
