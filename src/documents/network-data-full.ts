/**
 * `network_data.json`, profile `full`: every address of every port, trunk subports as VLANs, bare-metal bonds, in the
 * shape that every known client takes.
 */
import { netmask, parseCidr } from "../instance/addresses.ts";
import type { FixedIp, Instance, Port, Subnet } from "../instance/instance.ts";
import {
	type DefaultRoute,
	type DefaultRoutes,
	type DefaultRouteTable,
	defaultRoutes,
	isDefault,
} from "./default-routes.ts";
import { type Nic, nicsOf } from "./link-ids.ts";
import {
	type BondLink,
	type Link,
	type NetworkData,
	type NetworkEntry,
	type NetworkType,
	PHYSICAL_TYPES,
	type PhysicalLink,
	type Route,
	type Service,
} from "./network-data.ts";

/** The options of `networkData`. */
export interface NetworkDataOptions {
	/** Whether trunk subports become VLAN links. */
	readonly trunks: boolean;
	readonly defaultRoutes: DefaultRoutes;
}

/**
 * What the guest is told. Undefined when no NIC is plugged: the document is then left out, since an empty one stops
 * cloud-init's own DHCP fallback (apache/cloudstack pull request 14020).
 */
export function networkData(instance: Instance, options: NetworkDataOptions): NetworkData | undefined {
	const nics = nicsOf(instance, options.trunks);
	if (nics.length === 0) return undefined;
	const routes = defaultRoutes(nics, options.defaultRoutes);
	const networks = nics
		.flatMap((nic) => entriesOf(nic, routes))
		.map((entry, index) => ({ id: `network${index}`, ...entry }));
	return {
		links: nics.flatMap(linksOf),
		networks,
		services: unique(networks.flatMap((entry) => entry.services ?? [])),
	};
}

function linksOf(nic: Nic): Link[] {
	const { port, vlan } = nic;
	const vif = { vif_id: port.id };
	const mtu = mtuOf(port);
	if (vlan) {
		const tag = { vlan_id: vlan.id, vlan_link: vlan.parentLinkId, vlan_mac_address: port.macAddress };
		return [{ id: nic.linkId, ...vif, type: "vlan", ...mtu, ...tag }];
	}
	if (port.portGroup) return bondLinks(nic, port.portGroup);
	return [{ id: nic.linkId, ...vif, type: physicalType(port), ...mtu, ethernet_mac_address: port.macAddress }];
}

/** The members first, so that what a link names is already known when it is read from the top. */
function bondLinks(nic: Nic, group: NonNullable<Port["portGroup"]>): Link[] {
	const members = group.members.map(
		(member, index): PhysicalLink => ({
			id: nic.memberLinkIds[index] ?? member.id,
			type: "phy",
			ethernet_mac_address: member.macAddress,
		}),
	);
	const bond = {
		id: nic.linkId,
		vif_id: nic.port.id,
		type: "bond",
		...mtuOf(nic.port),
		ethernet_mac_address: nic.port.macAddress,
		...group.options,
		bond_mode: group.mode,
		bond_links: [...nic.memberLinkIds],
	} as BondLink;
	return [...members, bond];
}

/** IPv4 needs 68 bytes at least (RFC 791); a smaller MTU is none. */
function mtuOf(port: Port): { mtu?: number } {
	const { mtu } = port.network;
	return mtu !== undefined && mtu >= 68 ? { mtu } : {};
}

function physicalType(port: Port): PhysicalLink["type"] {
	return PHYSICAL_TYPES.find((type) => type === port.vifType) ?? "phy";
}

type Entry = Omit<NetworkEntry, "id">;

/**
 * A NIC's addresses, one entry each.
 *
 * DNS servers stand in every entry as `services` and `dns_nameservers`, and those of DHCP and SLAAC subnets also in the
 * first static entry. cloud-init before 23.2 reads no `services` of a network, and where a network has `dns_search` it
 * passes over the document's own; netplan's renderer in all versions reads the servers of static networks only.
 */
