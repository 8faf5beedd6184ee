/** Where each value of an instance's `network_data.json` comes from: the cloud's resource and its member. */

import { isDefault } from "../../documents/default-routes.ts";
import { hostRouteFilter, route as routeOf } from "../../documents/host-routes.ts";
import { tapName } from "../../documents/link-ids.ts";
import {
	type DescribedLink,
	type DescribedNetwork,
	type DescribedRoute,
	isStaticType,
	type NetworkDescription,
} from "../../documents/network-description.ts";
import { createReach, type Reach } from "../../documents/reach.ts";
import { getOrInsert } from "../../get-or-insert.ts";
import { isHostAddress, isUnspecified } from "../../instance/addresses.ts";
import type { FixedIp, HostRoute, Instance, Port, PortGroup, Subnet } from "../../instance/instance.ts";

export interface Origin {
	/** JSON pointer into the document. */
	readonly pointer: string;
	readonly kind: "port" | "network" | "subnet" | "trunk" | "port group" | "bare-metal port" | "setting";
	/** The resource's id, or the setting's name. */
	readonly id: string;
	/** The resource's name; absent if it has none. */
	readonly name?: string;
	/** The resource's member, or what the setting does. */
	readonly member: string;
}

type Resource = Omit<Origin, "pointer" | "member">;

const reaches = new WeakMap<Port, Reach>();
const reachOf = (port: Port) => getOrInsert(reaches, port, ({ fixedIps }) => createReach(fixedIps));

/** @param document as made of the instance */
export function originsOf(instance: Pick<Instance, "ports">, document: NetworkDescription): Origin[] {
	const parents = new Map<string, Port>();
	const ports = new Map<string, Port>();
	for (const port of instance.ports) {
		ports.set(port.id, port);
		for (const subport of port.trunk?.subports ?? []) {
			ports.set(subport.port.id, subport.port);
			parents.set(subport.port.id, port);
		}
	}
	const portOfLink = new Map<string, Port>();
	for (const link of document.links) {
		const port = ports.get(link.vif_id ?? "");
		if (port !== undefined) portOfLink.set(link.id, port);
	}
	const origins = [
		...document.links.flatMap((link, at) => ofLink(link, `/links/${at}`, portOfLink.get(link.id), parents)),
		...document.links.flatMap((link, at) => ofMember(link, `/links/${at}`, document.links, portOfLink)),
		...document.networks.flatMap((entry, at) => ofNetwork(entry, `/networks/${at}`, portOfLink.get(entry.link))),
	];
	return origins.filter(({ kind, pointer }) => kind === "setting" || hasValue(document, pointer));
}

/** Profile `nova` lacks members of profile `full`. */
function hasValue(document: NetworkDescription, pointer: string): boolean {
	const names = pointer.split("/").slice(1);
	return names.reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], document) !== undefined;
}

function ofLink(
	link: DescribedLink,
	pointer: string,
	port: Port | undefined,
	parents: ReadonlyMap<string, Port>,
): Origin[] {
	if (port === undefined) return [];
	const own = named("port", port);
	const isTap = link.id === tapName(port);
	const idFrom = isTap ? "id: its first 11 characters" : "none: they would be too long for a bond, or not unique";
	const origins = [origin(`${pointer}/id`, own, idFrom), origin(`${pointer}/vif_id`, own, "id")];
	if (link.mtu !== undefined) {
		const isSame = port.network.mtu === link.mtu;
		const parent = parents.get(port.id);
		const member = isSame || parent === undefined ? "mtu" : "mtu: a VLAN's is never above its parent's";
		origins.push(origin(`${pointer}/mtu`, named("network", isSame ? port.network : (parent ?? port).network), member));
	}
	switch (link.type) {
		case "vlan": {
			const { trunk } = parents.get(port.id) ?? {};
			if (trunk !== undefined) {
				origins.push(origin(`${pointer}/type`, named("trunk", trunk), "sub_ports"));
				origins.push(origin(`${pointer}/vlan_id`, named("trunk", trunk), "sub_ports: segmentation_id"));
				origins.push(origin(`${pointer}/vlan_link`, named("trunk", trunk), "port_id"));
			}
			origins.push(origin(`${pointer}/vlan_mac_address`, own, "mac_address"));
			break;
		}
		case "bond":
			origins.push(origin(`${pointer}/ethernet_mac_address`, own, "mac_address"));
			if (port.portGroup !== undefined) origins.push(...ofBond(link, pointer, port.portGroup));
			break;
		default:
			origins.push(origin(`${pointer}/ethernet_mac_address`, own, "mac_address"));
			origins.push(origin(`${pointer}/type`, own, typeFrom(link.type, port)));
	}
	return origins;
}

