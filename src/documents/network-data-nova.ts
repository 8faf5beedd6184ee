/**
 * `network_data.json`, profile `nova`: what nova-api-metadata serves for the same instance, member by member and with all
 * limits (nova/virt/netutils.py, `get_network_metadata`). It is for clouds that must not change yet, and proves that the
 * facts are read correctly.
 */
import { netmask } from "../instance/addresses.ts";
import { idAllocator } from "../instance/id-allocator.ts";
import type { FixedIp, Instance, IpVersion, Port, Subnet } from "../instance/instance.ts";
import { hasRelease, type NovaRelease } from "../instance/nova-release.ts";
import { isDefault } from "./default-routes.ts";
import { route } from "./host-routes.ts";
import { type Nic, tapName } from "./link-ids.ts";
import { type NetworkEntry, NOVA_PHYSICAL_TYPES, type Route, type Service } from "./network-data.ts";
import { servicesOf, unique } from "./network-data-full.ts";

interface NovaLink {
	readonly id: string;
	readonly vif_id: string;
	readonly type: string;
	readonly mtu: number | null;
	readonly ethernet_mac_address: string;
}

type NovaNic = Pick<Nic, "port" | "linkId">;

/** The document of the profile `nova`; `{}` for an instance without ports. */
export type NovaNetworkData =
	| Record<string, never>
	| { readonly links: NovaLink[]; readonly networks: NetworkEntry[]; readonly services: Service[] };

/**
 * Nova's document: `{}` without any port.
 *
 * @param release of Nova; it decides when a link has an MTU, and which addresses come by DHCP
 */
export function novaNetworkData(instance: Instance, release: NovaRelease): NovaNetworkData {
	const rules = hasRelease(release, "2023.1") ? RULES : ZED_RULES;
	if (instance.ports.length === 0) return {};
	const newId = idAllocator();
	const nics = instance.ports
		.filter((port) => port.fixedIps.length > 0)
		.map((port) => ({ port, linkId: newId(tapName(port)) }));
	const chosen = nics.flatMap((nic) =>
		([4, 6] as const).flatMap((version) => {
			const fixedIp = firstAddress(nic.port, version);
			return fixedIp ? [{ ...nic, fixedIp }] : [];
		}),
	);
	return {
		links: nics.map((nic) => linkOf(nic, rules)),
		networks: chosen.map((nic, index) => entryOf(nic, nic.fixedIp, `network${index}`, rules)),
		services: unique(chosen.flatMap(({ fixedIp }) => servicesOf(fixedIp.subnet))),
	};
}

/** Addresses in Nova's order: by subnet id, as Neutron lists them, then in the order of the port. */
export function inNovaOrder(fixedIps: readonly FixedIp[]): FixedIp[] {
	return fixedIps.toSorted((a, b) => (a.subnet.id < b.subnet.id ? -1 : Number(a.subnet.id > b.subnet.id)));
}

function firstAddress(port: Port, version: IpVersion): FixedIp | undefined {
	return inNovaOrder(port.fixedIps).find((fixedIp) => fixedIp.subnet.version === version);
}

function linkOf({ port, linkId }: NovaNic, { hidesMtu }: Rules): NovaLink {
	return {
		id: linkId,
		vif_id: port.id,
		type: NOVA_PHYSICAL_TYPES.find((type) => type === port.vifType) ?? "phy",
		mtu: port.fixedIps.some(({ subnet }) => hidesMtu(subnet)) ? null : (port.network.mtu ?? null),
		ethernet_mac_address: port.macAddress,
	};
}

interface Rules {
	/** An address on the subnet leaves its link without an MTU: Nova expects the DHCP server to give it. */
	hidesMtu(subnet: Subnet): boolean;
	/** An address on the subnet comes by DHCP, where no IPv6 address mode says otherwise. */
	isDhcp(subnet: Subnet): boolean;
}

/** Zed's `dhcp_server`: the DHCP port's address, or else the gateway of a subnet with DHCP. */
function hasDhcpServer(subnet: Subnet): boolean {
	return subnet.dhcpServer !== undefined || (subnet.dhcp && subnet.gateway !== undefined);
}

const ZED_RULES: Rules = { hidesMtu: hasDhcpServer, isDhcp: hasDhcpServer };

/** Since Launchpad bug 2055245, fixed in 2024.1 and 2023.1: the gateway no longer counts as a server. */
const RULES: Rules = {
	hidesMtu: ({ dhcpServer }) => dhcpServer !== undefined,
	isDhcp: ({ dhcp, dhcpServer }) => dhcp || dhcpServer !== undefined,
};

function entryOf({ port, linkId }: NovaNic, { address, subnet }: FixedIp, id: string, rules: Rules): NetworkEntry {
	const { version, addressMode } = subnet;
	const common = { link: linkId, network_id: port.network.id };
	if (!addressMode && rules.isDhcp(subnet)) {
		return { id, type: `ipv${version}_dhcp`, link: common.link, network_id: common.network_id };
	}
	return {
		id,
		type: addressMode ? `ipv6_${addressMode}` : `ipv${version}`,
		link: common.link,
		...(address !== undefined && { ip_address: address, netmask: netmask(version, subnet.prefixLength) }),
		routes: routesOf(subnet),
		network_id: common.network_id,
		services: servicesOf(subnet),
	};
}

/** A host route to any destination is listed in addition to the gateway's default route. */
function routesOf(subnet: Subnet): Route[] {
	const everything = subnet.version === 4 ? "0.0.0.0/0" : "::/0";
	return [
		...(subnet.gateway === undefined ? [] : [route(everything, subnet.gateway)]),
		...subnet.hostRoutes.map(({ destination, nexthop }) =>
			route(isDefault(destination) ? everything : destination, nexthop),
		),
	];
}
