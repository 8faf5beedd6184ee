/**
 * Documents that are not part of the recorded walk: what cloud-init makes of them is compared where it can be run
 * (test/system/check-cloud-init.test.ts).
 */
import type { Case } from "./cases.ts";
import {
	automatic,
	bond,
	bonded,
	defaultRoute,
	dns,
	document,
	ipv4,
	ipv6,
	MAC,
	MAC2,
	nic,
	nic2,
	tagged,
	twoNics,
} from "./documents.ts";
import { furtherCases } from "./further-cases.ts";
import { Fraction, step } from "./step.ts";

const listed = (...address: unknown[]) => ({ type: "dns", address });

/** A network with a name server and the guest's default route. */
const routed = { services: [dns()], routes: [defaultRoute()] };

/** Two bonds of one NIC each, with these names. */
const twoBonds = (...names: unknown[]) => {
	const bonds = names.map((name, index) => {
		const parts = { id: `bond${index}`, bond_links: [`tap${index}`], ethernet_mac_address: [MAC, MAC2][index] };
		return bond(name === null ? parts : { ...parts, name });
	});
	return { ...twoNics({ link: "bond0" }, { link: "bond1" }), links: [nic(), nic2(), ...bonds] };
};

/** For rules, as in the other lists of cases. */
export const unrecordedCases: readonly Case[] = [
	...furtherCases,
	{
		rule: "gateway-family",
		at: "/networks/0/gateway",
		bad: document({ networks: [ipv4({ gateway: "fe80::1" }), ipv6()] }),
		good: document({ networks: [ipv4(), ipv6({ gateway: "fe80::1" })] }),
	},
	{
		rule: "gateway-unusable",
		at: "/networks/0/gateway",
		bad: document({ networks: [ipv4({ gateway: "10.0.0.5" })] }),
		good: document({ networks: [ipv4({ gateway: "10.0.0.6" })] }),
	},
	{
		rule: "gateway-unusable",
		at: "/networks/0/routes/0/gateway",
		bad: document({ networks: [ipv4({ routes: [defaultRoute("10.0.0.255")] })] }),
		good: document({ networks: [ipv4({ netmask: "255.255.254.0", routes: [defaultRoute("10.0.0.255")] })] }),
	},
	{
		rule: "gateway-unusable",
		at: "/networks/0/routes/0/gateway",
		bad: document({ networks: [ipv6({ routes: [defaultRoute("2001:db8:0::5")] })] }),
		good: document({ networks: [ipv6({ routes: [defaultRoute("2001:db8::ffff:ffff:ffff:ffff")] })] }),
	},
	{
		rule: "gateway-unusable",
		at: "/networks/1/routes/0/gateway",
		bad: twoNics({}, { routes: [defaultRoute("10.0.0.5")] }),
		good: twoNics({}, { routes: [defaultRoute("10.1.0.4")] }),
	},
	{
		rule: "number-fraction",
		at: "/links/0/mtu",
		bad: document({ links: [nic({ mtu: new Fraction(1450) })] }),
		good: document({ links: [nic({ mtu: 1450 })] }),
	},
	{
		rule: "number-fraction",
		at: "/links/1/vlan_id",
		bad: tagged({ vlan_id: new Fraction(101) }),
		good: tagged(),
	},
	{
		rule: "bond-arp-target-missing",
		at: "/links/2/bond_arp_interval",
		bad: bonded({ bond_miimon: 0, bond_arp_interval: 200, bond_arp_ip_target: "10.0.0.1 10.0.0.2" }),
		good: bonded({ bond_miimon: 0, bond_arp_interval: 200, bond_arp_ip_target: "10.0.0.1,10.0.0.2" }),
	},
	{
		rule: "bond-lacp-rate-mode",
		at: "/links/2/bond_lacp_rate",
		bad: bonded({ bond_lacp_rate: "fast" }),
		good: bonded({ bond_lacp_rate: "slow" }),
	},
	{
		rule: "dns-without-default-route",
		at: "/networks/1/services/0",
		bad: twoNics(routed, { services: [dns("10.1.0.53")] }),
		good: twoNics(routed, { services: [dns("10.1.0.53")], dns_search: ["back.example"] }),
	},
	{
		rule: "networks-missing",
		at: "/networks",
		bad: document({ networks: [] }),
		good: document({ links: [], networks: [] }),
	},
	...["00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "01:00:5e:00:00:01"].map((mac) => ({
		rule: "nic-mac-unusable",
		at: "/links/0/ethernet_mac_address",
		bad: document({ links: [nic({ ethernet_mac_address: mac })] }),
		good: document(),
	})),
	...[100, "100"].map((metric) => ({
		rule: "network-metric-unread",
		at: "/networks/0/metric",
		bad: document({ networks: [ipv4({ gateway: "10.0.0.1", metric })] }),
		good: document({ networks: [ipv4({ routes: [defaultRoute("10.0.0.1", { metric })] })] }),
	})),
	{
		rule: "link-name-repeated",
		at: "/links/1/name",
		bad: { ...twoNics(), links: [nic({ name: "lan0" }), nic2({ name: "lan0" })] },
		good: { ...twoNics(), links: [nic({ name: "lan0" }), nic2({ name: "lan1" })] },
	},
	{
		rule: "link-name-repeated",
		at: "/links/3/name",
		bad: twoBonds("bond0", "bond0"),
		good: twoBonds("bond0", "bond1"),
	},
	{ rule: "link-name-repeated", at: "/links/3", bad: twoBonds("bond1", null), good: twoBonds("bond0", null) },
	...["0123456789abcdef", "Ethernet 1", "0/1", "a:b", "a%b", "a*b", "lo"].map((name) => ({
		rule: "link-name-unusable",
		at: "/links/0/name",
		bad: document({ links: [nic({ name })] }),
		good: document({ links: [nic({ name: "0123456789abcde" })] }),
	})),
	...["0123456789abcdef", "bond 0", "a%b"].map((name) => ({
		rule: "link-name-unusable",
		at: "/links/2/name",
		bad: bonded({ name }),
		good: bonded({ name: "bond-of.2_nics" }),
	})),
];

/** The cases' documents, and others. */
export const UNRECORDED = [
	step("a list of servers", document({ services: [listed("192.0.2.53", "192.0.2.54")] })),
	step(
		"a list of servers for a network without its own",
		document({ networks: [ipv4()], services: [listed("192.0.2.53", "2001:db8::53"), dns()] }),
	),
	step(
		"a list with an invalid server",
		document({ networks: [ipv4()], services: [listed("192.0.2.53", "dns.example")] }),
	),
	step(
		"networks with metrics",
		twoNics({ gateway: "10.0.0.1", metric: 100, routes: [defaultRoute()] }, { type: "ipv4_dhcp", metric: 200 }),
	),
	...["fe80::1", "x", "10.0.0.1/24", 7, ["10.0.0.1"], ""].flatMap((gateway) =>
		["ipv4_dhcp", "ipv6_slaac"].map((type) =>
			step(`a gateway ${JSON.stringify(gateway)} on ${type}`, document({ networks: [automatic(type, { gateway })] })),
		),
	),
	// The judge gives the guest every NIC that the document names.
	...unrecordedCases
		.filter(({ rule }) => rule !== "nic-mac-unusable")
		.flatMap(({ rule, at, bad, good }) => [step(`${rule} at ${at}`, bad), step(`not ${rule} at ${at}`, good)]),
];
