/** What clients do with other makers' documents, by their own sources: they cannot be run here. */
import { describe, expect, it } from "vitest";
import {
	automatic,
	bond,
	bonded,
	defaultRoute,
	dns,
	document,
	hostRoute,
	ipv4,
	ipv6,
	links,
	MAC,
	MAC2,
	MAC3,
	networks,
	nic,
	nic2,
	second,
	tagged,
	twoNics,
	vlan,
	without,
} from "../../test/check/documents.ts";
import { check, losingClients } from "./check.ts";
import { describeScopes } from "./scopes.ts";

/** The outcomes of a rule for a document, with the places in which they hold. */
function outcomesOf(rule: string, of: unknown, ...clients: string[]): string[] {
	return check(of, { clients }).flatMap((finding) =>
		finding.rule === rule
			? finding.effects.map(({ outcome, scopes }) => `${outcome} ${describeScopes(scopes)}`.trim())
			: [],
	);
}

describe("cloud-init with sysconfig", () => {
	const rule = "default-route-twice";
	const routed = { routes: [defaultRoute()] };

	it("stops at a second default route, even to the same router", () => {
		const twice = [
			networks(ipv4(routed), second(routed)),
			networks(ipv4({ routes: [defaultRoute(), defaultRoute()] })),
			networks(automatic("ipv4_dhcp", routed), ipv4(routed)),
			networks(ipv4(routed), second({ routes: [defaultRoute("10.0.0.2")] })),
		];
		for (const of of twice) {
			expect(outcomesOf(rule, of, "cloud-init")).toEqual(["crash with sysconfig"]);
			expect(losingClients(check(of, { clients: ["cloud-init"] }))).toEqual(["cloud-init"]);
		}
	});

	it("goes on with a network's own gateway beside the route, whichever router it is", () => {
		for (const gateway of ["10.0.0.1", "10.0.0.2"]) {
			expect(losingClients(check(networks(ipv4({ gateway, ...routed })), { clients: ["cloud-init"] }))).toEqual([]);
		}
	});

	it("goes on with routes of both families, on two links, or of its own type of network", () => {
		const fine = [
			networks(ipv4(routed), ipv6({ routes: [defaultRoute("2001:db8::1")] })),
			twoNics(routed, { routes: [defaultRoute("10.1.0.1")] }),
			networks(ipv4({ type: "static", ...routed }), second({ type: "static", ...routed })),
		];
		for (const of of fine) expect(outcomesOf(rule, of, "cloud-init")).toEqual([]);
	});

	it("stops at the seventh search domain, and before 24.2 only at that of services", () => {
		const search = ["a", "b", "c", "d", "e", "f", "g"].map((letter) => `${letter}.example`);
		const long = "dns-search-long";
		expect(outcomesOf(long, networks(ipv4({ dns_search: search })), "cloud-init")).toEqual([
			"crash 24.2 and later with sysconfig",
		]);
		expect(outcomesOf(long, document({ services: [dns(undefined, { search })] }), "cloud-init:sysconfig")).toEqual([
			"crash before 24.2",
			"crash 24.2 and later",
		]);
	});
});

describe("NetworkManager", () => {
	it("asks for DHCP on a link without networks, but on a bond only before cloud-init 24.3", () => {
		const rule = "link-without-network";
		const everywhere = ["wrong with network-manager"];
		expect(outcomesOf(rule, links(nic(), nic2()), "cloud-init")).toEqual(everywhere);
		expect(outcomesOf(rule, tagged(), "cloud-init")).toEqual(everywhere);
		const onBond = document({
			links: [nic(), nic2(), bond(), vlan({ vlan_link: "bond0" })],
			networks: [ipv4({ link: "vlan0" })],
		});
		expect(outcomesOf(rule, onBond, "cloud-init")).toEqual(["wrong before 24.3 with network-manager"]);
		expect(outcomesOf(rule, bonded(), "cloud-init")).toEqual([]);
	});

	it("asks for DHCPv4 on a link with IPv6 alone, unless cloud-init turns it off", () => {
		const rule = "ipv6-without-ipv4";
		const everywhere = ["wrong with network-manager"];
		expect(outcomesOf(rule, networks(ipv6()), "cloud-init")).toEqual(everywhere);
		expect(outcomesOf(rule, networks(automatic("ipv6_slaac")), "cloud-init")).toEqual([
			"wrong before 23.4 with network-manager",
		]);
	});

	it("refuses a gateway without an address", () => {
		const rule = "gateway-without-address";
		const gateway = { gateway: "10.0.0.1" };
		const everywhere = ["lost with network-manager"];
		expect(outcomesOf(rule, networks(automatic("ipv4_dhcp", gateway)), "cloud-init")).toEqual(everywhere);
		expect(outcomesOf(rule, networks(automatic("ipv4_dhcp", gateway), ipv4()), "cloud-init")).toEqual([]);
		expect(outcomesOf(rule, networks(automatic("ipv6_slaac", { gateway: "fe80::1" }), ipv4()), "cloud-init")).toEqual(
			everywhere,
		);
	});
});

