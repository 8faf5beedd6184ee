/** Assembles an instance from facts: the one place that knows how the APIs' records refer to each other. */
import { GuestwireError } from "../errors.ts";
import { addressVersion, canonicalAddress, canonicalMac } from "./addresses.ts";
import type { InstanceFacts, NetworkFacts, PortFacts, SecurityGroupFacts, SubnetFacts, TrunkFacts } from "./facts.ts";
import type { FixedIp, Instance, Port, PortPlace, SecurityGroup, Subport, Trunk } from "./instance.ts";
import { assembleNetwork, assembleSubnet } from "./network.ts";
import { novaReleaseOf } from "./nova-release.ts";
import { bareMetalOf, inPlaces, isRamdiskPort } from "./port-group.ts";
import { assembleServer } from "./server.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** The values of `binding:vif_type` of a port that is not plugged into the guest. */
const UNPLUGGED = new Set(["unbound", "binding_failed"]);

/** The facts by id, for looking up what a port refers to. */
interface Index {
	readonly facts: InstanceFacts;
	readonly networks: ReadonlyMap<string, NetworkFacts>;
	readonly subnets: ReadonlyMap<string, SubnetFacts>;
	readonly subports: ReadonlyMap<string, PortFacts>;
	readonly groups: ReadonlyMap<string, SecurityGroupFacts>;
}

/**
 * Assembles an `Instance` from its facts.
 *
 * @param facts their `ports` belong to the instance: what an API returns first has to pass `assembleOwned`
 * (source/ownership.ts)
 * @throws GuestwireError `cloud-answer` if the facts contradict each other: a port on an unknown network or subnet, an
 * invalid address. Nothing is guessed.
 */
export function assemble(facts: InstanceFacts): Instance {
	const index: Index = {
		facts,
		networks: byId(facts.networks),
		subnets: byId(facts.subnets),
		subports: byId(facts.subports),
		groups: byId(facts.securityGroups),
	};
	const [ramdisk, nics] = partition(facts.ports, isRamdiskPort(facts));
	return withoutUndefined<Instance>({
		id: facts.id,
		projectId: facts.projectId ?? facts.server?.tenant_id,
		ports: inNicOrder(nics, facts).map((port) => assembleNic(port, index)),
		nicAddresses: nicAddressesOf(facts),
		ramdiskPorts: ramdisk.length === 0 ? undefined : ramdisk.map(portPlace),
		server: facts.server && assembleServer(facts.server, facts),
		novaRelease: facts.novaMicroversion === undefined ? undefined : novaReleaseOf(facts.novaMicroversion),
	});
}