function entriesOf(nic: Nic, table: DefaultRouteTable): Entry[] {
	const search = (nic.port.dnsDomain ?? nic.port.network.dnsDomain)?.replace(/\.$/, "");
	const types = networkTypes(nic.port.fixedIps);
	const routed = new Set<string>();
	const firstStatic = types.findIndex(isStatic);
	const entries = nic.port.fixedIps.map(({ address, subnet }, index): Entry => {
		const type = types[index] ?? `ipv${subnet.version}`;
		const services =
			index === firstStatic ? servicesOf(subnet, ...automaticSubnets(nic.port, types)) : servicesOf(subnet);
		const first = !routed.has(subnet.id);
		routed.add(subnet.id);
		return {
			type,
			link: nic.linkId,
			ip_address: address,
			netmask: netmask(subnet.version, subnet.prefixLength),
			routes: first ? routesOf(subnet, type, table.get(nic)?.[subnet.version]) : [],
			network_id: nic.port.network.id,
			subnet_id: subnet.id,
			services,
			...(services.length > 0 && { dns_nameservers: services.map((service) => service.address) }),
			...(search ? { dns_search: [search] } : {}),
		};
	});
	// A static IPv6 network makes cloud-init refuse router advertisements, unless a DHCPv6 one comes after it.
	return entries.toSorted((a, b) => Number(isDhcpv6(a.type)) - Number(isDhcpv6(b.type)));
}

function isStatic(type: NetworkType): boolean {
	return type === "ipv4" || type === "ipv6";
}

function isDhcpv6(type: NetworkType): boolean {
	return type.startsWith("ipv6_dhcp");
}

/** The subnets of a port's addresses that the guest gets by DHCP or router advertisements. */
function automaticSubnets(port: Port, types: readonly NetworkType[]): Subnet[] {
	return port.fixedIps.filter((_, index) => !isStatic(types[index] ?? "ipv4")).map(({ subnet }) => subnet);
}

/**
 * How each address gets to the guest. A link runs one DHCP client a family, so only the first address on a DHCP subnet
 * is the client's; a router advertisement makes one address a subnet. All others are static.
 */
function networkTypes(fixedIps: readonly FixedIp[]): NetworkType[] {
	const done = new Set<string>();
	const once = (what: string) => !done.has(what) && Boolean(done.add(what));
	return fixedIps.map(({ subnet }): NetworkType => {
		const { version, addressMode } = subnet;
		const client = `dhcp${version}`;
		if (version === 6 && addressMode) {
			return once(addressMode === "dhcpv6-stateful" ? client : subnet.id) ? `ipv6_${addressMode}` : "ipv6";
		}
		return subnet.dhcp && once(client) ? `ipv${version}_dhcp` : `ipv${version}`;
	});
}

/**
 * The default route where this subnet has it, then the host routes. A DHCPv4 server hands both out itself (options 3
 * and 121); DHCPv6 has no option for host routes, and its default route comes with the router's advertisements.
 */
function routesOf(subnet: Subnet, type: NetworkType, defaultRoute: DefaultRoute | undefined): Route[] {
	if (type === "ipv4_dhcp") return [];
	const routes: Route[] = [];
	if (defaultRoute?.subnet === subnet && !(type === "ipv6_dhcp" && defaultRoute.gateway === subnet.gateway)) {
		routes.push(route(subnet.version === 4 ? "0.0.0.0/0" : "::/0", defaultRoute.gateway));
	}
	for (const { destination, nexthop } of subnet.hostRoutes) {
		if (!isDefault(destination)) routes.push(route(destination, nexthop));
	}
	return unique(routes);
}

/** A route in the document's members, its destination as network and mask. */
export function route(destination: string, gateway: string): Route {
	const cidr = parseCidr(destination);
	if (!cidr) throw new TypeError(`"${destination}" is no CIDR`);
	return { network: cidr.network, netmask: netmask(cidr.version, cidr.prefixLength), gateway };
}

/** The DNS servers of subnets. `services` contains nothing else: cloud-init takes every entry for a DNS server. */
export function servicesOf(...subnets: readonly Subnet[]): Service[] {
	return unique(subnets.flatMap(({ dnsServers }) => dnsServers.map((address): Service => ({ type: "dns", address }))));
}

/** Without repeats, in the order of first appearance; equal means the same members. */
export function unique<T extends object>(items: readonly T[]): T[] {
	return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