describe("clients that do not read MTUs", () => {
	it.each(["glean", "nuageinit", "afterburn"])("leave a NIC its own: %s", (client) => {
		const of = (mtu: number, ...list: unknown[]) => document({ links: [nic({ mtu })], networks: list });
		expect(outcomesOf("mtu-unread", of(1450, ipv4()), client)).toEqual(["wrong"]);
		expect(outcomesOf("mtu-unread", of(1500, ipv4()), client)).toEqual([]);
		expect(outcomesOf("mtu-unread", of(1450, automatic("ipv4_dhcp")), client)).toEqual([]);
	});

	it("are not those that read it", () => {
		const of = document({ links: [nic({ mtu: 1450 })], networks: [ipv4()] });
		expect(outcomesOf("mtu-unread", of, "cloud-init", "talos", "cloudbase-init", "vyos")).toEqual([]);
	});
});

describe("two links that learn of a router", () => {
	it.each([
		["ipv6_slaac", "ipv6_slaac"],
		["ipv6_dhcpv6-stateful", "ipv6_slaac"],
		["dhcp4", "dhcp"],
	])("by %s and %s are both the guest's way out", (first, second) => {
		const of = twoNics({ type: first }, { type: second });
		expect(outcomesOf("dhcp-on-two-links", of, "cloud-init@24.4:networkd")).toEqual(["wrong"]);
	});

	it("are not two links with different families", () => {
		const of = twoNics({ type: "ipv6_slaac" }, { type: "ipv4_dhcp" });
		expect(outcomesOf("dhcp-on-two-links", of, "cloud-init")).toEqual([]);
	});
});

describe("a VLAN's MAC address", () => {
	const rule = "vlan-mac-own";
	const onBond = (mac: string) => {
		const { ethernet_mac_address: _, ...unaddressed } = bond();
		const links = [nic(), nic2(), unaddressed, vlan({ vlan_link: "bond0", vlan_mac_address: mac })];
		return document({ links, networks: [ipv4({ link: "vlan0" })] });
	};

	it("is its own, if the bond below has the first member's address, and that is another", () => {
		expect(outcomesOf(rule, onBond(MAC), "talos")).toEqual([]);
		expect(outcomesOf(rule, onBond(MAC2), "talos")).toEqual(["wrong"]);
	});

	it("cannot be compared with that of a NIC that is known by name", () => {
		const named = { id: "tap0", type: "phy", name: "eth0" };
		const links = [named, vlan({ vlan_mac_address: MAC })];
		expect(outcomesOf(rule, document({ links, networks: [ipv4({ link: "vlan0" })] }), "cloudbase-init")).toEqual([]);
	});
});

describe("Afterburn", () => {
	it.each<[string, unknown]>([
		["dns_nameservers as text", networks(ipv4({ dns_nameservers: "10.0.0.53" }))],
		["dns_nameservers as null", networks(ipv4({ dns_nameservers: null }))],
		["a server that is not an address", networks(ipv4({ dns_nameservers: ["x"] }))],
		["a metric as text", networks(ipv4({ routes: [defaultRoute("10.0.0.1", { metric: "100" })] }))],
		["a NIC's name as a number", links(nic({ name: 5 }))],
		["a port's id as a number", links(nic({ vif_id: 5 }))],
		["a network's id as a number", networks(ipv4({ network_id: 5 }))],
		["an address as a number, by SLAAC", networks(automatic("ipv6_slaac", { ip_address: 5 }), ipv4())],
		["an empty mask beside an address with its own", networks(ipv4({ ip_address: "10.0.0.5/24", netmask: "" }))],
	])("configures nothing for %s", (_, of) => {
		const effects = check(of, { clients: ["afterburn"] }).flatMap((finding) => finding.effects);
		expect(effects.map(({ outcome }) => outcome)).toContain("crash");
	});

	it.each<[string, unknown]>([
		["members that are null", links(nic({ name: null, vif_id: null, mtu: null }))],
		["a metric as a number", networks(ipv4({ routes: [defaultRoute("10.0.0.1", { metric: 100 })] }))],
		["an address with its own mask", networks(ipv4({ ip_address: "10.0.0.5/24", netmask: null }))],
		["an NTP server without an address", document({ services: [{ type: "ntp", address: "" }] })],
	])("reads %s", (_, of) => {
		expect(losingClients(check(of, { clients: ["afterburn"] }))).toEqual([]);
	});

	it.each(["", "x", null, `${MAC}:${MAC}:${MAC}:00:00`])("parses the MAC address %j only with a network", (mac) => {
		const other = nic2({ ethernet_mac_address: mac });
		expect(losingClients(check(links(nic(), other), { clients: ["afterburn"] }))).toEqual([]);
		expect(losingClients(check({ ...twoNics(), links: [nic(), other] }, { clients: ["afterburn"] }))).toEqual([
			"afterburn",
		]);
	});

	it("loses the network alone, not the drive, for an empty text", () => {
		const texts = (netmask: unknown) =>
			check(networks(ipv4({ routes: [defaultRoute("10.0.0.1", { netmask })] })), { clients: ["afterburn"] }).flatMap(
				({ effects }) => effects.map(({ text }) => text.includes("whole drive")),
			);
		expect(texts("")).toEqual([false]);
		expect(texts(null)).toEqual([true]);
	});
});

