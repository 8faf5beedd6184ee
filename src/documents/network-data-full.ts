/**
 * `network_data.json`, profile `full`: every address of every port, trunk subports as VLANs, and bare-metal bonds, in a
 * form that every known client accepts.
 */
import { isUnicast, netmask } from "../instance/addresses.ts";
import type { FixedIp, Instance, IpVersion, Subnet } from "../instance/instance.ts";
import { type DefaultRoute, type DefaultRoutes, type DefaultRouteTable, defaultRoutes } from "./default-routes.ts";
import { type BondSettings, DEFAULT_BONDS, linksOf } from "./full-links.ts";
import { keptHostRoutes, onLinkRoute, route } from "./host-routes.ts";
import { type Nic, nicsOf } from "./link-ids.ts";
import type { NetworkData, NetworkEntry, NetworkType, Service } from "./network-data.ts";
import { isStaticType } from "./network-description.ts";
import { createReach, type Reach } from "./reach.ts";
import { searchDomains } from "./search-domains.ts";

/** The options of `networkData`. Their defaults are those of `defaultSettings`. */
export interface NetworkDataOptions {
	/** Whether trunk subports become VLAN links. */
	readonly trunks?: boolean;
	readonly defaultRoutes?: DefaultRoutes;
	readonly bonds?: BondSettings;
}

/**
 * The document of an instance. Undefined if no NIC is plugged in: an empty document stops cloud-init's fallback to DHCP
 * (apache/cloudstack pull request 14020).
 */
export function networkData(instance: Instance, options: NetworkDataOptions = {}): NetworkData | undefined {
	const { trunks = true, defaultRoutes: policy = "first", bonds = DEFAULT_BONDS } = options;
	const nics = nicsOf(instance, trunks);
	if (nics.length === 0) return undefined;
	const routes = defaultRoutes(nics, policy);
	const search = searchDomains(nics);
	const networks = nics
		.flatMap((nic) => entriesOf(nic, routes, search.get(nic) ?? []))
		.map((entry, index) => ({ id: `network${index}`, ...entry }));
	return {
		links: linksOf(nics, bonds),
		networks,
		services: serversOf(...new Set(nics.flatMap(({ port }) => port.fixedIps.map(({ subnet }) => subnet)))),
	};
}

type Entry = Omit<NetworkEntry, "id">;

/** One address of a NIC and how the guest gets it. */
interface Assigned extends FixedIp {
	readonly type: NetworkType;
}

/**
 * A NIC's addresses, one entry each.
 *
 * DNS servers stand in every entry as `services` and `dns_nameservers`, and those of DHCP and SLAAC subnets also in the
 * first static entry. cloud-init before 23.2 reads no `services` of a network, and where a network has `dns_search` it
 * passes over the document's own; netplan's renderer in all versions reads the servers of static networks only.
 */
function entriesOf(nic: Nic, table: DefaultRouteTable, search: readonly string[]): Entry[] {
	const defaults = table.get(nic) ?? {};
	const addresses = inOrder(assign(nic.port.fixedIps), defaults);
	const holders = routeHolders(addresses);
	const reach = createReach(addresses);
	const firstStatic = addresses.find(isStatic);
	const automatic = addresses.filter((each) => !isStatic(each)).map(({ subnet }) => subnet);
	return addresses.map((each): Entry => {
		const { subnet } = each;
		const services = serversOf(subnet, ...(each === firstStatic ? automatic : []));
		return {
			type: each.type,
			link: nic.linkId,
			...(each.address !== undefined && {
				ip_address: each.address,
				netmask: netmask(subnet.version, subnet.prefixLength),
			}),
			...(holders.has(each) ? routesOf(each, defaults[subnet.version], reach) : { routes: [] }),
			network_id: nic.port.network.id,
			subnet_id: subnet.id,
			services,
			...(services.length > 0 && { dns_nameservers: services.map(({ address }) => address) }),
			...(search.length > 0 && { dns_search: [...search] }),
		};
	});
}

function isStatic({ type }: Assigned): boolean {
	return isStaticType(type);
}

/**
 * How each address gets to the guest. A link runs one DHCP client per family, so only the first address in a DHCP
 * subnet comes from it; a router advertisement makes one address per subnet. All others are static.
 */
