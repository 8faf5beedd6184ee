/** A bare-metal instance that only Ironic knows, in the form of the facts of Neutron and Nova. */
import { GuestwireError } from "../errors.ts";
import { addressVersion, parseCidr } from "./addresses.ts";
import type { BareMetalNodeFacts } from "./bare-metal-facts.ts";
import { emptyFacts } from "./empty-facts.ts";
import type { InstanceFacts, NetworkFacts, PortFacts, SubnetFacts, TrunkFacts } from "./facts.ts";
import type { NodeAddress } from "./node-addresses.ts";
import { type NodeNetworkData, readNodeNetworkData } from "./node-network-data.ts";
import { completeHardware, type NodeHardware, type NodeNic, nicOfLink, nicsOfNode } from "./node-nics.ts";
import { nodeServer } from "./node-server.ts";
import { IRONIC_OWNER, SUBPORT_OWNER } from "./port-owner.ts";
import { switchSideOf } from "./switch-side.ts";

/** The instance on a node: the one that Ironic names or, without one, the node itself. Lower case. */
export function instanceIdOf({
	uuid,
	instance_uuid: instance,
}: Pick<BareMetalNodeFacts, "uuid" | "instance_uuid">): string {
	return (instance || uuid).toLowerCase();
}

/**
 * The facts of the instance on a node: its NICs, bonds and VLANs with the addresses of the node's `network_data`, and its
 * server.
 *
 * A document replaces the guest's own fallback, which is DHCP on whatever NIC is connected. A node without `network_data`
 * therefore has no ports unless there is a bond or a VLAN to describe; these NICs then get their addresses by DHCP.
 *
 * @throws GuestwireError `cloud-answer` if the node's `network_data` can't be read, or has an address on no NIC
 */
export function factsOfNode(node: BareMetalNodeFacts, given: NodeHardware): InstanceFacts {
	const id = instanceIdOf(node);
	const data = readNodeNetworkData(node);
	const hardware = completeHardware(node, given, data);
	const nics = nicsOfNode(hardware);
	const located = locateLinks(nics, data);
	const lost = data?.addresses.find((each) => !located.some(({ link }) => link.id === each.link));
	if (lost) throw notOnNic(node, lost.link);
	const memberless = located.find(({ link, nic }) => link.bond !== undefined && nic.group === undefined);
	if (memberless) throw withoutMembers(node, memberless.link.id);
	const wired = wire(nics, located, data);
	const isWorthDescribing = data !== undefined || wired.some(({ nic, vlan }) => nic.group || vlan);
	const wiring = isWorthDescribing ? wiringOf(id, wired) : {};
	return withNicOrder({
		...emptyFacts(id),
		...nodeServer(node, id),
		...wiring,
		bareMetalPorts: hardware.ports,
		portGroups: hardware.portGroups,
	});
}

/** The facts, with the order of their ports where Nova keeps it: in the addresses of the server. */
export function withNicOrder(facts: InstanceFacts): InstanceFacts {
	const { server, ports } = facts;
	if (server === undefined || Object.keys(server.addresses).length > 0) return facts;
	const addresses = ports.map(({ mac_address, fixed_ips }) => ({
		addr: fixed_ips[0]?.ip_address ?? "",
		"OS-EXT-IPS-MAC:mac_addr": mac_address,
	}));
	return addresses.length === 0 ? facts : { ...facts, server: { ...server, addresses: { nics: addresses } } };
}

/** A NIC, or a VLAN on it, with its addresses. */
interface Wired {
	readonly nic: NodeNic;
	readonly vlan?: { readonly id: number; readonly mac: string };
	readonly mtu?: number;
	readonly addresses: readonly NodeAddress[];
}