describe("VyOS", () => {
	it("stops at a NIC's MTU in text, not at a bond's or a VLAN's", () => {
		expect(outcomesOf("mtu-text", links(nic({ mtu: "1450" })), "vyos")).toEqual(["crash"]);
		expect(outcomesOf("mtu-text", bonded({ mtu: "1450" }), "vyos")).toEqual([]);
	});

	it("has either DHCP or static addresses of a family", () => {
		const rule = "dhcp-beside-static";
		expect(outcomesOf(rule, networks(automatic("ipv4_dhcp"), ipv4()), "vyos")).toEqual(["lost"]);
		expect(outcomesOf(rule, networks(ipv6(), automatic("ipv6_dhcp")), "vyos")).toEqual(["lost"]);
		expect(outcomesOf(rule, networks(automatic("ipv4_dhcp"), ipv6()), "vyos")).toEqual([]);
	});

	it("stops at the mask of an IPv6 route on a NIC, until rolling releases of April 2026", () => {
		const of = (link: string, change = {}) => {
			const routes = [defaultRoute("2001:db8::1", change)];
			return document({ links: [nic(), vlan()], networks: [ipv4(), ipv6({ link, routes })] });
		};
		expect(outcomesOf("ipv6-route-mask", of("tap0"), "vyos@1.4")).toEqual(["crash"]);
		expect(outcomesOf("ipv6-route-mask", of("vlan0"), "vyos@1.4")).toEqual(["lost"]);
		expect(outcomesOf("ipv6-route-mask", of("tap0"), "vyos@2026.04.01")).toEqual([]);
		expect(outcomesOf("ipv6-route-mask", of("tap0", { netmask: "0" }), "vyos@1.4")).toEqual([]);
		expect(losingClients(check(of("tap0"), { clients: ["vyos"] }))).toEqual(["vyos"]);
	});

	it("stops at a route of a static network alone", () => {
		const routes = [without(hostRoute(), "netmask")];
		expect(outcomesOf("route-netmask-missing", networks(ipv4({ routes })), "vyos")).toEqual(["crash"]);
		expect(outcomesOf("route-netmask-missing", networks(automatic("ipv4_dhcp", { routes })), "vyos")).toEqual([]);
		expect(outcomesOf("route-netmask-missing", bonded({}, { routes }), "vyos")).toEqual(["lost"]);
	});

	it("stops at a route to an address inside a network", () => {
		const routes = [hostRoute({ network: "192.168.0.7" })];
		expect(outcomesOf("route-host-bits", networks(ipv4({ routes })), "vyos")).toEqual(["crash"]);
	});

	it("leaves a bond its first member's address, and makes no VLAN on a VLAN", () => {
		const lacp = { bond_mode: "802.3ad", ethernet_mac_address: MAC3 };
		expect(losingClients(check(bonded(lacp), { clients: ["vyos"] }))).toEqual(["vyos"]);
		expect(losingClients(check(bonded({ ...lacp, ethernet_mac_address: MAC }), { clients: ["vyos"] }))).toEqual([]);
		const nested = document({ links: [nic(), vlan(), vlan({ id: "vlan1", vlan_link: "vlan0", vlan_id: 5 })] });
		expect(outcomesOf("vlan-over-vlan", nested, "vyos")).toEqual(["lost"]);
	});

	it("makes a VLAN on a NIC that is called eth and a number", () => {
		const of = (name: string) => document({ links: [nic({ name }), vlan()], networks: [ipv4({ link: "vlan0" })] });
		expect(outcomesOf("nic-name", of("ens3"), "vyos")).toEqual(["lost"]);
		expect(outcomesOf("nic-name", of("eth12"), "vyos")).toEqual(["ignored"]);
		expect(outcomesOf("nic-name", links(nic({ name: "ens3" })), "vyos")).toEqual(["ignored"]);
	});

	it("takes an IPv6 network's gateway for IPv4's", () => {
		expect(outcomesOf("ipv6-gateway", networks(ipv6({ gateway: "2001:db8::1" })), "vyos")).toEqual(["lost"]);
		expect(outcomesOf("ipv6-gateway", networks(ipv6({ routes: [defaultRoute("2001:db8::1")] })), "vyos")).toEqual([]);
	});
});

