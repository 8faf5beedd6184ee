import { describe, expect, it } from "vitest";
import {
	automatic,
	bond,
	bonded,
	defaultRoute,
	document,
	ipv4,
	ipv6,
	networks,
	nic,
	nic2,
	twoNics,
	vlan,
} from "../../test/check/documents.ts";
import { check } from "./check.ts";

/** The outcomes of a rule for a document with one client. */
function outcomesOf(rule: string, client: string, of: unknown): string[] {
	return check(of, { clients: [client] }).flatMap((finding) =>
		finding.rule === rule ? finding.effects.map(({ outcome }) => outcome) : [],
	);
}

describe("an address that is not text", () => {
	const outcome = (value: unknown) => outcomesOf("address-invalid", "talos", networks(ipv4({ ip_address: value })));

	it("is dropped by Talos, which fails on text that is not an address", () => {
		expect(outcome(["10.0.0.5", "10.0.0.6"])).toEqual(["lost"]);
		expect(outcome(7)).toEqual(["lost"]);
		expect(outcome("10.0.0.256")).toEqual(["crash"]);
		const dynamic = networks(automatic("ipv4_dhcp", { ip_address: 7 }));
		expect(outcomesOf("address-invalid", "talos", dynamic)).toEqual([]);
	});

	it("is also dropped as a network's gateway", () => {
		const gateway = (value: unknown) => outcomesOf("gateway-invalid", "talos", networks(ipv4({ gateway: value })));
		expect(gateway(["10.0.0.1"])).toEqual(["lost"]);
		expect(gateway("router")).toEqual(["crash"]);
	});
});

describe("a default route by a gateway of the other family", () => {
	const mixed = [
		networks(ipv4({ routes: [defaultRoute("10.0.0.1", { gateway: "fe80::1" })] })),
		networks(ipv6({ routes: [defaultRoute("fe80::1", { gateway: "10.0.0.1" })] })),
	];

	it.each(["talos", "vyos", "afterburn"])("is lost with %s", (client) => {
		expect(mixed.map((of) => outcomesOf("route-gateway-family", client, of))).toEqual([["lost"], ["lost"]]);
	});
});

describe("a bond's mode as the driver's number", () => {
	const of = (mode: unknown) => bonded({ bond_mode: mode, bond_miimon: undefined });

	it.each(["4", 4, "6"])("turns on the driver's own link monitoring: %j", (mode) => {
		expect(outcomesOf("bond-monitoring-missing", "cloud-init:eni", of(mode))).toEqual([]);
	});

	it.each(["1", 2])("does not in %j", (mode) => {
		expect(outcomesOf("bond-monitoring-missing", "cloud-init:eni", of(mode))).toEqual(["wrong"]);
	});

	it("is that of VyOS's bonds, if it is LACP's", () => {
		expect(outcomesOf("bond-unsupported", "vyos", of("4"))).toEqual([]);
		expect(outcomesOf("bond-unsupported", "vyos", of("1"))).toEqual(["lost"]);
	});
});

describe("a link's name", () => {
	const named = (name: string) => bonded({ name });

	it("is read for a bond only by cloud-init since 26.1", () => {
		const outcome = (client: string) => outcomesOf("link-name-unusable", client, named("0123456789abcdef"));
		expect(outcome("cloud-init@25.3")).toEqual([]);
		expect(outcome("cloud-init@26.1")).toEqual(["lost"]);
		const of = document({ links: [nic(), nic2(), bond({ name: "0123456789ab" }), vlan({ vlan_link: "bond0" })] });
		expect(outcomesOf("vlan-name-long", "cloud-init@25.3", of)).toEqual([]);
		expect(outcomesOf("vlan-name-long", "cloud-init@26.1", of)).toEqual(["lost"]);
	});

	it("does not count in glean, which takes a bond's id, with a longer ending for systemd-networkd", () => {
		const of = (id: string, change = {}) =>
			document({ links: [nic(), nic2(), bond({ id, ...change }), vlan({ vlan_link: id })] });
		const lost = (id: string, client: string, change = {}) => outcomesOf("vlan-name-long", client, of(id, change));
		expect(lost("tap123456789", "glean:debian", { name: "bond0" })).toEqual(["lost"]);
		expect(lost("tap123456789", "cloud-init@26.1", { name: "bond0" })).toEqual([]);
		expect(lost("bond0", "glean:debian", { name: "tap123456789" })).toEqual([]);
		expect(lost("bond0", "cloud-init@26.1", { name: "tap123456789" })).toEqual(["lost"]);
		expect(lost("uplink00", "glean:networkd")).toEqual(["lost"]);
		expect(lost("uplink00", "glean:debian")).toEqual([]);
		expect(lost("uplink0", "glean:networkd")).toEqual([]);
	});

	it("leaves NetworkManager the NIC, which it finds by its MAC address", () => {
		const of = document({ links: [nic({ name: "0123456789abcdef" })] });
		expect(outcomesOf("link-name-unusable", "cloud-init@22.4:network-manager", of)).toEqual(["wrong"]);
		expect(outcomesOf("link-name-unusable", "cloud-init@22.4:networkd", of)).toEqual(["lost"]);
	});

	it("of two NICs leaves one of them with cloud-init, and brings both together with VyOS", () => {
		const of = { ...twoNics(), links: [nic({ name: "eth0" }), nic2({ name: "eth0" })] };
		expect(outcomesOf("link-name-repeated", "cloud-init", of)).toEqual(["lost"]);
		expect(outcomesOf("link-name-repeated", "vyos", of)).toEqual(["wrong"]);
		expect(outcomesOf("link-name-repeated", "talos", of)).toEqual([]);
	});
});