/** Each NIC, followed by its VLANs. The node's network data takes precedence over what the switch is set up for. */
function wire(nics: readonly NodeNic[], located: LocatedLinks, data: NodeNetworkData | undefined): Wired[] {
	const dns = data?.dnsServers ?? [];
	return nics.flatMap((nic): Wired[] => {
		const side = switchSideOf(nic.ports, nic.group);
		const own = located.filter((each) => each.nic === nic);
		const untagged = own.filter(({ vlan }) => vlan === undefined);
		const vlanIds = new Set(own.flatMap(({ vlan }) => vlan?.vlan?.id ?? []));
		for (const id of vlanIds.size === 0 ? side.taggedVlans : []) vlanIds.add(id);
		const mtu = untagged.find((each) => each.link.mtu)?.link.mtu ?? side.mtu ?? defaultMtuOf(nic);
		const addresses = addressesOn(untagged, data, dns);
		const needsDhcp = data === undefined && (nic.group !== undefined || side.taggedVlans.length > 0);
		return [
			{ nic, ...(mtu !== undefined && { mtu }), addresses: needsDhcp ? [byDhcp(nic.id)] : addresses },
			...Array.from(vlanIds, (id): Wired => {
				const links = own.filter(({ vlan }) => vlan?.vlan?.id === id);
				const [first] = links;
				const size = first?.link.mtu ?? mtu;
				const vlan = { id, mac: first?.link.mac ?? nic.mac };
				return { nic, vlan, ...(size !== undefined && { mtu: size }), addresses: addressesOn(links, data, dns) };
			}),
		];
	});
}

/** Without the address, a document would leave the guest with less than its own fallback. */
function notOnNic({ uuid }: BareMetalNodeFacts, link: string): GuestwireError {
	return new GuestwireError(
		"cloud-answer",
		`node ${uuid}: the network data has a network on link "${link}", which is not on any NIC: a VLAN needs the link of a NIC or bond as vlan_link, and a bond needs its members' links`,
	);
}

/** Its address is a NIC's: without this error, the guest would get that NIC in place of the bond. */
function withoutMembers({ uuid }: BareMetalNodeFacts, link: string): GuestwireError {
	return new GuestwireError(
		"cloud-answer",
		`node ${uuid}: the network data has a bond "${link}" without members: its bond_links must be the ids of other links`,
	);
}

/**
 * The kernel's own value for Ethernet. Ironic since 2025.2 replaces a config drive in which a link has no MTU (Launchpad
 * bug 2110322). InfiniBand has others; Ironic knows it by the client id.
 */
function defaultMtuOf({ ports }: NodeNic): number | undefined {
	return ports.some(({ extra }) => extra?.["client-id"]) ? undefined : 1500;
}

type LocatedLinks = ReturnType<typeof locateLinks>;

function locateLinks(nics: readonly NodeNic[], data: NodeNetworkData | undefined) {
	return [...(data?.links.values() ?? [])].flatMap((link) => {
		const found = data && nicOfLink(link, data, nics);
		return found ? [{ ...found, link }] : [];
	});
}

/**
 * The document's own servers are for each subnet of their family, or for all if there is none; its search domains are for
 * networks without their own.
 */
function addressesOn(links: LocatedLinks, data: NodeNetworkData | undefined, dns: readonly string[]): NodeAddress[] {
	const ids = new Set(links.map(({ link }) => link.id));
	const versions = new Set(data?.addresses.map(({ version }) => version));
	return (data?.addresses ?? [])
		.filter(({ link }) => ids.has(link))
		.map((each) => {
			const shared = dns.filter((it) => addressVersion(it) === each.version || !versions.has(addressVersion(it)));
			const search = each.searchDomains.length > 0 ? each.searchDomains : (data?.searchDomains ?? []);
			return { ...each, dnsServers: [...new Set([...each.dnsServers, ...shared])], searchDomains: search };
		});
}

function byDhcp(link: string): NodeAddress {
	return { link, version: 4, assigned: "dhcp", routes: [], dnsServers: [], searchDomains: [] };
}