describe("Talos", () => {
	const crashes = (of: unknown) => losingClients(check(of, { clients: ["talos@1.14"] }));

	it.each([MAC.replaceAll(":", "-"), "5254.0000.0001", "02:00:5e:10:00:00:00:01", 5])(
		"reads %s as a bond's MAC address",
		(mac) => {
			expect(crashes(bonded({ ethernet_mac_address: mac }))).toEqual([]);
		},
	);

	it.each(["52540000-0001", "52:54:00:00:00", "52:54-00:00:00:01", "5254.0000"])("does not read %s", (mac) => {
		expect(crashes(bonded({ ethernet_mac_address: mac }))).toEqual(["talos"]);
	});

	it.each<[string, (address: string) => unknown]>([
		["a gateway", (gateway) => networks(ipv6({ gateway }))],
		["a route's gateway", (gateway) => networks(ipv6({ routes: [defaultRoute(gateway)] }))],
		["a name server", (address) => document({ services: [dns(address)] })],
		["an address", (address) => networks(ipv6({ ip_address: address }))],
	])("reads %s with a zone", (_, of) => {
		expect(crashes(of("fe80::1%eth0"))).toEqual([]);
		expect(crashes(of("fe80::1%"))).toEqual(["talos"]);
		expect(crashes(of("10.0.0.1%eth0"))).toEqual(["talos"]);
	});

	it("reads a gateway only beside an address", () => {
		const of = (change = {}) => networks(automatic("ipv4_dhcp", { gateway: "router", ...change }));
		expect(outcomesOf("gateway-invalid", of(), "talos")).toEqual([]);
		expect(outcomesOf("gateway-invalid", of({ ip_address: "10.0.0.5" }), "talos")).toEqual(["crash"]);
	});

	it("counts the bits of an IPv4 mask for IPv6", () => {
		const route = (netmask: string) => networks(ipv6({ routes: [defaultRoute("2001:db8::1", { netmask })] }));
		expect(outcomesOf("netmask-invalid", networks(ipv6({ netmask: "255.255.255.0" })), "talos")).toEqual(["wrong"]);
		expect(outcomesOf("netmask-invalid", networks(ipv4({ netmask: "ffff:ffff:ffff:ffff::" })), "talos")).toEqual([
			"crash",
		]);
		expect(outcomesOf("route-netmask-invalid", route("0.0.0.0"), "talos")).toEqual([]);
		expect(outcomesOf("route-netmask-invalid", route("255.0.0.0"), "talos")).toEqual(["wrong"]);
	});
});

