import { describe, expect, it } from "vitest";
import type { Link, NetworkData, NetworkEntry, Route } from "../documents/network-data.ts";
import { planNetwork } from "./make-plan.ts";

const mac = (n: number) => `fa:16:3e:00:00:0${n}`;
const nic = (n: number, more: object = {}): Link => ({
	id: `nic${n}`,
	type: "ovs",
	ethernet_mac_address: mac(n),
	...more,
});
const vlan = (n: number, parent: string, vlanId: number, more: object = {}): Link => ({
	id: `vlan${n}`,
	type: "vlan",
	vlan_id: vlanId,
	vlan_link: parent,
	vlan_mac_address: mac(n),
	...more,
});
const bond = (members: string[], more: object = {}): Link => ({
	id: "bond",
	type: "bond",
	ethernet_mac_address: mac(1),
	bond_mode: "802.3ad",
	bond_links: members,
	...more,
});
const v4 = (link: string, ip: string, routes: Route[] = [], more: Partial<NetworkEntry> = {}): NetworkEntry => ({
	id: ip,
	type: "ipv4",
	link,
	ip_address: ip,
	netmask: "255.255.255.0",
	routes,
	...more,
});
const v6 = (link: string, ip: string, routes: Route[] = []): NetworkEntry => ({
	...v4(link, ip, routes),
	type: "ipv6",
	netmask: "ffff:ffff:ffff:ffff::",
});
const dynamic = (link: string, type: NetworkEntry["type"]): NetworkEntry => ({ id: `${link} ${type}`, type, link });
const default4 = (gateway: string): Route => ({ network: "0.0.0.0", netmask: "0.0.0.0", gateway });
const default6 = (gateway: string): Route => ({ network: "::", netmask: "::", gateway });
const dns = (...addresses: string[]) => addresses.map((address) => ({ type: "dns" as const, address }));

function plan(links: Link[], networks: NetworkEntry[] = [], more: { services?: NetworkData["services"] } = {}) {
	return planNetwork({ links, networks, services: [], ...more }, {});
}
const pointersOf = ({ remarks }: ReturnType<typeof plan>) => remarks.map(({ pointer }) => pointer);

describe("names", () => {
	const named = (names: [string, string][], links: Link[]) =>
		planNetwork({ links, networks: [], services: [] }, { names: new Map(names) }).interfaces.map(({ name }) => name);

	it("are the kernel's, in link order, if the guest's names are unknown", () => {
		const links = [nic(1), nic(2), nic(3), bond(["nic1", "nic2"]), vlan(4, "nic3", 7), vlan(5, "bond", 8)];
		expect(plan(links).interfaces.map(({ name }) => name)).toEqual([
			"eth0",
			"eth1",
			"eth2",
			"bond0",
			"eth2.7",
			"bond0.8",
		]);
	});

	it("can be given by MAC address of any case, and a VLAN is named after its NIC", () => {
		expect(named([["FA:16:3E:00:00:02", "ens4"]], [nic(1), nic(2), vlan(3, "nic2", 7)])).toEqual([
			"eth0",
			"ens4",
			"ens4.7",
		]);
	});

	it("never collide with a given name", () => {
		expect(named([[mac(2), "eth0"]], [nic(1), nic(2)])).toEqual(["eth1", "eth0"]);
	});

	it("of a NIC that the document lacks are unused, with a remark", () => {
		const given = new Map([[mac(9), "ens9"]]);
		const { remarks } = planNetwork({ links: [nic(1)], networks: [], services: [] }, { names: given });
		expect(remarks).toEqual([
			{ pointer: "", reason: `no NIC has the MAC address ${mac(9)}: the name given for it is unused` },
		]);
	});

	it("of VLANs fit into the kernel's 15 characters", () => {
		const names: [string, string][] = [
			[mac(1), "enp129s0f1np1"],
			[mac(2), "enp130s0f1np1"],
		];
		const links = [nic(1), nic(2), vlan(3, "nic1", 101), vlan(4, "nic2", 101)];
		expect(named(names, links).slice(2)).toEqual(["vlan101", "vlan101-2"]);
	});

	it.each([
		[[["no-mac", "eth0"]], /"no-mac" is not a MAC address/],
		[[[mac(1), "a name"]], /"a name" is not a valid interface name/],
		[[[mac(1), "../x"]], /is not a valid interface name/],
		[[[mac(1), "a-name-of-17-char"]], /is not a valid interface name/],
		[
			[
				[mac(1), "eth7"],
				[mac(1).toUpperCase(), "eth8"],
			],
			/is given two names/,
		],
		[
			[
				[mac(1), "eth7"],
				[mac(2), "eth7"],
			],
			/are given the same name/,
		],
	] as [[string, string][], RegExp][])("are rejected if invalid: %j", (names, message) => {
		expect(() => named(names, [nic(1)])).toThrow(
			expect.objectContaining({ code: "usage", message: expect.stringMatching(message) }),
		);
	});
});

