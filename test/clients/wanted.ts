/** What a document asks for, link by link, in the form in which clients and kernels are compared with it. */
import type { NetworkData, NetworkEntry } from "../../src/documents/network-data.ts";
import { type BondMeaning, bondMeaning, canonicalCidr, canonicalIp } from "../render/meaning.ts";

/** What a link gets from a DHCP server or a router: the wiring's peer gives it, so that the guest must have it. */
export interface Lease {
	/** `192.0.2.5/24` */
	readonly addresses?: readonly string[];
	/** `0.0.0.0/0 via 192.0.2.1` */
	readonly routes?: readonly string[];
}

export interface WantedLink {
	readonly kind: "NIC" | "bond" | "VLAN";
	/** `NIC 0`, `bond 0`, `VLAN 101` */
	readonly label: string;
	readonly id: string;
	readonly mac: string;
	readonly mtu: number | undefined;
	readonly addresses: ReadonlySet<string>;
	/** `172.16.0.0/12 via 192.0.2.1` */
	readonly routes: ReadonlySet<string>;
	/** Routes without a gateway, for gateways outside the subnets: a client may reach those in another way. */
	readonly onLinkRoutes: ReadonlySet<string>;
	readonly dns: ReadonlySet<string>;
	readonly search: ReadonlySet<string>;
	/** Servers and search domains that DHCP or router advertisements bring too: a client need not write them. */
	readonly dynamicDns: ReadonlySet<string>;
	readonly dynamicSearch: ReadonlySet<string>;
	/** Routes of its networks with DHCP and SLAAC, which a client may write or leave to the network. */
	readonly dynamicRoutes: ReadonlySet<string>;
	/** Only the kernel has these. */
	readonly lease: { readonly addresses: ReadonlySet<string>; readonly routes: ReadonlySet<string> };
	readonly isDynamic: boolean;
	readonly vlan?: { readonly id: number; readonly parent: string };
	readonly bond?: BondMeaning;
	/** Ids of a bond's members. */
	readonly members: readonly string[];
}

/**
 * @param document `network_data.json`
 * @param leases MAC address of a link → what its networks with DHCP and SLAAC bring
 */
export function wantedLinks(document: NetworkData, leases: Readonly<Record<string, Lease>> = {}): WantedLink[] {
	const counts = { NIC: 0, bond: 0 };
	return document.links.map((link) => {
		const entries = document.networks.filter((entry) => entry.link === link.id);
		const own = entries.filter(isStatic);
		const dynamic = entries.filter((entry) => !isStatic(entry));
		const mac = link.type === "vlan" ? link.vlan_mac_address : link.ethernet_mac_address;
		const kind = link.type === "vlan" ? "VLAN" : link.type === "bond" ? "bond" : "NIC";
		return {
			kind,
			label: link.type === "vlan" ? `VLAN ${link.vlan_id}` : `${kind} ${counts[kind as "NIC" | "bond"]++}`,
			id: link.id,
			mac,
			mtu: link.mtu ?? undefined,
			addresses: new Set(own.map(({ ip_address = "", netmask }) => canonicalCidr(ip_address, netmask))),
			routes: filtered(routesOf(own), (route) => !isOnLink(route)),
			onLinkRoutes: filtered(routesOf(own), isOnLink),
			dynamicRoutes: routesOf(dynamic),
			dns: serversOf(own),
			search: new Set(own.flatMap(({ dns_search = [] }) => dns_search)),
			dynamicDns: serversOf(dynamic),
			dynamicSearch: new Set(dynamic.flatMap(({ dns_search = [] }) => dns_search)),
			lease: { addresses: new Set(leases[mac]?.addresses), routes: new Set(leases[mac]?.routes) },
			isDynamic: dynamic.length > 0,
			...(link.type === "vlan" && { vlan: { id: link.vlan_id, parent: link.vlan_link } }),
			...(link.type === "bond" && { bond: bondOf(link) }),
			members: link.type === "bond" ? link.bond_links : [],
		};
	});
}

const isStatic = ({ type }: NetworkEntry) => type === "ipv4" || type === "ipv6";

const isOnLink = (route: string) => / via (0\.0\.0\.0|::)$/.test(route);
const filtered = (set: ReadonlySet<string>, condition: (value: string) => boolean) =>
	new Set([...set].filter(condition));

function routesOf(entries: readonly NetworkEntry[]): Set<string> {
	const routes = entries.flatMap((entry) => entry.routes ?? []);
	const gateways = entries.flatMap(({ gateway }) => (gateway === undefined ? [] : [canonicalIp(gateway)]));
	return new Set([
		...gateways.map((gateway) => `${gateway.includes(":") ? "::/0" : "0.0.0.0/0"} via ${gateway}`),
		...routes.map(({ network, netmask, gateway }) => `${canonicalCidr(network, netmask)} via ${canonicalIp(gateway)}`),
	]);
}

function serversOf(entries: readonly NetworkEntry[]): Set<string> {
	return new Set(entries.flatMap(({ services = [] }) => services.map(({ address }) => canonicalIp(address))));
}

function bondOf(link: object): BondMeaning {
	const option = (name: string) => (link as Record<string, unknown>)[`bond_${name}`]?.toString();
	return bondMeaning({
		mode: option("mode"),
		miimon: option("miimon"),
		arpInterval: option("arp_interval"),
		arpTargets: option("arp_ip_target"),
		updelay: option("updelay"),
		downdelay: option("downdelay"),
		lacpRate: option("lacp_rate"),
		hashPolicy: option("xmit_hash_policy"),
	});
}
