/**
 * The blueprint's own form, `metadata/network_data`: Neutron's view, with one entry per MAC address. The members in the
 * blueprint come first and are always present. The others appear only if the operator allows them.
 */
import type { FixedIp, Instance, Port, Subnet } from "../instance/instance.ts";

/** What the operator can expose in addition to the blueprint's members. */
export const EXPOSABLE = [
	"network",
	"provider",
	"subnet_modes",
	"dns",
	"allowed_address_pairs",
	"security_groups",
	"floating_ips",
	"trunk",
	"vnic_type",
	"port_security",
	"tags",
	"description",
] as const;
/** A part of the document that the operator can allow or withhold. */
export type Expose = (typeof EXPOSABLE)[number];

/** Builds the document: every plugged port, in NIC order. */
export function networkPorts(instance: Instance, expose: readonly Expose[]) {
	const allowed = new Set(expose);
	return { ports: instance.ports.filter((port) => port.plugged).map((port) => portEntry(port, allowed)) };
}

function portEntry(port: Port, allowed: ReadonlySet<Expose>): object {
	return {
		name: port.name,
		network_id: port.network.id,
		mac_address: port.macAddress,
		fixed_ips: port.fixedIps.map((fixedIp) => fixedIpEntry(fixedIp, allowed)),
		id: port.id,
		...extras(port, allowed),
	};
}

function fixedIpEntry({ address, subnet }: FixedIp, allowed: ReadonlySet<Expose>): object {
	return {
		"subnet-id": subnet.id,
		...(address !== undefined && { ip_address: address, cidr: subnet.cidr }),
		dns_nameservers: subnet.dnsServers,
		enable_dhcp: subnet.dhcp,
		gateway_ip: subnet.gateway ?? null,
		host_routes: subnet.hostRoutes,
		ip_version: subnet.version,
		...(allowed.has("subnet_modes") ? modes(subnet) : {}),
	};
}

function modes(subnet: Subnet): object {
	return { ipv6_address_mode: subnet.addressMode, ipv6_ra_mode: subnet.raMode };
}

function extras(port: Port, allowed: ReadonlySet<Expose>): object {
	const when = <T>(what: Expose, value: T | undefined) => (allowed.has(what) ? value : undefined);
	return {
		network: when("network", networkEntry(port, allowed)),
		dns_name: when("dns", port.dnsName),
		dns_domain: when("dns", port.dnsDomain),
		dns_assignment: when("dns", port.dnsAssignment),
		allowed_address_pairs: when("allowed_address_pairs", port.allowedAddressPairs),
		security_groups: when("security_groups", port.securityGroups.map(securityGroupEntry)),
		floating_ips: when(
			"floating_ips",
			port.floatingIps.map((floating) => ({
				id: floating.id,
				floating_ip_address: floating.address,
				fixed_ip_address: floating.fixedAddress,
				floating_network_id: floating.networkId,
			})),
		),
		trunk: when("trunk", port.trunk && trunkEntry(port.trunk, allowed)),
		vnic_type: when("vnic_type", port.vnicType),
		port_security_enabled: when("port_security", port.portSecurity),
		tags: when("tags", port.tags),
		description: when("description", port.description),
	};
}

function networkEntry({ network }: Port, allowed: ReadonlySet<Expose>): object {
	return {
		name: network.name,
		mtu: network.mtu,
		dns_domain: network.dnsDomain,
		tags: allowed.has("tags") ? network.tags : undefined,
		provider: allowed.has("provider") && network.provider ? providerEntry(network.provider) : undefined,
	};
}

function providerEntry(provider: NonNullable<Port["network"]["provider"]>): object {
	return {
		network_type: provider.type,
		physical_network: provider.physicalNetwork,
		segmentation_id: provider.segmentationId,
	};
}

function trunkEntry(trunk: NonNullable<Port["trunk"]>, allowed: ReadonlySet<Expose>): object {
	return {
		id: trunk.id,
		name: trunk.name,
		sub_ports: trunk.subports.map(({ vlanId, port }) => ({
			segmentation_type: "vlan",
			segmentation_id: vlanId,
			...portEntry(port, allowed),
		})),
	};
}

function securityGroupEntry(group: Port["securityGroups"][number]): object {
	return {
		id: group.id,
		name: group.name,
		description: group.description,
		stateful: group.stateful,
		rules: group.rules.map((rule) => ({
			direction: rule.direction,
			ethertype: rule.ethertype,
			protocol: rule.protocol,
			port_range_min: rule.portRangeMin,
			port_range_max: rule.portRangeMax,
			remote_ip_prefix: rule.remoteIpPrefix,
			remote_group_id: rule.remoteGroupId,
			description: rule.description,
		})),
	};
}