describe("links", () => {
	it("are in an order in which they can be created, whatever the document's order", () => {
		const links = [vlan(4, "vlan3", 2), vlan(3, "bond", 1), bond(["nic1", "nic2"]), nic(2), nic(1)];
		expect(plan(links).interfaces.map(({ pointer }) => pointer)).toEqual([
			"/links/3",
			"/links/4",
			"/links/2",
			"/links/1",
			"/links/0",
		]);
	});

	it.each([
		["a second link with the same id", [nic(1), nic(2, { id: "nic1" })], "/links/1"],
		["a second NIC with the same MAC address", [nic(1), nic(2, { ethernet_mac_address: mac(1) })], "/links/1"],
		[
			"an InfiniBand address",
			[nic(1, { ethernet_mac_address: `${"80:".repeat(19)}80` })],
			"/links/0/ethernet_mac_address",
		],
		["a VLAN on itself", [vlan(1, "vlan1", 7)], "/links/0/vlan_link"],
		["a VLAN on nothing", [vlan(1, "nic9", 7)], "/links/0/vlan_link"],
		["a VLAN twice on one NIC", [nic(1), vlan(2, "nic1", 7), vlan(3, "nic1", 7)], "/links/2/vlan_id"],
		["a member that is not a NIC", [nic(1), bond(["nic1", "vlan1"])], "/links/1/bond_links/1"],
		[
			"a member of two bonds",
			[nic(1), nic(2), bond(["nic1"]), bond(["nic1", "nic2"], { id: "b2" })],
			"/links/3/bond_links/0",
		],
		["an MTU out of bounds", [nic(1, { mtu: 67 })], "/links/0/mtu"],
	])("are dropped with a remark: %s", (_, links, pointer) => {
		expect(pointersOf(plan(links))).toEqual([pointer]);
	});

	it("lack a bond without any NIC among its members, and what is on it", () => {
		const inner = bond(["nic1", "nic2"], { id: "inner", ethernet_mac_address: mac(2) });
		const links = [nic(1), nic(2), inner, bond(["inner"]), vlan(9, "bond", 7)];
		const planned = plan(links, [v4("inner", "192.0.2.1"), v4("bond", "198.51.100.1")]);
		expect(planned.interfaces.map(({ kind }) => kind)).toEqual(["physical", "physical", "bond"]);
		expect(pointersOf(planned)).toEqual([
			"/links/3/bond_links/0",
			"/links/3/bond_links",
			"/links/4/vlan_link",
			"/networks/1/link",
		]);
	});

	it("never have a VLAN's MTU above its NIC's, which the kernel rejects", () => {
		const planned = plan([nic(1, { mtu: 1400 }), vlan(2, "nic1", 7, { mtu: 1500 }), vlan(3, "nic1", 8, { mtu: 1300 })]);
		expect(planned.interfaces.map(({ mtu }) => mtu)).toEqual([1400, 1400, 1300]);
		expect(pointersOf(planned)).toEqual(["/links/1/mtu"]);
	});

	it("accept bond options by name and by number", () => {
		const options = (more: object) =>
			plan([bond([], more)]).interfaces.map((one) => (one.kind === "bond" ? one.options : {}));
		const shared = { mode: "802.3ad", miimon: 100, updelay: 200, lacpRate: "fast", hashPolicy: "layer2+3" };
		const expected = { ...shared, further: { ad_select: "count" } };
		const rest = { bond_miimon: "100", bond_updelay: "200" };
		const names = { bond_lacp_rate: "fast", bond_xmit_hash_policy: "layer2+3", bond_ad_select: "count" };
		const numbers = { bond_lacp_rate: "1", bond_xmit_hash_policy: "2", bond_ad_select: "2" };
		for (const given of [names, numbers]) expect(options({ ...rest, ...given })).toEqual([expected]);
	});

	it.each(["active-backup", "balance-rr", "balance-xor", "broadcast"])(
		"get link monitoring if a bond has none, with a remark: %s",
		(mode) => {
			for (const more of [{}, { bond_miimon: "0" }]) {
				const planned = plan([bond([], { bond_mode: mode, ...more })]);
				expect(planned.interfaces).toMatchObject([{ options: { mode, miimon: 100 } }]);
				expect(pointersOf(planned)).toEqual(["/links/0/bond_miimon"]);
			}
		},
	);

	it.each(["802.3ad", "balance-tlb", "balance-alb"])(
		"say the kernel's own link monitoring, without a remark: %s",
		(mode) => {
			const planned = plan([bond([], { bond_mode: mode })]);
			expect(planned.interfaces).toMatchObject([{ options: { mode, miimon: 100 } }]);
			expect(planned.remarks).toEqual([]);
		},
	);

	it("get ARP monitoring only if the driver supports it", () => {
		const planned = (more: object) => plan([bond([], { bond_mode: "active-backup", ...more })]);
		const arp = { bond_arp_interval: "200", bond_arp_ip_target: "192.0.2.1, 192.0.2.2" };
		expect(planned(arp).interfaces).toMatchObject([
			{ options: { arp: { interval: 200, targets: ["192.0.2.1", "192.0.2.2"] } } },
		]);
		expect(planned(arp).interfaces).not.toMatchObject([{ options: { miimon: expect.anything() } }]);
		expect(planned(arp).remarks).toEqual([]);
		for (const more of [
			{ ...arp, bond_miimon: "100" },
			{ ...arp, bond_mode: "802.3ad" },
			{ bond_arp_interval: "200" },
		]) {
			expect(planned(more).interfaces).toMatchObject([{ options: { miimon: 100 } }]);
			expect(pointersOf(planned(more))).toContain("/links/0/bond_arp_interval");
		}
		expect(pointersOf(planned({ bond_arp_ip_target: "2001:db8::1" }))).toContain("/links/0/bond_arp_ip_target");
	});

	it.each([
		[{ bond_primary: "nic1" }, "bond_primary"],
		[{ bond_mode: "active-backup", bond_miimon: "100", bond_primary: "nic9" }, "bond_primary"],
		[{ bond_active_slave: "nic1" }, "bond_active_slave"],
		[{ bond_colour: "red" }, "bond_colour"],
		[{ bond_min_links: "many" }, "bond_min_links"],
		[{ bond_packets_per_slave: "2" }, "bond_packets_per_slave"],
		[{ bond_arp_validate: "all" }, "bond_arp_validate"],
		[{ bond_miimon: "100", bond_peer_notif_delay: "150" }, "bond_peer_notif_delay"],
		[{ bond_miimon: "often" }, "bond_miimon"],
		[{ bond_mode: "active-backup", bond_miimon: "100", bond_lacp_rate: "fast" }, "bond_lacp_rate"],
		[{ bond_xmit_hash_policy: "9" }, "bond_xmit_hash_policy"],
	])("drop a bond option that can't be set, with a remark: %j", (more, key) => {
		expect(pointersOf(plan([bond([], more)]))).toEqual([`/links/0/${key}`]);
	});
});