function wiringOf(instanceId: string, wired: readonly Wired[]): Partial<InstanceFacts> {
	const parts = wired.map((each) => ({ ...each, ...portOf(each, instanceId) }));
	const trunks = Map.groupBy(
		parts.filter(({ vlan }) => vlan),
		({ nic }) => nic.id,
	);
	return {
		ports: parts.flatMap(({ vlan, port }) => (vlan ? [] : [port])),
		subports: parts.flatMap(({ vlan, port }) => (vlan ? [port] : [])),
		networks: parts.map(({ network }) => network),
		subnets: parts.flatMap(({ subnets }) => subnets),
		trunks: Array.from(trunks, ([nic, subports]): TrunkFacts => {
			const sub_ports = subports.map(({ port, vlan }) => ({
				port_id: port.id,
				segmentation_type: "vlan",
				segmentation_id: vlan?.id ?? null,
			}));
			return { id: `${nic}-vlans`, name: "", port_id: nic, sub_ports };
		}),
	};
}

function portOf({ nic, vlan, mtu, addresses }: Wired, instanceId: string) {
	const id = vlan ? `vlan${vlan.id}-${nic.id}` : nic.id;
	const subnets = new Map<string, SubnetFacts>();
	// Nobody wants an address twice.
	const fixed_ips = new Map<string, PortFacts["fixed_ips"][number]>();
	for (const each of addresses) {
		const cidr = cidrOf(each);
		const known = subnets.get(cidr);
		const subnet = known ? mergeSubnet(known, each) : subnetOf(each, cidr, `${id}-subnet${subnets.size}`, id);
		subnets.set(cidr, subnet);
		const ip_address = each.address ?? "";
		fixed_ips.set(`${subnet.id} ${ip_address}`, { subnet_id: subnet.id, ip_address });
	}
	const name = addresses.find((each) => each.name)?.name ?? "";
	const dns_search = [...new Set(addresses.flatMap(({ searchDomains }) => searchDomains))];
	const network: NetworkFacts = { id, name, tags: [], ...(mtu !== undefined && { mtu }) };
	const port: PortFacts = {
		...{ id, name: vlan ? "" : nic.name, network_id: id, mac_address: vlan?.mac ?? nic.mac },
		...{ device_id: vlan ? "" : instanceId, device_owner: vlan ? SUBPORT_OWNER : IRONIC_OWNER },
		...{ "binding:vnic_type": "baremetal", fixed_ips: [...fixed_ips.values()] },
		...{ security_groups: [], allowed_address_pairs: [], tags: [] },
		...(dns_search.length > 0 && { dns_search }),
	};
	return { port, network, subnets: [...subnets.values()] };
}

/** Of a subnet of which nothing is known but that a server gives out its addresses: everything. */
function cidrOf({ address, prefixLength, version }: NodeAddress): string {
	const cidr = address === undefined ? undefined : parseCidr(`${address}/${prefixLength}`);
	return cidr ? `${cidr.network}/${cidr.prefixLength}` : version === 4 ? "0.0.0.0/0" : "::/0";
}

function subnetOf(each: NodeAddress, cidr: string, id: string, network_id: string): SubnetFacts {
	const mode = each.version === 6 && { dhcp: "dhcpv6-stateful", slaac: "slaac", static: null }[each.assigned];
	return {
		...{ id, name: "", network_id, cidr, gateway_ip: each.gateway ?? null },
		enable_dhcp: each.assigned !== "static",
		...(mode && { ipv6_ra_mode: mode, ipv6_address_mode: mode }),
		dns_nameservers: [...each.dnsServers],
		host_routes: [...each.routes],
		tags: [],
	};
}

function mergeSubnet(subnet: SubnetFacts, each: NodeAddress): SubnetFacts {
	const routes = [...subnet.host_routes, ...each.routes];
	return {
		...subnet,
		gateway_ip: subnet.gateway_ip ?? each.gateway ?? null,
		dns_nameservers: [...new Set([...subnet.dns_nameservers, ...each.dnsServers])],
		host_routes: [...new Map(routes.map((route) => [`${route.destination} ${route.nexthop}`, route])).values()],
	};
}
