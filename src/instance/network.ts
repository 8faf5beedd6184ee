/** Networks and subnets. Many instances share them, so each is assembled once for its facts. */
import { GuestwireError } from "../errors.ts";
import { getOrInsert } from "../get-or-insert.ts";
import { canonicalAddress, parseCidr } from "./addresses.ts";
import type { NetworkFacts, PortFacts, SubnetFacts } from "./facts.ts";
import type { HostRoute, Ipv6AddressMode, Network, Subnet } from "./instance.ts";
import { isDhcpPort } from "./port-owner.ts";
import { withoutUndefined } from "./without-undefined.ts";

const networks = new WeakMap<NetworkFacts, Network>();
const subnets = new WeakMap<SubnetFacts, Subnet>();

/** The `Network` of a network's facts: the same object for the same facts. */
export function assembleNetwork(facts: NetworkFacts): Network {
	return getOrInsert(networks, facts, makeNetwork);
}

function makeNetwork(facts: NetworkFacts): Network {
	const type = facts["provider:network_type"] ?? undefined;
	return withoutUndefined<Network>({
		id: facts.id,
		name: facts.name,
		mtu: facts.mtu || undefined,
		dnsDomain: facts.dns_domain || undefined,
		tags: facts.tags,
		provider:
			type === undefined
				? undefined
				: withoutUndefined({
						type,
						physicalNetwork: facts["provider:physical_network"] ?? undefined,
						segmentationId: facts["provider:segmentation_id"] ?? undefined,
					}),
	});
}

/**
 * The `Subnet` of a subnet's facts: the same object for the same facts and DHCP server.
 *
 * @throws GuestwireError `cloud-answer` for an invalid address or CIDR
 */
export function assembleSubnet(facts: SubnetFacts, dhcpPorts: readonly PortFacts[]): Subnet {
	const dhcpServer = dhcpServerOf(facts.id, dhcpPorts);
	const known = subnets.get(facts);
	if (known && known.dhcpServer === dhcpServer) return known;
	const cidr = parseCidr(facts.cidr) ?? fail(facts, "cidr", facts.cidr);
	const address = (member: string, text: string) => canonicalAddress(text) ?? fail(facts, member, text);
	const subnet = withoutUndefined<Subnet>({
		id: facts.id,
		name: facts.name,
		version: cidr.version,
		cidr: `${cidr.network}/${cidr.prefixLength}`,
		prefixLength: cidr.prefixLength,
		gateway: facts.gateway_ip ? address("gateway_ip", facts.gateway_ip) : undefined,
		dhcp: facts.enable_dhcp,
		dhcpServer,
		addressMode: mode(facts.ipv6_address_mode),
		raMode: mode(facts.ipv6_ra_mode),
		dnsServers: facts.dns_nameservers.map((server) => address("dns_nameservers", server)),
		hostRoutes: facts.host_routes.map((route) => hostRoute(facts, route)),
		tags: facts.tags,
	});
	subnets.set(facts, subnet);
	return subnet;
}

/** The address of the DHCP server's own port on the subnet. */
function dhcpServerOf(subnetId: string, ports: readonly PortFacts[]): string | undefined {
	return ports
		.filter(isDhcpPort)
		.flatMap((port) => port.fixed_ips)
		.find((fixedIp) => fixedIp.subnet_id === subnetId)?.ip_address;
}

function mode(text: string | null | undefined): Ipv6AddressMode | undefined {
	return text === "slaac" || text === "dhcpv6-stateful" || text === "dhcpv6-stateless" ? text : undefined;
}

function hostRoute(facts: SubnetFacts, route: SubnetFacts["host_routes"][number]): HostRoute {
	const cidr = parseCidr(route.destination) ?? fail(facts, "host_routes", route.destination);
	const nexthop = canonicalAddress(route.nexthop) ?? fail(facts, "host_routes", route.nexthop);
	return { destination: `${cidr.network}/${cidr.prefixLength}`, nexthop };
}

function fail(facts: SubnetFacts, member: string, value: string): never {
	throw new GuestwireError(
		"cloud-answer",
		`subnet ${facts.id} has the invalid ${member} "${value}": correct it in Neutron or the inventory`,
	);
}
