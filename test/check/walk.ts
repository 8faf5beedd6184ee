/** Every member of a document with every kind of wrong value: the documents of the walk. */
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

type Part = Record<string, unknown>;

/** One document of the walk: a sound one with a single value changed. */
export interface Step {
	/** `links[0].mtu = ""`. */
	readonly title: string;
	readonly document: unknown;
}

/** Kinds of wrong values, for members of any type. */
const ANY_VALUES: readonly unknown[] = [null, "", "x", 0, 7, -1, 1.5, true, false, [], ["x"], [null], {}, { a: 1 }];

/** Values that are wrong, or unusual, only for some members. */
const OWN_VALUES: Readonly<Record<string, readonly unknown[]>> = {
	ethernet_mac_address: [
		MAC.replaceAll(":", "-"),
		MAC.toUpperCase(),
		"52:54:00:00:01",
		`${MAC}:07:08`,
		"52540000-0001",
	],
	vlan_mac_address: [MAC.replaceAll(":", "-"), MAC.toUpperCase(), "52:54:00:00:01", MAC],
	mtu: ["1450", 0, 67, 68, 1279, 65535, 65536, "9000x", 1e9],
	type: ["phy", "dvs", "linux_bridge", "ipv6_dhcpv6_stateful", "static", "manual", "bridge"],
	bond_mode: ["802.1ad", "4", 4, 9, "802.3AD", "active-backup"],
	bond_xmit_hash_policy: ["layer3+4", "vlan+srcmac", "layer4"],
	bond_miimon: ["100", 0, "100ms", 100.5],
	bond_lacp_rate: ["fast", 1, "quick"],
	bond_links: [["tap0"], ["tap0", "tap0"], ["tap0", "tap9"], "tap0", ["bond0"]],
	vlan_id: ["101", 0, 4094, 4095, "0x10"],
	vlan_link: ["tap1", "bond0", "vlan0"],
	link: ["tap0", "tap1", "vlan0"],
	ip_address: ["10.0.0.5/24", "10.0.0", "2001:db8::5", "10.0.0.5/33", "10.0.0.5 ", "10.0.0.256"],
	netmask: ["255.0.255.0", "24", 24, "33", 33, "255.255.255.255", "0.0.0.0", "ffff:ffff::", "ffff::ffff"],
	network: ["192.168.0.0/16", "default", "0.0.0.0", "2001:db8::"],
	gateway: ["10.0.0.1/24", "10.9.9.9", "2001:db8::1", "fe80::1"],
	address: ["10.0.0.53/24", "dns.example", "2001:db8::53"],
	dns_nameservers: ["10.0.0.53", "10.0.0.53 10.0.0.54", ["dns.example"]],
	dns_search: ["a.example", "a.example b.example", ["a.example"]],
	metric: [100, "100", "low"],
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

/** The documents of the walk. */
export function walk(): Step[] {
	return Object.entries(SOUND).flatMap(([name, sound]) => [
		{ title: name, document: sound },
		...placesOf(sound, name).flatMap((place) => stepsAt(sound, place)),
	]);
}

interface Place {
	readonly title: string;
	readonly path: readonly string[];
}

/** Every member below the root. Items of lists are members too. */
function placesOf(value: unknown, title: string, path: readonly string[] = []): Place[] {
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, child]): Place[] => {
		const place = { title: Array.isArray(value) ? `${title}[${key}]` : `${title}.${key}`, path: [...path, key] };
		return [place, ...placesOf(child, place.title, place.path)];
	});
}

function stepsAt(sound: unknown, { title, path }: Place): Step[] {
	const name = path.findLast((step) => !/^\d+$/.test(step)) ?? "";
	const values = [...ANY_VALUES, ...(OWN_VALUES[name] ?? [])];
	const steps = values.map((value) => ({
		title: `${title} = ${JSON.stringify(value)}`,
		document: changed(sound, path, value),
	}));
	const isItem = /^\d+$/.test(path.at(-1) ?? "");
	return isItem ? steps : [{ title: `${title} missing`, document: changed(sound, path, undefined) }, ...steps];
}

/** A copy with the value at the path replaced, or its member removed for undefined. */
function changed(root: unknown, path: readonly string[], value: unknown): unknown {
	const copy = structuredClone(root);
	const holder = path.slice(0, -1).reduce((at, key) => at[key] as Part, copy as Part);
	const last = path.at(-1) ?? "";
	if (value === undefined) delete holder[last];
	else holder[last] = structuredClone(value);
	return copy;
}