function typeFrom(type: string, { vifType }: Port): string {
	if (vifType === type) return "binding:vif_type";
	return `binding:vif_type: ${vifType === undefined ? "not known" : `not every client accepts ${vifType}`}`;
}

/** A bond's options are members of the port group, some of them in several spellings. */
function ofBond(link: DescribedLink, pointer: string, { id, options }: PortGroup): Origin[] {
	const group: Resource = { kind: "port group", id };
	const memberOf = (name: string) => {
		const option = name.replaceAll("-", "_");
		if (name === "bond_links") return "its ports";
		if (option === "bond_mode") return "mode";
		const isSet = Object.hasOwn(options, option) && (option !== "bond_miimon" || Number(options[option]) !== 0);
		return `properties: ${option.slice("bond_".length)}${isSet ? "" : ", which is not set"}`;
	};
	return [
		origin(`${pointer}/type`, group, "its ports"),
		...Object.keys(link)
			.filter((name) => /^bond[-_]/.test(name))
			.map((name) => origin(`${pointer}/${name}`, group, memberOf(name))),
	];
}

/** A NIC of a bond. */
function ofMember(
	{ id }: DescribedLink,
	pointer: string,
	links: readonly DescribedLink[],
	portOfLink: ReadonlyMap<string, Port>,
): Origin[] {
	for (const bond of links) {
		const place = bond.type === "bond" ? (bond.bond_links as readonly string[]).indexOf(id) : -1;
		const port = portOfLink.get(bond.id);
		const member = port?.portGroup?.members[place];
		if (port === undefined || member === undefined) continue;
		const nic: Resource = { kind: "bare-metal port", id: member.id };
		return [
			origin(`${pointer}/id`, nic, "uuid"),
			origin(`${pointer}/type`, nic, "portgroup_uuid: its NICs are physical"),
			origin(`${pointer}/mtu`, named("network", port.network), "mtu"),
			origin(`${pointer}/ethernet_mac_address`, nic, "address"),
		];
	}
	return [];
}

function ofNetwork(entry: DescribedNetwork, pointer: string, port: Port | undefined): Origin[] {
	const fixedIp = port?.fixedIps.find(({ address }) => address === entry.ip_address) ?? fixedIpOn(port, entry);
	if (port === undefined || fixedIp === undefined) return [];
	const subnet = named("subnet", fixedIp.subnet);
	const how = fixedIp.subnet.addressMode === undefined ? "enable_dhcp" : "ipv6_address_mode";
	return [
		origin(`${pointer}/id`, named("port", port), "fixed_ips: numbered over all ports"),
		origin(`${pointer}/link`, named("port", port), "id: its link"),
		origin(`${pointer}/type`, subnet, how),
		origin(`${pointer}/ip_address`, named("port", port), "fixed_ips: ip_address"),
		origin(`${pointer}/netmask`, subnet, "cidr"),
		origin(`${pointer}/network_id`, named("network", port.network), "id"),
		origin(`${pointer}/subnet_id`, subnet, "id"),
		...ofRoutes(entry, pointer, port, fixedIp),
		...ofDns(entry, pointer, port, fixedIp.subnet),
	];
}

function ofRoutes(entry: DescribedNetwork, pointer: string, port: Port, fixedIp: FixedIp): Origin[] {
	const subnet = named("subnet", fixedIp.subnet);
	const origins: Origin[] = [];
	if (entry.gateway !== undefined) origins.push(origin(`${pointer}/gateway`, subnet, "gateway_ip, outside the subnet"));
	for (const [at, route] of (entry.routes ?? []).entries())
		origins.push(origin(`${pointer}/routes/${at}`, subnet, routeFrom(route, fixedIp.subnet, port)));
	for (const { destination, nexthop } of leftOut(entry, fixedIp.subnet, port)) {
		const why = reachOf(port).isOwn(nexthop)
			? "the port has that address itself"
			: isHostAddress(nexthop)
				? "only another route leads to that address"
				: "no router has that address";
		origins.push(
			origin(`${pointer}/routes`, subnet, `host_routes: ${destination} by ${nexthop} is left out, because ${why}`),
		);
	}
	if (isGatewayHidden(entry, fixedIp)) {
		const { gateway = "" } = fixedIp.subnet;
		const setting: Resource = { kind: "setting", id: "networkData.defaultRoutes" };
		const elsewhere = origin(`${pointer}/routes`, setting, `the default route by ${gateway} is on another link`);
		const isOwn = reachOf(port).isOwn(gateway);
		origins.push(isOwn ? origin(`${pointer}/routes`, subnet, `gateway_ip: ${gateway} is the port's own`) : elsewhere);
	} else if (entry.routes?.length === 0) {
		const isHandedOut = entry.type === "ipv4_dhcp";
		origins.push(origin(`${pointer}/routes`, subnet, isHandedOut ? "enable_dhcp: its server has them" : "host_routes"));
	}
	return origins;
}