describe("nuageinit", () => {
	it("takes a VLAN with a NIC's address for the NIC, and stops for one with another", () => {
		const of = (mac: string) => tagged({ ethernet_mac_address: mac });
		expect(outcomesOf("vlan-unsupported", of(MAC), "nuageinit")).toEqual(["lost"]);
		expect(outcomesOf("vlan-unsupported", of(MAC3), "nuageinit")).toEqual(["crash"]);
		expect(outcomesOf("vlan-unsupported", { ...of(MAC3), networks: [ipv4()] }, "nuageinit")).toEqual([]);
	});

	it("joins an empty text, which the system refuses, and stops at a missing one", () => {
		const of = (change: Record<string, unknown>) => networks(ipv4(change));
		expect(outcomesOf("address-missing", of({ ip_address: "" }), "nuageinit")).toEqual(["lost"]);
		expect(outcomesOf("address-missing", of({ ip_address: null }), "nuageinit")).toEqual(["crash"]);
		expect(outcomesOf("netmask-missing", of({ netmask: "" }), "nuageinit")).toEqual(["lost"]);
		expect(outcomesOf("netmask-missing", of({ netmask: null }), "nuageinit")).toEqual(["crash"]);
		expect(outcomesOf("address-prefix", of({ ip_address: "10.0.0.5/24", netmask: "" }), "nuageinit")).toEqual(["lost"]);
		const gateway = (value: unknown) => of({ routes: [hostRoute({ gateway: value })] });
		expect(outcomesOf("route-gateway-missing", gateway(""), "nuageinit")).toEqual(["lost"]);
		expect(outcomesOf("route-gateway-missing", gateway(null), "nuageinit")).toEqual(["crash"]);
	});

	it("stops at a null that it writes, which libucl does not turn into nil", () => {
		const losing = (of: unknown, client = "nuageinit") => losingClients(check(of, { clients: [client] }));
		expect(losing(networks(ipv4({ gateway: null })))).toEqual(["nuageinit"]);
		expect(losing(networks(ipv6({ gateway: null })))).toEqual(["nuageinit"]);
		expect(losing(networks(automatic("ipv4_dhcp", { gateway: null })))).toEqual([]);
		expect(losing(document({ services: [dns(), { type: "dns", address: null }] }))).toEqual(["nuageinit"]);
		expect(losing(document({ services: [{ type: "dns", address: null }] }), "nuageinit@14.1")).toEqual([]);
		expect(losing(document({ services: [{ type: "ntp", address: null }] }))).toEqual([]);
		expect(losing(document({ services: [{ type: "dns" }] }))).toEqual([]);
	});

	it("stops for a bond whose address is no NIC's", () => {
		const rules = (mac: string) =>
			["bond-unsupported", "bond-mac-foreign"].map((rule) =>
				outcomesOf(rule, bonded({ ethernet_mac_address: mac }), "nuageinit"),
			);
		expect(rules(MAC)).toEqual([["lost"], []]);
		expect(rules(MAC3)).toEqual([[], ["crash"]]);
	});

	it("reads no name servers before FreeBSD 14.4", () => {
		expect(outcomesOf("dns-in-services-unread", document(), "nuageinit@14.1")).toEqual(["wrong"]);
		expect(outcomesOf("dns-in-services-unread", document(), "nuageinit")).toEqual([]);
	});

	it("stops for a NIC that is not there, if a network is on it that it configures", () => {
		const stops = (of: unknown) =>
			check(of, { clients: ["nuageinit"], nics: [MAC] }).some(({ effects }) =>
				effects.some(({ outcome }) => outcome === "crash"),
			);
		const two = { links: [nic(), nic2()] };
		expect(stops(document(two))).toBe(false);
		expect(stops({ ...twoNics(), ...two })).toBe(true);
		expect(stops({ ...twoNics({}, { type: "ipv6_slaac" }), ...two })).toBe(false);
		expect(stops(links(nic(), nic2({ ethernet_mac_address: "x" })))).toBe(false);
		expect(stops(links(nic(), nic2({ ethernet_mac_address: 5 })))).toBe(true);
	});
});

describe("sriov-network-operator", () => {
	const client = "sriov-network-operator";
	const effects = (of: unknown) =>
		check(of, { clients: [client] }).flatMap((finding) => finding.effects.map(({ outcome }) => outcome));

	it("cannot parse ids that are numbers", () => {
		expect(effects(networks(ipv4({ network_id: 5 })))).toEqual(["crash"]);
		expect(effects(links(nic({ vif_id: 5 })))).toEqual(["crash"]);
		expect(effects(links(nic({ vif_id: null })))).toEqual([]);
	});

	it("does not find a NIC by an address in capitals or with dashes", () => {
		expect(effects(links(nic({ ethernet_mac_address: "52:54:00:00:00:0A" })))).toEqual(["wrong"]);
		expect(effects(links(nic({ ethernet_mac_address: MAC.replaceAll(":", "-") })))).toEqual(["wrong"]);
		expect(effects(links(nic()))).toEqual([]);
	});
});

describe("a name server at an address that no host can have", () => {
	it.each(["0.0.0.0", "::", "224.0.0.251", "ff02::fb", "255.255.255.255"])("is reported: %s", (address) => {
		const found = outcomesOf("dns-server-unusable", document({ services: [dns(address)] }), "cloud-init", "talos");
		expect(found).toEqual(["wrong", "wrong"]);
	});

	it.each(["127.0.0.53", "fe80::1", "10.0.0.255"])("is not %s", (address) => {
		expect(outcomesOf("dns-server-unusable", document({ services: [dns(address)] }), "cloud-init")).toEqual([]);
	});
});

describe("a text that is YAML", () => {
	it("is read by Afterburn alone", () => {
		const losing = losingClients(check(document(), { notJson: "Unexpected token" }));
		expect(losing).toEqual(["cloud-init", "cloudbase-init", "glean", "nuageinit", "vyos", "sriov-network-operator"]);
	});
});