function nicAddressesOf({ bareMetalPorts }: InstanceFacts): string[] | undefined {
	const addresses = inPlaces(bareMetalPorts).flatMap(({ address }) => canonicalMac(address) ?? []);
	return addresses.length === 0 ? undefined : addresses;
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
	return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

function portPlace({ network_id, mac_address, fixed_ips }: PortFacts): PortPlace {
	const addresses = fixed_ips.map(({ ip_address }) => canonicalAddress(ip_address) ?? ip_address);
	return { networkId: network_id, macAddress: canonicalMac(mac_address) ?? mac_address, addresses };
}

function byId<T extends { readonly id: string }>(items: readonly T[]): Map<string, T> {
	return new Map(items.map((item) => [item.id, item]));
}

/**
 * NIC order: the order of MAC addresses in the server's `addresses` (the only place where Nova keeps the order of the
 * boot request), then by creation time, then by id. Ports without a creation time (a hand-written inventory) come last,
 * in the order given.
 */
function inNicOrder(ports: readonly PortFacts[], facts: InstanceFacts): PortFacts[] {
	const addresses = Object.values(facts.server?.addresses ?? {}).flat();
	const rank = new Map<string, number>();
	for (const { "OS-EXT-IPS-MAC:mac_addr": mac } of addresses) {
		const key = mac?.toLowerCase();
		if (key !== undefined && !rank.has(key)) rank.set(key, rank.size);
	}
	const rankOf = (port: PortFacts) => rank.get(port.mac_address.toLowerCase()) ?? rank.size;
	return ports.toSorted((a, b) => rankOf(a) - rankOf(b) || byCreation(a, b));
}

function byCreation(a: PortFacts, b: PortFacts): number {
	const [aTime, bTime] = [a.created_at, b.created_at];
	if (aTime === bTime) return aTime === undefined ? 0 : a.id < b.id ? -1 : 1;
	if (aTime === undefined || bTime === undefined) return aTime === undefined ? 1 : -1;
	return aTime < bTime ? -1 : 1;
}

/** A NIC, as opposed to a subport, can have a trunk, and Ironic can know it. */
function assembleNic(port: PortFacts, index: Index): Port {
	const nic = assemblePort(port, index);
	const trunk = trunkOf(port, index);
	return { ...nic, ...(trunk && { trunk }), ...bareMetalOf(port.id, nic.macAddress, index.facts) };
}

function assemblePort(port: PortFacts, index: Index): Port {
	const { facts } = index;
	const network = index.networks.get(port.network_id);
	if (!network) throw contradiction(`port ${port.id} is on network ${port.network_id}, which is missing`);
	const macAddress = canonicalMac(port.mac_address);
	if (!macAddress) throw contradiction(`port ${port.id} has the invalid MAC address "${port.mac_address}"`);
	const vifType = port["binding:vif_type"];
	return withoutUndefined<Port>({
		id: port.id,
		name: port.name,
		macAddress,
		plugged: vifType === undefined || !UNPLUGGED.has(vifType),
		vifType,
		vnicType: port["binding:vnic_type"],
		network: assembleNetwork(network),
		fixedIps: port.fixed_ips.map((fixedIp) => assembleFixedIp(port, fixedIp, index)),
		floatingIps: facts.floatingIps
			.filter((floating) => floating.port_id === port.id)
			.map((floating) =>
				withoutUndefined({
					id: floating.id,
					address: floating.floating_ip_address,
					fixedAddress: floating.fixed_ip_address ?? undefined,
					networkId: floating.floating_network_id,
				}),
			),
		securityGroups: port.security_groups.flatMap((id) => securityGroupOf(index.groups.get(id))),
		allowedAddressPairs: port.allowed_address_pairs,
		portSecurity: port.port_security_enabled,
		dnsName: port.dns_name || undefined,
		dnsDomain: port.dns_domain || undefined,
		searchDomains: port.dns_search,
		dnsAssignment: port.dns_assignment ?? [],
		description: port.description || undefined,
		tags: port.tags,
		deviceTag: facts.interfaceAttachments.find((attachment) => attachment.port_id === port.id)?.tag || undefined,
		vlanOfFunction: vlanOfFunction(port),
		trustedFunction: /^(true|1|t|yes|y|on)$/i.test(String(port["binding:profile"]?.trusted ?? "")) || undefined,
	});
}

/** The VLAN in the binding's details, which may be text there. */
export function vlanOfFunction(port: Pick<PortFacts, "binding:vif_details">): number | undefined {
	const vlan = Number(port["binding:vif_details"]?.vlan ?? 0);
	return Number.isInteger(vlan) && vlan > 0 && vlan < 4095 ? vlan : undefined;
}

function assembleFixedIp(port: PortFacts, facts: PortFacts["fixed_ips"][number], index: Index): FixedIp {
	const subnetFacts = index.subnets.get(facts.subnet_id);
	if (!subnetFacts) {
		throw contradiction(`port ${port.id} has an address on subnet ${facts.subnet_id}, which is missing`);
	}
	const subnet = assembleSubnet(subnetFacts, index.facts.dhcpPorts);
	if (facts.ip_address === "") return { subnet };
	const address = canonicalAddress(facts.ip_address);
	if (!address || addressVersion(address) !== subnet.version) {
		throw contradiction(
			`port ${port.id} has "${facts.ip_address}", not an IPv${subnet.version} address, on subnet ${subnet.id}`,
		);
	}
	return { address, subnet };
}

function trunkOf(port: PortFacts, index: Index): Trunk | undefined {
	const trunk = index.facts.trunks.find((candidate) => candidate.port_id === port.id);
	return trunk && { id: trunk.id, name: trunk.name, subports: subportsOf(trunk, index) };
}

/**
 * A trunk's subports in the trunk's order. A subport whose port is gone (removed while the facts were read) or whose VLAN
 * is unknown is left out: it carries no traffic. `inherit` takes the VLAN of the subport's network.
 */
function subportsOf(trunk: TrunkFacts, index: Index): Subport[] {
	return trunk.sub_ports.flatMap((subport) => {
		const port = index.subports.get(subport.port_id);
		const network = port && index.networks.get(port.network_id);
		const vlanId =
			subport.segmentation_type === "inherit" ? network?.["provider:segmentation_id"] : subport.segmentation_id;
		if (!port || !vlanId || vlanId < 1 || vlanId > 4094) return [];
		return [{ vlanId, port: assemblePort(port, index) }];
	});
}

function securityGroupOf(group: SecurityGroupFacts | undefined): SecurityGroup[] {
	if (!group) return [];
	const rules = group.security_group_rules.map((rule) =>
		withoutUndefined<SecurityGroup["rules"][number]>({
			direction: rule.direction,
			ethertype: rule.ethertype ?? undefined,
			protocol: rule.protocol?.toString(),
			portRangeMin: rule.port_range_min ?? undefined,
			portRangeMax: rule.port_range_max ?? undefined,
			remoteIpPrefix: rule.remote_ip_prefix ?? undefined,
			remoteGroupId: rule.remote_group_id ?? undefined,
			description: rule.description || undefined,
		}),
	);
	return [
		withoutUndefined<SecurityGroup>({
			id: group.id,
			name: group.name,
			description: group.description || undefined,
			stateful: group.stateful,
			rules,
		}),
	];
}

function contradiction(what: string): GuestwireError {
	return new GuestwireError("cloud-answer", `the facts contradict each other: ${what}; correct the source`);
}