function ofDns(entry: DescribedNetwork, pointer: string, port: Port, subnet: Subnet): Origin[] {
	const origins = dnsHolders(entry, port, subnet).flatMap((holder) => [
		origin(`${pointer}/services`, named("subnet", holder), "dns_nameservers"),
		origin(`${pointer}/dns_nameservers`, named("subnet", holder), "dns_nameservers"),
	]);
	if (entry.dns_search?.length) {
		const isOwn = (port.searchDomains ?? port.dnsDomain) !== undefined;
		const member = port.searchDomains === undefined ? "dns_domain" : "dns_search";
		const holder = isOwn ? named("port", port) : named("network", port.network);
		origins.push(origin(`${pointer}/dns_search`, holder, member));
	}
	return origins;
}

function routeFrom({ network, netmask, gateway }: DescribedRoute, subnet: Subnet, port: Port): string {
	const { hostRoutes } = subnet;
	if (isUnspecified(network) && isUnspecified(netmask)) {
		const isKept = hostRouteFilter(subnet, reachOf(port));
		return hostRoutes.some((asked) => isDefault(asked.destination) && isKept(asked)) ? "host_routes" : "gateway_ip";
	}
	const isNextHop = isUnspecified(gateway) && hostRoutes.some(({ nexthop }) => nexthop === network);
	return isNextHop ? "host_routes: a next hop outside the subnet" : "host_routes";
}

/** The host routes that profile `full` leaves out. Profile `nova` has them. */
function leftOut({ type, routes = [] }: DescribedNetwork, subnet: Subnet, port: Port): readonly HostRoute[] {
	if (type === "ipv4_dhcp") return [];
	const isKept = hostRouteFilter(subnet, reachOf(port));
	const written = new Set(routes.map(textOfRoute));
	const isWritten = ({ destination, nexthop }: HostRoute) => written.has(textOfRoute(routeOf(destination, nexthop)));
	return subnet.hostRoutes.filter((hostRoute) => !isKept(hostRoute) && !isWritten(hostRoute));
}

function textOfRoute({ network, netmask, gateway }: DescribedRoute): string {
	return `${network} ${netmask} ${gateway}`;
}

/** The subnets whose DNS servers an entry has: its own, and those of the port's DHCP and SLAAC subnets. */
function dnsHolders({ services = [] }: DescribedNetwork, port: Port, own: Subnet): Subnet[] {
	const borrowed = services.filter(({ address }) => !own.dnsServers.includes(address));
	const others = new Map(port.fixedIps.map(({ subnet }) => [subnet.id, subnet]));
	const holders = [...others.values()].filter(({ dnsServers }) =>
		borrowed.some(({ address }) => dnsServers.includes(address)),
	);
	return own.dnsServers.length > 0 || holders.length === 0 ? [own, ...holders] : holders;
}

function fixedIpOn(port: Port | undefined, { subnet_id: id }: DescribedNetwork): FixedIp | undefined {
	return port?.fixedIps.find(({ subnet }) => subnet.id === id);
}

/** Whether a static entry lacks its subnet's gateway, because the guest has its default route elsewhere. */
function isGatewayHidden({ type, gateway, routes = [] }: DescribedNetwork, { subnet }: FixedIp): boolean {
	return (
		isStaticType(type) &&
		subnet.gateway !== undefined &&
		gateway === undefined &&
		routes.every((route) => route.gateway !== subnet.gateway)
	);
}

function named(kind: Origin["kind"], { id, name }: { readonly id: string; readonly name?: string }): Resource {
	return { kind, id, ...(name !== undefined && name !== "" && name !== id && { name }) };
}

function origin(pointer: string, resource: Resource, member: string): Origin {
	return { pointer, ...resource, member };
}