describe("a network's own metric", () => {
	const rule = "default-route-on-two-links";
	const gateways = (...metrics: unknown[]) => {
		const [first, second] = metrics.map((metric, index) => ({ gateway: `10.${index}.0.1`, metric }));
		return twoNics(first, second);
	};
	const routed = (...metrics: unknown[]) => {
		const [first, second] = metrics.map((metric, index) => ({ routes: [defaultRoute(`10.${index}.0.1`)], metric }));
		return twoNics(first, second);
	};
	const same = ["wrong"];

	it("ranks default routes with netplan since 25.2, NetworkManager since 26.2, sysconfig and ifupdown", () => {
		expect(outcomesOf(rule, "cloud-init@26.2:netplan", gateways(100, 200))).toEqual([]);
		expect(outcomesOf(rule, "cloud-init@26.2:netplan", gateways(100, 100))).toEqual(same);
		expect(outcomesOf(rule, "cloud-init@25.1:netplan", gateways(100, 200))).toEqual(same);
		expect(outcomesOf(rule, "cloud-init@26.2:network-manager", gateways(100, 200))).toEqual([]);
		expect(outcomesOf(rule, "cloud-init@26.1:network-manager", gateways(100, 200))).toEqual(same);
		expect(outcomesOf(rule, "cloud-init@22.4:sysconfig", gateways(100, 200))).toEqual([]);
		expect(outcomesOf(rule, "cloud-init@22.4:eni", gateways(100, 200))).toEqual([]);
		expect(outcomesOf(rule, "cloud-init@26.2:networkd", gateways(100, 200))).toEqual(same);
		expect(outcomesOf(rule, "talos", gateways(100, 200))).toEqual(same);
	});

	it("is that of its routes, but not with ifupdown", () => {
		expect(outcomesOf(rule, "cloud-init@26.2:netplan", routed(100, 200))).toEqual([]);
		expect(outcomesOf(rule, "cloud-init@26.2:eni", routed(100, 200))).toEqual(same);
	});

	it("ranks the routes by DHCP where cloud-init passes it on", () => {
		const dhcp = (...metrics: unknown[]) => {
			const [first, second] = metrics.map((metric) => ({ type: "ipv4_dhcp", ...(metric !== null && { metric }) }));
			return twoNics(first, second);
		};
		const outcome = (client: string, ...metrics: unknown[]) =>
			outcomesOf("dhcp-on-two-links", client, dhcp(...metrics));
		expect(outcome("cloud-init@26.2:netplan", 100, 200)).toEqual([]);
		expect(outcome("cloud-init@26.2:netplan", null, 200)).toEqual([]);
		// systemd-networkd has 100 where nothing is said.
		expect(outcome("cloud-init@26.2:netplan", null, 100)).toEqual(same);
		expect(outcome("cloud-init@25.1:netplan", 100, 200)).toEqual(same);
		expect(outcome("cloud-init@22.4:eni", 100, 200)).toEqual([]);
		expect(outcome("cloud-init@26.2:networkd", 100, 200)).toEqual(same);
	});
});

describe("a MAC address that no NIC has", () => {
	const of = (mac: string, change = {}) => document({ links: [nic({ ethernet_mac_address: mac, ...change })] });
	const outcome = (client: string, ...parts: Parameters<typeof of>) =>
		outcomesOf("nic-mac-unusable", client, of(...parts));

	it("makes cloud-init stop, which knows the loopback interface by zeros", () => {
		expect(outcome("cloud-init", "01:00:5e:00:00:01")).toEqual(["crash"]);
		expect(outcome("cloud-init", "00:00:00:00:00:00")).toEqual(["lost"]);
		expect(outcome("cloud-init:networkd", "01:00:5e:00:00:01", { name: "lan0" })).toEqual(["lost"]);
		expect(outcome("cloud-init:eni", "01:00:5e:00:00:01", { name: "lan0" })).toEqual([]);
	});

	it("is any with an odd first byte", () => {
		expect(outcome("talos", "03:00:00:00:00:01")).toEqual(["wrong"]);
		expect(outcome("talos", "02:00:00:00:00:01")).toEqual([]);
	});
});