function assign(fixedIps: readonly FixedIp[]): Assigned[] {
	const done = new Set<string>();
	const once = (what: string) => !done.has(what) && Boolean(done.add(what));
	const assigned = fixedIps.map(({ address, subnet }): Assigned => {
		const { version, addressMode } = subnet;
		const client = `dhcp${version}`;
		const isAutomatic = addressMode
			? once(addressMode === "dhcpv6-stateful" ? client : subnet.id)
			: subnet.dhcp && once(client);
		const automatic = addressMode ? (`ipv6_${addressMode}` as const) : (`ipv${version}_dhcp` as const);
		return { ...(address !== undefined && { address }), subnet, type: isAutomatic ? automatic : `ipv${version}` };
	});
	return stopsAdvertisements(assigned) ? assigned.map(withoutAdvertisements) : assigned;
}

/** Whether cloud-init turns router advertisements off: for a static IPv6 address, unless there is a DHCPv6 one too. */
function stopsAdvertisements(addresses: readonly Assigned[]): boolean {
	const types = addresses.map(({ type }) => type);
	return types.includes("ipv6") && !types.includes("ipv6_dhcp") && !types.includes("ipv6_dhcpv6-stateful");
}

/** The address is known, and so is its router: without advertisements it is set as it is. */
function withoutAdvertisements(assigned: Assigned): Assigned {
	const { type } = assigned;
	return type === "ipv6_slaac" || type === "ipv6_dhcpv6-stateless" ? { ...assigned, type: "ipv6" } : assigned;
}

/**
 * The order in which no client loses anything. cloudbase-init sets a NIC's networks one after the other, and each call
 * removes the gateway of the one before: the subnet with the default route comes last. A static IPv6 network makes
 * cloud-init turn router advertisements off, unless a DHCPv6 one comes after it.
 */
function inOrder(addresses: readonly Assigned[], defaults: Partial<Record<IpVersion, DefaultRoute>>): Assigned[] {
	const rank = ({ type, subnet }: Assigned) => {
		if (type.startsWith("ipv6_dhcp")) return 2;
		return defaults[subnet.version]?.subnet === subnet ? 1 : 0;
	};
	return addresses.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * The addresses whose entries have the routes of their subnet: the last in each subnet, for cloudbase-init again. An
 * address by DHCP or advertisements goes before the static ones, since its server hands out the routes.
 */
function routeHolders(addresses: readonly Assigned[]): Set<Assigned> {
	const holders = new Map<string, Assigned>();
	for (const each of addresses) {
		const holder = holders.get(each.subnet.id);
		if (holder === undefined || isStatic(holder)) holders.set(each.subnet.id, each);
	}
	return new Set(holders.values());
}

/**
 * The default route if this subnet has it, then the host routes. A DHCPv4 server hands out both itself (options 3 and
 * 121); DHCPv6 has no option for host routes, and its default route comes with router advertisements. A gateway that is not
 * on the link stands as the network's own `gateway`: cloud-init from 23.1 on then declares it on-link, which it does not do
 * for one in `routes`. Older ones need the route.
 */
function routesOf(
	{ subnet, type }: Assigned,
	defaultRoute: DefaultRoute | undefined,
	reach: Reach,
): Pick<Entry, "gateway" | "routes"> {
	if (type === "ipv4_dhcp") return { routes: [] };
	const hostRoutes = keptHostRoutes(subnet, reach);
	if (defaultRoute?.subnet !== subnet || (type === "ipv6_dhcp" && defaultRoute.gateway === subnet.gateway)) {
		return { routes: unique(hostRoutes) };
	}
	const { gateway } = defaultRoute;
	if ((type === "ipv4" || type === "ipv6") && !reach.isOnLink(gateway)) {
		return { gateway, routes: unique([onLinkRoute(gateway), ...hostRoutes]) };
	}
	return { routes: unique([route(subnet.version === 4 ? "0.0.0.0/0" : "::/0", gateway), ...hostRoutes]) };
}

/**
 * The DNS servers of subnets that packets can be sent to. Neutron stores any address, and an unspecified one to say that the
 * guest is to have no server (`is_dns_servers_any_address` in its DHCP agent).
 */
function serversOf(...subnets: readonly Subnet[]): Service[] {
	return servicesOf(...subnets).filter(({ address }) => isUnicast(address));
}

/** What subnets have as DNS servers. `services` contains nothing else: cloud-init takes every entry for a DNS server. */
export function servicesOf(...subnets: readonly Subnet[]): Service[] {
	return unique(subnets.flatMap(({ dnsServers }) => dnsServers.map((address): Service => ({ type: "dns", address }))));
}

/** Without repeats, in the order of first appearance; equal means the same members. */
export function unique<T extends object>(items: readonly T[]): T[] {
	const found = new Map<string, T>();
	for (const item of items) found.set(JSON.stringify(item), item);
	return [...found.values()];
}
