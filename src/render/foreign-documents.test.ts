/** Documents of other makers: what each format makes of the members that Guestwire itself never writes. */
import { describe, expect, it } from "vitest";
import {
	any4,
	dhcp,
	dns,
	fixed,
	foreignMac as mac,
	foreignNic as nic,
	rendered,
	via,
} from "../../test/render/foreign.ts";
import { READABLE_FORMATS } from "../../test/render/readers.ts";

describe.each(READABLE_FORMATS)("%s", (format) => {
	it("names a bond as the document does, and a VLAN after it", () => {
		const bond = { id: "b", type: "bond", bond_mode: "802.3ad", bond_links: ["nic1", "nic2"], bond_miimon: "100" };
		const vlan = { id: "v", type: "vlan", vlan_id: 7, vlan_link: "b", vlan_mac_address: mac(1) };
		const links = [nic(1), nic(2), { ...bond, ethernet_mac_address: mac(1), name: "bond-mgmt" }, vlan];
		const { names } = rendered(format, { links, networks: [fixed("v", "192.0.2.10")] });
		expect(names.toSorted()).toEqual(["bond-mgmt", "bond-mgmt.7", "eth0", "eth1"]);
	});

	it("does not call a bond lo, which every guest has", () => {
		const bond = { id: "b", type: "bond", bond_mode: "802.3ad", bond_links: ["nic1", "nic2"], name: "lo" };
		const links = [nic(1), nic(2), { ...bond, ethernet_mac_address: mac(1) }];
		const { names, remarks } = rendered(format, { links, networks: [fixed("b", "192.0.2.10")] });
		expect(names.toSorted()).toEqual(["bond0", "eth0", "eth1"]);
		expect(remarks).toContainEqual(expect.objectContaining({ pointer: "/links/2/name", value: '"lo"' }));
	});

	it("finds a NIC without a MAC address by its name", () => {
		const links = [{ id: "eno1", name: "eno1", type: "phy", mtu: 9000 }];
		const { one } = rendered(format, {
			links,
			networks: [fixed("eno1", "192.0.2.10", { routes: [any4("192.0.2.1")] })],
		});
		expect(one("eno1")).toMatchObject({ mtu: 9000, addresses: new Set(["192.0.2.10/24"]) });
		expect(one("eno1").mac).toBeUndefined();
		expect(one("eno1").routes).toEqual([via("0.0.0.0/0", "192.0.2.1")]);
	});

	it("has the name servers that Metal3 writes into routes", () => {
		const routes = [any4("192.0.2.1", { services: [dns("192.0.2.53")] })];
		const { one } = rendered(format, { links: [nic(1)], networks: [fixed("nic1", "192.0.2.10", { routes })] });
		expect(one("eth0").dns).toEqual(new Set(["192.0.2.53"]));
	});

	it("reads the word default, a router with a zone, and lists with commas", () => {
		const any = { network: "default", gateway: "192.0.2.1" };
		const more = {
			routes: [any],
			dns_search: "a.example, b.example",
			services: [{ ...dns("192.0.2.53"), search: "c.example" }],
		};
		const router = { network: "::", netmask: "::", gateway: "fe80::1%eth0" };
		const networks = [
			fixed("nic1", "192.0.2.10", more),
			{ ...fixed("nic1", "2001:db8::10", { routes: [router] }), type: "ipv6", netmask: "64" },
		];
		const { one } = rendered(format, { links: [nic(1)], networks });
		expect(one("eth0").routes).toEqual([via("0.0.0.0/0", "192.0.2.1"), via("::/0", "fe80::1")]);
		expect(one("eth0").search).toEqual(new Set(["a.example", "b.example", "c.example"]));
	});

	it("has a server only once if both services and dns_nameservers name it", () => {
		const more = { services: [dns("192.0.2.53")], dns_nameservers: ["192.0.2.53"], dns_search: ["a.example"] };
		const networks = [fixed("nic1", "192.0.2.10", more)];
		const { one, remarks } = rendered(format, { links: [nic(1)], networks, services: [dns("192.0.2.53")] });
		expect(one("eth0")).toMatchObject({ dns: new Set(["192.0.2.53"]), search: new Set(["a.example"]) });
		expect(remarks.filter(({ pointer }) => pointer.startsWith("/networks"))).toEqual([]);
	});

	it("keeps the metrics of the document, and ranks only routes without one", () => {
		const networks = [
			fixed("nic1", "192.0.2.10", { routes: [any4("192.0.2.1", { metric: 500 })] }),
			fixed("nic2", "198.51.100.10", {
				routes: [
					any4("198.51.100.1", { metric: 100 }),
					{ network: "10.0.0.0", netmask: "255.0.0.0", gateway: "198.51.100.2", metric: 700 },
				],
			}),
			fixed("nic3", "203.0.113.10", { routes: [any4("203.0.113.1")] }),
		];
		const { one } = rendered(format, { links: [nic(1), nic(2), nic(3)], networks });
		expect(one("eth0").routes).toEqual([via("0.0.0.0/0", "192.0.2.1", 500)]);
		expect(one("eth1").routes).toEqual([via("0.0.0.0/0", "198.51.100.1", 100), via("10.0.0.0/8", "198.51.100.2", 700)]);
		// In the kernel it has metric 0.
		expect(one("eth2").routes).toEqual([via("0.0.0.0/0", "203.0.113.1", 50)]);
	});

	it("has the default route of a lone gateway member", () => {
		const networks = [fixed("nic1", "192.0.2.10", { gateway: "192.0.2.1" })];
		expect(rendered(format, { links: [nic(1)], networks }).one("eth0").routes).toEqual([via("0.0.0.0/0", "192.0.2.1")]);
	});

	it("declares a gateway outside the subnet on-link, in routes and as a member", () => {
		const outside = { netmask: "255.255.255.255" };
		for (const more of [{ gateway: "169.254.1.1" }, { routes: [any4("169.254.1.1")] }]) {
			const { one } = rendered(format, {
				links: [nic(1)],
				networks: [fixed("nic1", "192.0.2.10", { ...outside, ...more })],
			});
			expect(one("eth0").routes).toMatchObject([{ via: "169.254.1.1", onLink: true }]);
		}
	});

	it("has the routes that are on the last of several addresses", () => {
		const networks = [fixed("nic1", "192.0.2.10"), fixed("nic1", "192.0.2.11", { routes: [any4("192.0.2.1")] })];
		const { one } = rendered(format, { links: [nic(1)], networks });
		expect(one("eth0").addresses).toEqual(new Set(["192.0.2.10/24", "192.0.2.11/24"]));
		expect(one("eth0").routes).toEqual([via("0.0.0.0/0", "192.0.2.1")]);
	});

	it("assumes /64 for an IPv6 address without a netmask, with a remark", () => {
		const any6 = { network: "::", netmask: "::", gateway: "2001:db8::1" };
		const networks = [{ ...fixed("nic1", "2001:db8::10", { routes: [any6] }), type: "ipv6", netmask: "" }];
		const { one, remarks } = rendered(format, { links: [nic(1)], networks });
		expect(one("eth0").addresses).toEqual(new Set(["2001:db8::10/64"]));
		expect(one("eth0").routes).toEqual([via("::/0", "2001:db8::1")]);
		expect(remarks).toContainEqual(expect.objectContaining({ pointer: "/networks/0/netmask" }));
	});

	it("gives a VLAN the MAC address in ethernet_mac_address", () => {
		const vlan = { id: "v", type: "vlan", vlan_id: 7, vlan_link: "nic1", ethernet_mac_address: mac(7) };
		const { one } = rendered(format, { links: [nic(1), vlan], networks: [fixed("v", "192.0.2.10")] });
		expect(one("eth0.7")).toMatchObject({ mac: mac(7), vlan: { id: 7, parent: "eth0" } });
	});

	it("keeps a VLAN's own MAC address", () => {
		const vlan = { id: "v", type: "vlan", vlan_id: 7, vlan_link: "nic1", vlan_mac_address: mac(7) };
		expect(rendered(format, { links: [nic(1), vlan], networks: [dhcp("v")] }).one("eth0.7").mac).toBe(mac(7));
	});

	it("adds link monitoring to a bond without it", () => {
		const bond = { id: "b", type: "bond", bond_mode: "active-backup", bond_links: ["nic1", "nic2"] };
		const links = [nic(1), nic(2), { ...bond, ethernet_mac_address: mac(1) }];
		const { one, remarks } = rendered(format, { links, networks: [fixed("b", "192.0.2.10")] });
		expect(one("bond0").bond).toMatchObject({ mode: "active-backup", miimon: 100 });
		expect(remarks).toContainEqual(expect.objectContaining({ pointer: "/links/2/bond_miimon" }));
	});

	it.skipIf(format === "cloud-init")("keeps a bond's ARP monitoring", () => {
		for (const bond_arp_ip_target of ["192.0.2.1,192.0.2.2", ["192.0.2.1", "192.0.2.2"]]) {
			const arp = { bond_arp_interval: 200, bond_arp_ip_target };
			const bond = { id: "b", type: "bond", bond_mode: "active-backup", bond_links: ["nic1", "nic2"], ...arp };
			const links = [nic(1), nic(2), { ...bond, bond_miimon: 0, ethernet_mac_address: mac(1) }];
			const { one, remarks } = rendered(format, { links, networks: [fixed("b", "192.0.2.10")] });
			expect(one("bond0").bond).toMatchObject({ arpInterval: 200, arpTargets: "192.0.2.1,192.0.2.2" });
			expect(one("bond0").bond?.miimon ?? 0).toBe(0);
			expect(remarks.filter(({ pointer }) => pointer.startsWith("/links/2/bond_"))).toEqual([]);
		}
	});

	it("ranks the default routes of several DHCP servers", () => {
		const { one } = rendered(format, {
			links: [nic(1), nic(2), nic(3)],
			networks: [1, 2, 3].map((n) => dhcp(`nic${n}`)),
		});
		expect(["eth0", "eth1", "eth2"].map((name) => one(name).learned.ipv4)).toEqual([undefined, 2049, 2050]);
	});

	it("gives DHCP routes the metric of their network", () => {
		const { one } = rendered(format, {
			links: [nic(1), nic(2), nic(3)],
			networks: [
				{ ...dhcp("nic1"), metric: 300 },
				{ ...dhcp("nic2"), metric: "200" },
				{ ...dhcp("nic3"), metric: "low" },
			],
		});
		// DHCP clients give it 100.
		expect(["eth0", "eth1", "eth2"].map((name) => one(name).learned.ipv4)).toEqual([300, 200, 100]);
	});

	it("remarks on a MAC address that no NIC has", () => {
		for (const ethernet_mac_address of ["00:00:00:00:00:00", "01:00:5e:00:00:01"]) {
			const links = [nic(1, { ethernet_mac_address })];
			const { remarks } = rendered(format, { links, networks: [dhcp("nic1")] });
			expect(remarks).toContainEqual(expect.objectContaining({ pointer: "/links/0/ethernet_mac_address" }));
		}
	});

	it("accepts numbers as ids everywhere", () => {
		const bond = {
			id: 3,
			type: "bond",
			bond_mode: 1,
			bond_miimon: 100,
			bond_links: [1, 2],
			ethernet_mac_address: mac(1),
		};
		const vlan = { id: 4, type: "vlan", vlan_id: 7, vlan_link: 3, vlan_mac_address: mac(3), vif_id: 9 };
		const links = [nic(1, { id: 1 }), nic(2, { id: 2 }), bond, vlan];
		const { one } = rendered(format, {
			links,
			networks: [{ ...fixed("4", "192.0.2.10"), id: 5, link: 4, network_id: 6 }],
		});
		expect(one("bond0.7").addresses).toEqual(new Set(["192.0.2.10/24"]));
		expect([one("eth0").memberOf, one("eth1").memberOf]).toEqual(["bond0", "bond0"]);
	});
});