describe("routes", () => {
	const routesOf = (networks: NetworkEntry[]) => plan([nic(1)], networks).interfaces.flatMap(({ routes }) => routes);

	it.each([
		["in the subnet", [v4("nic1", "10.0.0.5", [default4("10.0.0.1")])], false],
		["in another subnet of the link", [v4("nic1", "10.0.0.5", [default4("10.1.0.1")]), v4("nic1", "10.1.0.5")], false],
		["outside the subnet", [v4("nic1", "10.0.0.5", [default4("10.0.1.1")])], true],
		["outside the subnet, IPv6", [v6("nic1", "2001:db8::5", [default6("2001:db8:1::1")])], true],
		["link-local", [v6("nic1", "2001:db8::5", [default6("fe80::1")])], false],
		["IPv4 link-local", [v4("nic1", "10.0.0.5", [default4("169.254.1.1")])], true],
		[
			"outside every subnet, because the other address has no netmask",
			[v4("nic1", "10.0.0.5", [default4("10.0.1.1")]), v4("nic1", "10.0.1.5", [], { netmask: "none" })],
			true,
		],
		["in a subnet that comes with DHCP", [{ ...dynamic("nic1", "ipv4_dhcp"), routes: [default4("10.0.0.1")] }], false],
	])("through a gateway %s", (_, networks, onLink) => {
		expect(routesOf(networks).map((route) => route.onLink)).toEqual([onLink]);
	});

	it("occur once, even if every address of a subnet repeats them", () => {
		const routes = [default4("10.0.0.1")];
		expect(routesOf([v4("nic1", "10.0.0.5", routes), v4("nic1", "10.0.0.6", routes)])).toHaveLength(1);
	});

	it("have the default route of the network's own gateway, as Guestwire writes it for a gateway off the link", () => {
		const own = v4("nic1", "10.0.0.5", [], { gateway: "10.9.0.1" });
		expect(routesOf([own])).toMatchObject([{ network: "0.0.0.0", prefixLength: 0, gateway: "10.9.0.1", onLink: true }]);
		expect(routesOf([{ ...own, routes: [default4("10.0.0.1")] }])).toMatchObject([{ gateway: "10.0.0.1" }]);
	});

	it("through a gateway off the link, which a route of its own declares, as Guestwire writes it", () => {
		const declared = { network: "172.16.4.1", netmask: "255.255.255.255", gateway: "0.0.0.0" };
		const route = { network: "192.0.2.0", netmask: "255.255.255.0", gateway: "172.16.4.1" };
		const { interfaces, remarks } = plan([nic(1)], [v4("nic1", "10.0.0.5", [declared, route])]);
		expect(interfaces.flatMap(({ routes }) => routes)).toMatchObject([{ network: "192.0.2.0", onLink: true }]);
		expect(remarks).toEqual([]);
		const byDefault = plan([nic(1)], [v4("nic1", "10.0.0.5", [declared], { gateway: "172.16.4.1" })]);
		expect(byDefault.interfaces[0]?.routes).toMatchObject([
			{ network: "0.0.0.0", gateway: "172.16.4.1", onLink: true },
		]);
		expect(byDefault.remarks).toEqual([]);
	});

	it("to hosts and networks on the link have no gateway, and the link's own subnet needs none", () => {
		const onLink = (network: string, netmask: string) => ({ network, netmask, gateway: "0.0.0.0" });
		const routes = [
			onLink("172.16.4.1", "255.255.255.255"),
			onLink("192.0.2.0", "255.255.255.0"),
			onLink("10.0.0.0", "255.255.255.0"),
		];
		const { interfaces, remarks } = plan([nic(1)], [v4("nic1", "10.0.0.5", routes)]);
		const found = interfaces.flatMap((one) => one.routes.map(({ network, gateway }) => [network, gateway]));
		expect(found).toEqual([
			["172.16.4.1", undefined],
			["192.0.2.0", undefined],
		]);
		expect(remarks).toEqual([]);
	});

	it("through a gateway that the document declares on the link, also where a lease may bring its subnet", () => {
		const declared = { network: "172.16.4.1", netmask: "255.255.255.255", gateway: "0.0.0.0" };
		const route = { network: "192.0.2.0", netmask: "255.255.255.0", gateway: "172.16.4.1" };
		expect(routesOf([{ ...dynamic("nic1", "ipv4_dhcp"), routes: [declared, route] }])).toMatchObject([
			{ network: "192.0.2.0", gateway: "172.16.4.1", onLink: true },
		]);
	});

	it.each([
		["a second route to the same network", v4("nic1", "10.0.0.5", [default4("10.0.0.1"), default4("10.0.0.2")]), 1],
		["a gateway of the other IP version", v4("nic1", "10.0.0.5", [{ ...default4("fe80::1") }]), 0],
		["a gateway that is not a router's address", v4("nic1", "10.0.0.5", [default4("0.0.0.0")]), 0],
		["a mask with holes", v4("nic1", "10.0.0.5", [{ ...default4("10.0.0.1"), netmask: "255.0.255.0" }]), 0],
		["an IP version in which the link has no address", v4("nic1", "10.0.0.5", [default6("fe80::1")]), 0],
	])("are dropped with a remark: %s", (_, entry, index) => {
		const planned = plan([nic(1)], [entry]);
		expect(planned.interfaces.flatMap(({ routes }) => routes)).toHaveLength(index);
		expect(pointersOf(planned)[0]).toMatch(new RegExp(`^/networks/0/routes/${index}`));
	});

	it("rank after the default route of the first link, static or by DHCP", () => {
		const networks = [dynamic("nic1", "ipv4_dhcp"), v4("nic2", "10.0.0.5", [default4("10.0.0.1")])];
		const planned = plan([nic(1), nic(2)], networks);
		expect(planned.interfaces.flatMap(({ routes }) => routes.map(({ metric }) => metric))).toEqual([2049]);
		expect(pointersOf(planned)).toEqual(["/networks/1/routes/0"]);
	});

	it("rank before router advertisements for the first link's static IPv6 default route", () => {
		const metrics = (more: NetworkEntry[]) =>
			plan([nic(1), nic(2)], [v6("nic1", "2001:db8::5", [default6("2001:db8::1")]), ...more]).interfaces.flatMap(
				({ routes }) => routes.map(({ metric }) => metric),
			);
		expect(metrics([])).toEqual([undefined]);
		expect(metrics([dynamic("nic2", "ipv6_slaac")])).toEqual([50]);
	});

	it("leave the default route to the first link of the document, of any kind", () => {
		const links = [bond(["nic1"]), nic(1), nic(2)];
		const networks = [v4("bond", "10.0.0.5", [default4("10.0.0.1")]), v4("nic2", "10.1.0.5", [default4("10.1.0.1")])];
		const { interfaces } = plan(links, networks);
		expect(interfaces.flatMap(({ kind, routes }) => routes.map(({ metric }) => [kind, metric]))).toEqual([
			["physical", 2050],
			["bond", undefined],
		]);
	});
});

