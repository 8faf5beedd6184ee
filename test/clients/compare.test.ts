import { describe, expect, it } from "vitest";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { type Meaning, type Meanings, meaningOf, route } from "../render/meaning.ts";
import { differences } from "./compare.ts";
import { wantedLinks } from "./wanted.ts";

const mac = (n: number) => `52:54:00:00:00:0${n}`;

/** A NIC with DHCP, and a bond of two with a VLAN on it. */
const document: NetworkData = {
	links: [
		{ id: "nic", type: "phy", mtu: 1442, ethernet_mac_address: mac(1) },
		{ id: "a", type: "phy", mtu: 1500, ethernet_mac_address: mac(2) },
		{ id: "b", type: "phy", mtu: 1500, ethernet_mac_address: mac(3) },
		{ id: "bond", type: "bond", mtu: 1500, ethernet_mac_address: mac(2), bond_mode: "802.3ad", bond_links: ["a", "b"] },
		{ id: "vlan", type: "vlan", mtu: 1400, vlan_id: 101, vlan_link: "bond", vlan_mac_address: mac(4) },
	],
	networks: [
		{ id: "0", type: "ipv4_dhcp", link: "nic", services: [{ type: "dns", address: "192.0.2.53" }] },
		{
			id: "1",
			type: "ipv4",
			link: "bond",
			ip_address: "10.0.0.5",
			netmask: "255.255.255.0",
			routes: [{ network: "172.16.0.0", netmask: "255.240.0.0", gateway: "10.0.0.1" }],
			services: [{ type: "dns", address: "10.0.0.53" }],
			dns_search: ["example.org"],
		},
		{
			id: "2",
			type: "ipv6",
			link: "vlan",
			ip_address: "2001:db8::5",
			netmask: "ffff:ffff:ffff:ffff::",
			routes: [{ network: "::", netmask: "::", gateway: "2001:db8::1" }],
		},
	],
	services: [],
};
const lease = { addresses: ["192.0.2.5/24"], routes: ["0.0.0.0/0 via 192.0.2.1"] };
const wanted = wantedLinks(document, { [mac(1)]: lease });
const nics = new Map([1, 2, 3].map((n) => [mac(n), `eth${n - 1}`]));

function rightState(): Meanings {
	const found: Meanings = new Map();
	const set = (name: string, values: Partial<Meaning>) => Object.assign(meaningOf(found, name), values);
	set("eth0", { mac: mac(1), mtu: 1442, addresses: new Set(["192.0.2.5/24"]), dns: new Set(["192.0.2.53"]) });
	set("eth0", { routes: [route("default", "192.0.2.1")] });
	for (const name of ["eth1", "eth2"]) set(name, { mac: mac(2), mtu: 1500, memberOf: "bond0" });
	set("bond0", { mac: mac(2), mtu: 1500, bond: { mode: "802.3ad" }, addresses: new Set(["10.0.0.5/24"]) });
	set("bond0", {
		routes: [route("172.16.0.0/12", "10.0.0.1")],
		dns: new Set(["10.0.0.53"]),
		search: new Set(["example.org"]),
	});
	set("bond0.101", {
		mac: mac(4),
		mtu: 1400,
		vlan: { id: 101, parent: "bond0" },
		addresses: new Set(["2001:db8::5/64"]),
	});
	set("bond0.101", { routes: [route("default", "2001:db8::1")] });
	return found;
}

const CHANGES: readonly (readonly [string, (found: Meanings) => void, readonly string[]])[] = [
	["nothing", () => {}, []],
	["an address", (f) => meaningOf(f, "bond0").addresses.clear(), ["bond 0: address missing: 10.0.0.5/24"]],
	[
		"a prefix",
		(f) => Object.assign(meaningOf(f, "eth0"), { addresses: new Set(["192.0.2.5/25"]) }),
		["NIC 0: address missing: 192.0.2.5/24", "NIC 0: address extra: 192.0.2.5/25"],
	],
	[
		"a default route",
		(f) => Object.assign(meaningOf(f, "bond0.101"), { routes: [] }),
		["VLAN 101: default route missing: ::/0 via 2001:db8::1"],
	],
	[
		"a second default route",
		(f) => meaningOf(f, "bond0").routes.push(route("default", "10.0.0.1")),
		["bond 0: default route extra: 0.0.0.0/0 via 10.0.0.1"],
	],
	[
		"a host route",
		(f) => Object.assign(meaningOf(f, "bond0"), { routes: [] }),
		["bond 0: route missing: 172.16.0.0/12 via 10.0.0.1"],
	],
	["an MTU", (f) => Object.assign(meaningOf(f, "eth0"), { mtu: 1500 }), ["NIC 0: MTU 1500, not 1442"]],
	[
		"a VLAN's MAC address",
		(f) => Object.assign(meaningOf(f, "bond0.101"), { mac: mac(2) }),
		[`VLAN 101: MAC address ${mac(2)}, not ${mac(4)}`],
	],
	[
		"a VLAN's carrier",
		(f) => Object.assign(meaningOf(f, "bond0.101"), { vlan: { id: 101, parent: "eth0" } }),
		["VLAN 101: missing", "bond0.101: extra"],
	],
	["a VLAN", (f) => f.delete("bond0.101"), ["VLAN 101: missing"]],
	[
		"a bond's member",
		(f) => Object.assign(meaningOf(f, "eth2"), { memberOf: undefined }),
		["bond 0: member missing: eth2", `NIC 2: MAC address ${mac(2)}, not ${mac(3)}`],
	],
	[
		"a bond's mode",
		(f) => Object.assign(meaningOf(f, "bond0"), { bond: { mode: "balance-rr" } }),
		["bond 0: bond option mode balance-rr, not 802.3ad"],
	],
	[
		"a DNS server's link",
		(f) => {
			meaningOf(f, "bond0").dns.clear();
			meaningOf(f, "bond0.101").dns.add("10.0.0.53");
		},
		["bond 0: DNS server missing: 10.0.0.53", "VLAN 101: DNS server extra: 10.0.0.53"],
	],
	["a search domain", (f) => meaningOf(f, "bond0").search.clear(), ["bond 0: search domain missing: example.org"]],
];

describe("comparer", () => {
	it.each(CHANGES)("reports %s that differs", (_, change, lines) => {
		const found = rightState();
		change(found);
		expect(differences(wanted, found, nics, "kernel").toSorted()).toEqual(lines.toSorted());
	});

	it("wants nothing in files that DHCP brings", () => {
		const found = rightState();
		const nic = meaningOf(found, "eth0");
		Object.assign(nic, { dns: new Set(), addresses: new Set(), routes: [] });
		expect(differences(wanted, found, nics, "files")).toEqual([]);
	});
});