describe("cloud-init with NetworkManager fails on a default route with a metric after the first subnet", () => {
	const any6 = (gateway: string) => ({ network: "::", netmask: "::", gateway });
	const fixed6 = (link: string, n: number) => ({
		...fixed(link, `2001:db8:${n}::5`, { routes: [any6(`2001:db8:${n}::1`)] }),
		type: "ipv6",
		netmask: "64",
	});

	it("so the first link's IPv6 route has none", () => {
		const networks = [dhcp("nic1"), { id: "s", type: "ipv6_slaac", link: "nic1", routes: [any6("2001:db8:d::1")] }];
		const { one, remarks } = rendered("cloud-init", { links: [nic(1)], networks });
		expect(one("eth0").routes).toEqual([{ to: "::/0", via: "2001:db8:d::1", onLink: false }]);
		expect(remarks).toContainEqual(
			expect.objectContaining({ pointer: "/networks/1/routes/0", value: '{"gateway":"2001:db8:d::1","metric":50}' }),
		);
	});

	it("and a later link's IPv6 route is dropped beside IPv4, with a remark", () => {
		const networks = [1, 2].flatMap((n) => [
			fixed(`nic${n}`, `10.${n}.0.5`, { routes: [any4(`10.${n}.0.1`)] }),
			fixed6(`nic${n}`, n),
		]);
		const { one, remarks } = rendered("cloud-init", { links: [nic(1), nic(2)], networks });
		expect(one("eth0").routes).toHaveLength(2);
		expect(one("eth1").routes).toEqual([{ to: "0.0.0.0/0", via: "10.2.0.1", onLink: false, metric: 2049 }]);
		expect(remarks).toContainEqual(expect.objectContaining({ pointer: "/networks/3/routes/0" }));
	});

	it("but stays where the addresses can be reordered", () => {
		const networks = [fixed("nic1", "10.1.0.5"), fixed6("nic1", 1), { id: "s", type: "ipv6_slaac", link: "nic1" }];
		const { one } = rendered("cloud-init", { links: [nic(1)], networks });
		expect([...one("eth0").addresses]).toEqual(["2001:db8:1::5/64", "10.1.0.5/24"]);
		expect(one("eth0").routes).toMatchObject([{ to: "::/0", metric: 50 }]);
	});
});