describe("addressing", () => {
	it.each([
		[["ipv6_slaac"], { routerAdvertisements: true }],
		[["ipv6_dhcpv6-stateless"], { routerAdvertisements: true, dhcp6: "stateless" }],
		[["ipv6_dhcpv6-stateful"], { routerAdvertisements: true, dhcp6: "stateful" }],
		[["ipv6_dhcp"], { routerAdvertisements: true, dhcp6: "stateful" }],
		[["ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateless"], { routerAdvertisements: true, dhcp6: "stateful" }],
		[["ipv6_dhcpv6-stateless", "ipv6_dhcpv6-stateful"], { routerAdvertisements: true, dhcp6: "stateful" }],
		[["ipv4_dhcp", "ipv6_slaac"], { routerAdvertisements: true, dhcp4: true }],
		[[], {}],
	] as [NetworkEntry["type"][], object][])("of %j", (types, expected) => {
		const [one] = plan(
			[nic(1)],
			types.map((type) => dynamic("nic1", type)),
		).interfaces;
		const { dhcp4, dhcp6, routerAdvertisements } = one ?? {};
		expect({ dhcp4, dhcp6, routerAdvertisements }).toEqual({ dhcp4: false, routerAdvertisements: false, ...expected });
	});

	it.each(["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "10.0.0.256", "010.0.0.1", "::1"])(
		"drops %s, which no interface can have, with a remark",
		(address) => {
			const planned = plan([nic(1)], [v4("nic1", address)]);
			expect(planned.interfaces.flatMap(({ addresses }) => addresses)).toEqual([]);
			expect(planned.remarks).toHaveLength(1);
		},
	);

	it("drops an address whose netmask has no bit, with a remark", () => {
		const planned = plan([nic(1)], [v4("nic1", "10.0.0.5", [], { netmask: "0.0.0.0" })]);
		expect(planned.interfaces.flatMap(({ addresses }) => addresses)).toEqual([]);
		expect(pointersOf(planned)).toEqual(["/networks/0"]);
	});

	it("drops networks on a bond member or on no link, with a remark", () => {
		const planned = plan([nic(1), bond(["nic1"])], [v4("nic1", "10.0.0.5"), v4("nic9", "10.0.0.6")]);
		expect(planned.interfaces.flatMap(({ addresses }) => addresses)).toEqual([]);
		expect(pointersOf(planned)).toEqual(["/networks/0/link", "/networks/1/link"]);
	});
});

describe("name servers", () => {
	const dnsOf = (networks: NetworkEntry[], services: string[]) =>
		plan([nic(1), nic(2)], networks, { services: dns(...services) }).interfaces.map((one) => one.dns);

	it("belong to the link of the network that names them", () => {
		const networks = [
			v4("nic1", "10.0.0.5", [], { services: dns("10.0.0.53") }),
			v4("nic2", "10.1.0.5", [], { services: dns("10.1.0.53") }),
		];
		expect(dnsOf(networks, ["10.0.0.53", "10.1.0.53"])).toEqual([["10.0.0.53"], ["10.1.0.53"]]);
	});

	it("that only the top level names go to the links without servers", () => {
		const networks = [v4("nic1", "10.0.0.5", [], { services: dns("10.0.0.53") }), v4("nic2", "10.1.0.5")];
		expect(dnsOf(networks, ["9.9.9.9"])).toEqual([["10.0.0.53"], ["9.9.9.9"]]);
	});

	it("that only the top level names go to the first link if every link has servers", () => {
		const networks = [v4("nic1", "10.0.0.5", [], { services: dns("10.0.0.53") })];
		expect(dnsOf(networks, ["9.9.9.9"])).toEqual([["10.0.0.53", "9.9.9.9"], []]);
	});

	it("and search domains are dropped with a remark if invalid", () => {
		const more = { services: dns("0.0.0.0"), dns_search: ["a.example.", "bad domain", "UPPER.example", "[x]", "."] };
		const planned = plan([nic(1)], [v4("nic1", "10.0.0.5", [], more)]);
		expect(planned.interfaces.map(({ dns, search }) => [dns, search])).toEqual([[[], ["a.example", "upper.example"]]]);
		expect(pointersOf(planned)).toEqual([
			"/networks/0/services/0/address",
			"/networks/0/dns_search/1",
			"/networks/0/dns_search/3",
			"/networks/0/dns_search/4",
		]);
	});
});
