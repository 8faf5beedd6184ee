/** The types of networks. */
import type { NetworkTypeSupport } from "./client.ts";

/** Every network type that Nova emits. */
export const NOVA_NETWORK_TYPES = [
	"ipv4",
	"ipv4_dhcp",
	"ipv6",
	"ipv6_dhcp",
	"ipv6_slaac",
	"ipv6_dhcpv6-stateful",
	"ipv6_dhcpv6-stateless",
] as const;

/** Support for these types in every version and with every renderer. */
export function supportFor(...types: readonly string[]): Record<string, readonly NetworkTypeSupport[]> {
	return Object.fromEntries(types.map((type) => [type, [{}]]));
}
