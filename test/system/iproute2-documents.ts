import { fileURLToPath } from "node:url";
import { defaultSettings, networkData } from "../../src/documents/index.ts";
import type { NetworkData, NetworkEntry, PhysicalLink, Route } from "../../src/documents/network-data.ts";
import { openFilesSource } from "../../src/source/files/files-source.ts";

/** The documents of the example inventory, by instance. */
export async function exampleDocuments(): Promise<Map<string, NetworkData>> {
	const source = await openFilesSource(fileURLToPath(new URL("../../examples/inventory", import.meta.url)));
	const documents = new Map<string, NetworkData>();
	for (const { id } of await source.list()) {
		const instance = await source.instance(id, "wiring");
		const data = instance && networkData(instance, defaultSettings(new Uint8Array(32)));
		if (data !== undefined) documents.set(id, data);
	}
	await source.close();
	return documents;
}

const nic = (n: number, mtu = 1450): PhysicalLink => ({
	id: `tap${n}`,
	type: "ovs",
	mtu,
	ethernet_mac_address: `fa:16:3e:00:00:0${n}`,
});
const v4 = (link: string, ip_address: string, netmask: string, more: Partial<NetworkEntry> = {}): NetworkEntry => ({
	id: `network-${ip_address}`,
	type: "ipv4",
	link,
	ip_address,
	netmask,
	routes: [],
	...more,
});
const v6 = (link: string, ip_address: string, more: Partial<NetworkEntry> = {}): NetworkEntry => ({
	...v4(link, ip_address, "ffff:ffff:ffff:ffff::", more),
	type: "ipv6",
});
const dns = (...addresses: string[]) => addresses.map((address) => ({ type: "dns" as const, address }));
export const default4 = (gateway: string): Route => ({ network: "0.0.0.0", netmask: "0.0.0.0", gateway });
const default6 = (gateway: string): Route => ({ network: "::", netmask: "::", gateway });

const dualStack: NetworkData = {
	links: [nic(1)],
	networks: [
		v4("tap1", "10.0.0.5", "255.255.255.0", { routes: [default4("10.0.0.1")], services: dns("10.0.0.53") }),
		v6("tap1", "2001:db8::5", { routes: [default6("2001:db8::1")], services: dns("2001:db8::53") }),
	],
	services: dns("10.0.0.53", "2001:db8::53"),
};

const twoNics: NetworkData = {
	links: [nic(1), nic(2, 1400)],
	networks: [
		...dualStack.networks,
		v4("tap2", "192.168.7.20", "255.255.255.128", {
			routes: [{ network: "172.20.0.0", netmask: "255.255.0.0", gateway: "192.168.7.1" }],
		}),
		v6("tap2", "2001:db8:7::20"),
	],
	services: dualStack.services,
};

/** Gateways in the subnet, outside it, and link-local; targets of every length. */
const hostRoutes: NetworkData = {
	links: [nic(1)],
	networks: [
		v4("tap1", "10.1.0.5", "255.255.255.255", {
			routes: [
				default4("169.254.1.1"),
				{ network: "203.0.113.7", netmask: "255.255.255.255", gateway: "169.254.1.2" },
				{ network: "172.16.0.0", netmask: "255.240.0.0", gateway: "169.254.1.1" },
			],
			services: dns("9.9.9.9"),
			dns_search: ["example"],
		}),
		v6("tap1", "2001:db8:1::5", {
			routes: [
				default6("fe80::1"),
				{ network: "2001:db8:aa::", netmask: "ffff:ffff:ffff::", gateway: "2001:db8:ee::1" },
				{ network: "2001:db8:bb::", netmask: "ffff:ffff:ffff::", gateway: "2001:db8:1::2" },
			],
		}),
	],
	services: dns("9.9.9.9"),
};

const severalAddresses: NetworkData = {
	links: [nic(1, 1500)],
	networks: [
		v4("tap1", "10.2.0.5", "255.255.255.0", { routes: [default4("10.2.0.1")], services: dns("10.2.0.53") }),
		v4("tap1", "10.2.0.6", "255.255.255.0", { routes: [default4("10.2.0.1")] }),
		v4("tap1", "10.3.0.7", "255.255.0.0"),
		v6("tap1", "2001:db8:2::5", { routes: [default6("2001:db8:2::1")] }),
		v6("tap1", "2001:db8:2::6", { routes: [default6("2001:db8:2::1")] }),
	],
	services: dns("10.2.0.53"),
};

const onLink = (network: string, netmask: string): Route => ({
	network,
	netmask,
	gateway: network.includes(":") ? "::" : "0.0.0.0",
});

/** Destinations that no router leads to. */
const linkRoutes: NetworkData = {
	links: [nic(1), nic(2)],
	networks: [
		v4("tap1", "10.5.0.5", "255.255.255.0", {
			routes: [default4("10.5.0.1"), onLink("10.64.0.0", "255.192.0.0"), onLink("192.0.2.9", "255.255.255.255")],
			services: dns("10.5.0.53"),
		}),
		v6("tap1", "2001:db8:5::5", { routes: [onLink("2001:db8:64::", "ffff:ffff:ffff::")] }),
		v4("tap2", "10.6.0.5", "255.255.255.0", { routes: [onLink("172.16.0.0", "255.240.0.0")] }),
	],
	services: dns("10.5.0.53"),
};

/** Documents for a guest without DHCP, besides the examples. */
export const STATIC_DOCUMENTS = {
	"dual stack": dualStack,
	"two NICs": twoNics,
	"host routes": hostRoutes,
	"several addresses": severalAddresses,
	"routes on the link": linkRoutes,
} as const;

/** A link with DHCP, SLAAC and a static address. */
export function dynamicDocument(type: NetworkEntry["type"], services = dns("10.4.0.53")): NetworkData {
	return {
		links: [nic(1)],
		networks: [
			{ id: "network0", type: "ipv4_dhcp", link: "tap1", services },
			v4("tap1", "10.4.1.5", "255.255.255.0"),
			{ id: "network2", type, link: "tap1", services },
		],
		services,
	};
}

/** What `dynamicDocument` leaves to the network, set up as by Neutron's DHCP agent and router. */
export const DHCP_SERVER = {
	options: [
		"--interface=lan0",
		"--no-ping",
		"--dhcp-leasefile=/run/leases",
		"--dhcp-range=10.4.0.10,10.4.0.10,255.255.255.0",
		"--dhcp-option=option:classless-static-route,0.0.0.0/0,10.4.0.1,169.254.169.254/32,10.4.0.2",
		"--enable-ra",
		"--dhcp-range=2001:db8:4::,ra-only",
		"--dhcp-option=option6:dns-server,[2001:db8:4::53]",
	],
	commands: [
		"ip addr add 10.4.0.1/24 dev lan0",
		"ip addr add 10.4.0.2 dev lan0",
		"ip addr add 169.254.169.254 dev lo",
		"ip addr add 2001:db8:4::1/64 dev lan0 nodad",
	],
};
