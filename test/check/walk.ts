/** Every member of a document with every kind of wrong value: the documents of the walk. */

import { BOND_VALUES } from "./bond-values.ts";
import {
	automatic,
	bond,
	defaultRoute,
	dns,
	document,
	hostRoute,
	ipv4,
	ipv6,
	MAC,
	nic,
	nic2,
	vlan,
} from "./documents.ts";
import { OTHER_DOCUMENTS } from "./other-makers.ts";
import { Fraction, type Step, step } from "./step.ts";

type Part = Record<string, unknown>;

/** Kinds of wrong values, for members of any type. */
const ANY_VALUES: readonly unknown[] = [null, "", "x", 0, 7, -1, 1.5, true, false, [], ["x"], [null], {}, { a: 1 }];

/** Values that are wrong, or unusual, only for some members. */
const OWN_VALUES: Readonly<Record<string, readonly unknown[]>> = {
	...BOND_VALUES,
	id: [["tap0"]],
	name: [["lan0"], "0123456789abcdef", "lan 0"],
	ethernet_mac_address: [
		MAC.replaceAll(":", "-"),
		MAC.toUpperCase(),
		"52:54:00:00:01",
		`${MAC}:07:08`,
		"52540000-0001",
		[MAC],
	],
	vlan_mac_address: [MAC.replaceAll(":", "-"), MAC.toUpperCase(), "52:54:00:00:01", MAC, [MAC]],
	mtu: ["1450", 0, 67, 68, 1279, 65535, 65536, "9000x", 1e9, [1450], new Fraction(1450)],
	type: [
		...["phy", "dvs", "linux_bridge", "ipv6_dhcpv6_stateful", "static", "manual", "bridge"],
		...[["phy"], ["bond"], ["vlan"], ["ipv4"], ["dns"]],
	],
	vlan_id: ["101", 0, 4094, 4095, "0x10", [101], new Fraction(101)],
	vlan_link: ["tap1", "bond0", "vlan0", ["tap0"]],
	link: ["tap0", "tap1", "vlan0", ["tap0"]],
	ip_address: [
		...["10.0.0.5/24", "10.0.0", "2001:db8::5", "10.0.0.5/33", "10.0.0.5 ", "10.0.0.256"],
		...[["10.0.0.5"], ["10.0.0.5", "10.0.0.6"], ["10.0.0.5/24", "2001:db8::5/64"]],
	],
	netmask: [
		...["255.0.255.0", "24", 24, "33", 33, "255.255.255.255", "0.0.0.0", "ffff:ffff::", "ffff::ffff"],
		...[["255.255.255.0"], new Fraction(24)],
	],
	network: ["192.168.0.0/16", "default", "0.0.0.0", "2001:db8::", ["192.168.0.0"]],
	destination: ["192.168.0.0/16", "10.0.0.0", "default", "0.0.0.0", "2001:db8::", "192.168.0.7", ["192.168.0.0"]],
	gateway: ["10.0.0.1/24", "10.9.9.9", "2001:db8::1", "fe80::1", ["10.0.0.1"]],
	address: ["10.0.0.53/24", "dns.example", "2001:db8::53", ["10.0.0.53"], ["10.0.0.53", "10.0.0.54"]],
	dns_nameservers: [
		...["10.0.0.53", "10.0.0.53 10.0.0.54", ["dns.example"], ["10.0.0.53", "10.0.0.54"]],
		...[["10.0.0.53", "2001:db8::53"], [["10.0.0.53"]]],
	],
	dns_search: ["a.example", "a.example b.example", ["a.example"], ["a.example", "b.example"], [["a.example"]]],
	metric: [100, "100", "low", 4294967296, [100], new Fraction(100)],
	services: [[{ type: "dns" }], [{ type: "ntp" }], [{ type: "dns", address: null }]],
	routes: [[null], [{}]],
};

const route = hostRoute({ metric: 100 });
const addresses = { dns_nameservers: ["10.0.0.53"], dns_search: ["a.example"], services: [dns()] };

/** Sound documents that have, between them, every member in every place. */
const SOUND: Readonly<Record<string, Part>> = {
	static: document({
		links: [nic({ name: "lan0" }), nic2()],
		networks: [
			ipv4({ ...addresses, gateway: "10.0.0.1", routes: [route] }),
			ipv6({ routes: [defaultRoute("fe80::1")] }),
		],
	}),
	dynamic: document({
		networks: [
			automatic("ipv4_dhcp", { routes: [route], services: [dns()] }),
			automatic("ipv6_slaac", { id: "network2" }),
		],
	}),
	bond: document({
		links: [nic(), nic2(), bond({ bond_mode: "802.3ad", bond_xmit_hash_policy: "layer3+4", bond_lacp_rate: "fast" })],
		networks: [ipv4({ link: "bond0", routes: [defaultRoute()], dns_nameservers: ["10.0.0.53"] })],
	}),
	vlan: document({
		links: [nic(), vlan({ vlan_mac_address: MAC })],
		networks: [ipv4({ link: "vlan0", routes: [defaultRoute()], dns_nameservers: ["10.0.0.53"] })],
	}),
};

/** The documents of the walk: sound ones, and each with a single value changed. */
export function walk(): Step[] {
	return [
		...Object.entries(SOUND).flatMap(([name, sound]) => [
			step(name, sound),
			...placesOf(sound, name).flatMap((place) => stepsAt(sound, place)),
		]),
		...OTHER_DOCUMENTS.flatMap(({ title, document: sound, paths }) => [
			step(title, sound),
			...paths.flatMap((path) => stepsAt(sound, { title: path.reduce(titleBelow, title), path })),
		]),
	];
}

interface Place {
	readonly title: string;
	readonly path: readonly string[];
}

/** Every member below the root. Items of lists are members too. */
function placesOf(value: unknown, title: string, path: readonly string[] = []): Place[] {
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, child]): Place[] => {
		const place = { title: titleBelow(title, key), path: [...path, key] };
		return [place, ...placesOf(child, place.title, place.path)];
	});
}

function titleBelow(title: string, step: string): string {
	return /^\d+$/.test(step) ? `${title}[${step}]` : `${title}.${step}`;
}

function stepsAt(sound: unknown, { title, path }: Place): Step[] {
	const name = path.findLast((step) => !/^\d+$/.test(step)) ?? "";
	const values = [...ANY_VALUES, ...(OWN_VALUES[name] ?? [])];
	const steps = values.map((value) => step(`${title} = ${JSON.stringify(value)}`, changed(sound, path, value)));
	const isItem = /^\d+$/.test(path.at(-1) ?? "");
	return isItem ? steps : [step(`${title} missing`, changed(sound, path, undefined)), ...steps];
}

/** A copy with the value at the path replaced, or its member removed for undefined. */
function changed(root: unknown, path: readonly string[], value: unknown): unknown {
	const copy = structuredClone(root);
	const holder = path.slice(0, -1).reduce((at, key) => at[key] as Part, copy as Part);
	const last = path.at(-1) ?? "";
	if (value === undefined) delete holder[last];
	else holder[last] = value instanceof Fraction ? value : structuredClone(value);
	return copy;
}
