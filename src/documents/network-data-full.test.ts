import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFacts } from "../../test/arbitrary-facts.ts";
import { recordedCase, recordedCases } from "../../test/recorded.ts";
import { assemble } from "../instance/assemble.ts";
import type { InstanceFacts, PortFacts, SubnetFacts } from "../instance/facts.ts";
import type { Instance, Port } from "../instance/instance.ts";
import { NOVA_RELEASES } from "../instance/nova-release.ts";
import { crossCheck } from "./cross-check.ts";
import { DEFAULT_BONDS } from "./full-links.ts";
import { jsonText } from "./json.ts";
import {
	EmittedNetworkDataSchema,
	type NetworkData,
	NetworkDataSchema,
	NovaNetworkDataSchema,
} from "./network-data.ts";
import { networkData } from "./network-data-full.ts";
import { novaNetworkData } from "./network-data-nova.ts";

const ajv = new Ajv2020({ allErrors: true });
const isFull = ajv.compile(NetworkDataSchema);
const isNova = ajv.compile(NovaNetworkDataSchema);
const isEmitted = ajv.compile(EmittedNetworkDataSchema);
const options = { trunks: true, defaultRoutes: "first" } as const;

const dataOf = (name: string, change: (facts: InstanceFacts) => InstanceFacts = (facts) => facts) => {
	const data = networkData(assemble(change(recordedCase(name).facts)), options);
	if (!data) throw new Error(`${name} has no document`);
	return data;
};

/** The case's facts with its ports replaced. */
const withPorts = (change: (port: PortFacts, index: number) => PortFacts[]) => (facts: InstanceFacts) => ({
	...facts,
	ports: facts.ports.flatMap(change),
});

describe.each(recordedCases())("recorded instance $name, profile full", ({ facts }) => {
	const instance = assemble(facts);
	const data = networkData(instance, options);

	it("has a sound document, or none without a port", () => {
		if (facts.ports.length === 0) expect(data).toBeUndefined();
		else expectSound(data, instance);
	});
});

describe("links", () => {
	it("are in the order of the server's addresses, whatever order the ports come in", () => {
		const data = dataOf("e4-same-net-twice", (facts) => ({ ...facts, ports: facts.ports.toReversed() }));
		expect(data.links.map((link) => link.vif_id)).toEqual([
			"575a4420-bf13-4fc1-b65e-d1af0de62eb5",
			"8e9ba0a9-9e24-4886-9da4-593ea5ace369",
		]);
	});

	it("are ordered by creation, then id, where the server doesn't name their MAC addresses", () => {
		const [older, newer] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
		const ids = ["c", "a", "b"];
		const data = dataOf("h1-full", (facts) => ({
			...facts,
			ports: ids.flatMap((id) =>
				facts.ports.map((port) => ({
					...port,
					id,
					mac_address: `02:00:00:00:00:0${id}`,
					created_at: id === "c" ? older : newer,
				})),
			),
		}));
		expect(data.links.map((link) => link.vif_id)).toEqual(["c", "a", "b"]);
	});

	it.each(["unbound", "binding_failed"])("leave out a port that is %s", (vifType) => {
		const data = dataOf(
			"e4-same-net-twice",
			withPorts((port, index) => [index === 0 ? { ...port, "binding:vif_type": vifType } : port]),
		);
		expect(data.links.map((link) => link.vif_id)).toEqual(["8e9ba0a9-9e24-4886-9da4-593ea5ace369"]);
		expect(data.networks.map((network) => network.ip_address)).toEqual(["10.5.2.30"]);
	});

	it("have an MTU with DHCP too, and type phy instead of one that Talos would ignore", () => {
		const data = dataOf(
			"a-dhcp4",
			withPorts((port) => [{ ...port, "binding:vif_type": "dvs", mac_address: "FA-16-3E-00-00-01" }]),
		);
		expect(data.links).toEqual([
			{
				id: "tape8450246-15",
				vif_id: "e8450246-1587-42b2-85c2-e556e9150b92",
				type: "phy",
				mtu: 1442,
				ethernet_mac_address: "fa:16:3e:00:00:01",
			},
		]);
	});

	it("include a port without an address", () => {
		const data = dataOf("k-addressless");
		expect(data.links).toHaveLength(1);
		expect(data.networks).toEqual([]);
	});
});

describe("networks", () => {
	it("are one for each address, with the ids of network and subnet and the DNS of the subnet", () => {
		expect(
			dataOf("e1-multi-address").networks.map(({ id, type, ip_address, subnet_id, services }) => [
				id,
				type,
				ip_address,
				subnet_id?.slice(0, 8),
				services,
			]),
		).toEqual([
			["network0", "ipv4", "10.5.2.10", "af51ad8d", [{ type: "dns", address: "10.5.2.53" }]],
			["network1", "ipv4", "10.5.1.10", "114ac5bf", [{ type: "dns", address: "10.5.1.53" }]],
		]);
		expect(dataOf("e1-multi-address").services.map(({ address }) => address)).toEqual(["10.5.1.53", "10.5.2.53"]);
	});

	it.each(["slaac", "dhcpv6-stateless"])(
		"are static beside a static IPv6 address, not %s: cloud-init turns it off",
		(mode) => {
			const change = (facts: InstanceFacts): InstanceFacts => {
				const six = facts.subnets.find(({ cidr }) => cidr.includes(":")) as SubnetFacts;
				const modes = { ipv6_address_mode: mode, ipv6_ra_mode: mode };
				const other = {
					...six,
					id: "other",
					cidr: "2001:db8:9::/64",
					gateway_ip: null,
					enable_dhcp: false,
					ipv6_address_mode: null,
				};
				return {
					...facts,
					subnets: [...facts.subnets.map((subnet) => (subnet === six ? { ...six, ...modes } : subnet)), other],
					ports: facts.ports.map((port) => ({
						...port,
						fixed_ips: [...port.fixed_ips, { subnet_id: "other", ip_address: "2001:db8:9::5" }],
					})),
				};
			};
			const six = dataOf("d1-dual-slaac", change).networks.filter(({ ip_address }) => ip_address?.includes(":"));
			expect(six.map(({ type }) => type)).toEqual(["ipv6", "ipv6"]);
			const routes = six.flatMap((network) => network.routes ?? []);
			expect(routes).toMatchObject([{ network: "::", netmask: "::" }]);
		},
	);

	it("name the same DNS servers in dns_nameservers as in services", () => {
		for (const { services, dns_nameservers } of dataOf("e1-multi-address").networks) {
			expect(dns_nameservers).toEqual(services?.map(({ address }) => address));
		}
	});

	it("repeat the DNS servers of a SLAAC subnet on the link's first static network", () => {
		const [static4, slaac] = dataOf("d1-dual-slaac").networks;
		expect(static4).toMatchObject({ type: "ipv4", dns_nameservers: ["9.9.9.9", "2620:fe::fe"] });
		expect(slaac).toMatchObject({ type: "ipv6_slaac", dns_nameservers: ["2620:fe::fe"] });
	});

	it("are DHCP by the subnet's enable_dhcp, without a gateway too", () => {
		expect(dataOf("a3-dhcp4-nogw").networks).toMatchObject([{ type: "ipv4_dhcp", routes: [] }]);
	});

	it("mark only the first address on a DHCP subnet as DHCP", () => {
		const data = dataOf(
			"a-dhcp4",
			withPorts((port) => [
				{
					...port,
					fixed_ips: [...port.fixed_ips, { subnet_id: port.fixed_ips[0]?.subnet_id ?? "", ip_address: "10.1.0.99" }],
				},
			]),
		);
		expect(data.networks).toMatchObject([
			{ type: "ipv4_dhcp", ip_address: "10.1.0.10" },
			{ type: "ipv4", ip_address: "10.1.0.99", netmask: "255.255.255.0", routes: [] },
		]);
	});

	it.each([
		["d1-dual-slaac", "ipv6_slaac"],
		["d2-dual-stateful", "ipv6_dhcpv6-stateful"],
		["d4-dual-static6", "ipv6"],
		["d7-dhcp6-nomodes", "ipv6_dhcp"],
	])("of %s get IPv6 by %s", (name, type) => {
		expect(dataOf(name).networks.at(-1)).toMatchObject({ type, ip_address: expect.stringMatching(/^2001:db8:/) });
	});

	it("put a static IPv6 address before DHCPv6, so that cloud-init accepts router advertisements", () => {
		const data = dataOf(
			"d2-dual-stateful",
			withPorts((port) => [
				{
					...port,
					fixed_ips: [
						...port.fixed_ips,
						{ subnet_id: port.fixed_ips[1]?.subnet_id ?? "", ip_address: "2001:db8:4:2::99" },
					],
				},
			]),
		);
		expect(data.networks.map(({ type, ip_address }) => [type, ip_address])).toEqual([
			["ipv4", "10.4.2.10"],
			["ipv6", "2001:db8:4:2::99"],
			["ipv6_dhcpv6-stateful", "2001:db8:4:2::10"],
		]);
	});

	it("have the network's DNS domain as search domain, without its final dot", () => {
		expect(dataOf("n-dns").networks).toMatchObject([{ dns_search: ["tenant.example"] }]);
	});

	it("prefer the port's own DNS domain", () => {
		const data = dataOf(
			"n-dns",
			withPorts((port) => [{ ...port, dns_domain: "port.example." }]),
		);
		expect(data.networks).toMatchObject([{ dns_search: ["port.example"] }]);
	});
});

describe("routes", () => {
	const defaultsOf = (data: NetworkData) =>
		data.networks.flatMap(({ link, routes }) =>
			(routes ?? [])
				.filter(({ netmask }) => netmask === "0.0.0.0" || netmask === "::")
				.map(({ gateway }) => [link, gateway]),
		);

	it("have one default per family, on the first link", () => {
		expect(defaultsOf(dataOf("e4-same-net-twice"))).toEqual([["tap575a4420-bf", "10.5.1.1"]]);
	});

	it("have one default per link if every link should have one", () => {
		const instance = assemble(recordedCase("e4-same-net-twice").facts);
		const data = networkData(instance, { trunks: true, defaultRoutes: "every" });
		expect(data && defaultsOf(data)).toEqual([
			["tap575a4420-bf", "10.5.1.1"],
			["tap8e9ba0a9-9e", "10.5.2.1"],
		]);
	});

	it("have one default on a link with two subnets, on the last address for clients that keep only the last", () => {
		const data = dataOf("e1-multi-address");
		expect(defaultsOf(data)).toEqual([["tapacfbbea6-ec", "10.5.1.1"]]);
		expect(data.networks.at(-1)?.routes).toContainEqual({
			network: "0.0.0.0",
			netmask: "0.0.0.0",
			gateway: "10.5.1.1",
		});
	});

	it("of a subnet are on the last of its addresses", () => {
		const data = dataOf(
			"b-static4",
			withPorts((port) => [
				{
					...port,
					fixed_ips: [...port.fixed_ips, { subnet_id: port.fixed_ips[0]?.subnet_id ?? "", ip_address: "10.2.0.99" }],
				},
			]),
		);
		const gateways = data.networks.map(({ routes }) => routes?.map(({ gateway }) => gateway));
		expect(gateways).toEqual([[], ["10.2.0.1", "10.2.0.2", "10.2.0.3"]]);
	});

	it("write a gateway outside the link's subnets as the network's own, after an on-link route to it", () => {
		const data = dataOf("b-static4", (facts) => ({
			...facts,
			subnets: facts.subnets.map((subnet) => ({ ...subnet, gateway_ip: "192.0.2.1" })),
		}));
		const declared = { network: "192.0.2.1", netmask: "255.255.255.255", gateway: "0.0.0.0" };
		expect(data.networks).toMatchObject([{ gateway: "192.0.2.1" }]);
		expect(data.networks[0]?.routes?.[0]).toEqual(declared);
		expect(defaultsOf(data)).toEqual([]);
	});

	const withRoutes = (...routes: readonly (readonly [destination: string, nexthop: string])[]) =>
		dataOf("b-static4", (facts) => ({
			...facts,
			subnets: facts.subnets.map((subnet) => ({
				...subnet,
				host_routes: routes.map(([destination, nexthop]) => ({ destination, nexthop })),
			})),
		})).networks[0];
	const own = { network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.2.0.1" };
	const far = { network: "198.51.100.7", netmask: "255.255.255.255", gateway: "0.0.0.0" };

	it("declare a next hop outside the subnets on-link", () => {
		const given = withRoutes(["192.0.2.0/24", "198.51.100.7"], ["203.0.113.0/24", "198.51.100.7"]);
		expect(given?.routes).toEqual([
			own,
			far,
			{ network: "192.0.2.0", netmask: "255.255.255.0", gateway: "198.51.100.7" },
			{ network: "203.0.113.0", netmask: "255.255.255.0", gateway: "198.51.100.7" },
		]);
		expect(withRoutes(["198.51.100.7/32", "198.51.100.7"])?.routes).toEqual([own, far]);
	});

	it("keep a host route without a router, which is on the link", () => {
		expect(withRoutes(["198.51.100.7/32", "0.0.0.0"])?.routes).toEqual([own, far]);
	});

	it.each(["0.0.0.0", "224.0.0.5", "127.0.0.1", "255.255.255.255"])(
		"have the gateway's default in place of one by %s, which no router has",
		(nexthop) => {
			const given = withRoutes(["0.0.0.0/0", nexthop]);
			expect(given?.routes).toEqual([own]);
			expect(given).not.toHaveProperty("gateway");
		},
	);

	it("have no route through an address that only another route leads to", () => {
		const by = { network: "10.8.0.0", netmask: "255.248.0.0", gateway: "10.2.0.254" };
		expect(withRoutes(["10.8.0.0/13", "10.2.0.254"], ["192.0.2.0/24", "10.9.0.5"])?.routes).toEqual([own, by]);
		const wide = { network: "10.0.0.0", netmask: "255.0.0.0", gateway: "10.2.0.254" };
		const near = { network: "192.0.2.0", netmask: "255.255.255.0", gateway: "10.2.0.9" };
		expect(withRoutes(["10.0.0.0/8", "10.2.0.254"], ["192.0.2.0/24", "10.2.0.9"])?.routes).toEqual([own, wide, near]);
	});

	it("have no route through an address that no router can have", () => {
		expect(withRoutes(["192.0.2.0/24", "224.0.0.5"], ["192.0.2.0/24", "127.0.0.1"])?.routes).toEqual([own]);
	});

	it("have no route through the guest's own address, if the guest is the router", () => {
		const address = dataOf("b-static4").networks[0]?.ip_address ?? "";
		expect(withRoutes(["192.0.2.0/24", address], ["0.0.0.0/0", address])?.routes).toEqual([own]);
		const router = dataOf("b-static4", (facts) => ({
			...facts,
			subnets: facts.subnets.map((subnet) => ({ ...subnet, gateway_ip: address, host_routes: [] })),
		}));
		expect(router.networks[0]).toMatchObject({ ip_address: address, routes: [] });
		expect(router.networks[0]).not.toHaveProperty("gateway");
	});

	it("leave the default route to DHCP if the link's DHCP server hands one out", () => {
		expect(defaultsOf(dataOf("e6-mixed-both"))).toEqual([]);
	});

	it("treat a host route to everything as the gateway's, and keep the other host routes", () => {
		expect(dataOf("b2-static4-routes").networks[0]?.routes).toEqual([
			{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.2.16.2" },
			{ network: "169.254.169.254", netmask: "255.255.255.255", gateway: "10.2.16.3" },
		]);
	});

	it("count a trunk's parent with DHCP before its subports, which then get none", () => {
		expect(defaultsOf(dataOf("f-trunk"))).toEqual([["tap0c97cb81-59", "2001:db8:6:102::"]]);
	});
});

describe("trunks", () => {
	it("become one VLAN per subport on its parent, with its own MAC address", () => {
		expect(dataOf("f-trunk").links.slice(1)).toEqual([
			{
				id: "tap37bc2094-55",
				vif_id: "37bc2094-552e-4c60-94d6-4f06bd45b8a9",
				type: "vlan",
				mtu: 1442,
				vlan_id: 101,
				vlan_link: "tapea295361-54",
				vlan_mac_address: "fa:16:3e:00:00:1a",
			},
			{
				id: "tap0c97cb81-59",
				vif_id: "0c97cb81-592f-4a4e-b816-fa507571628d",
				type: "vlan",
				mtu: 1442,
				vlan_id: 102,
				vlan_link: "tapea295361-54",
				vlan_mac_address: "fa:16:3e:00:00:1b",
			},
		]);
	});

	it("have at most the MTU of their parent", () => {
		const data = dataOf("f-trunk", (facts) => ({
			...facts,
			networks: facts.networks.map((network) => ({
				...network,
				mtu: network.id === facts.ports[0]?.network_id ? 1400 : 1450,
			})),
		}));
		expect(data.links.map(({ mtu }) => mtu)).toEqual([1400, 1400, 1400]);
	});

	it("can be left out", () => {
		const data = networkData(assemble(recordedCase("f-trunk").facts), { trunks: false, defaultRoutes: "first" });
		expect(data?.links.map(({ type }) => type)).toEqual(["ovs"]);
	});

	it("take an inherited tag from the network", () => {
		const data = dataOf("f-trunk", (facts) => ({
			...facts,
			trunks: facts.trunks.map((trunk) => ({
				...trunk,
				sub_ports: trunk.sub_ports.map(({ port_id }) => ({ port_id, segmentation_type: "inherit" })),
			})),
			networks: facts.networks.map((network) => ({ ...network, "provider:segmentation_id": 77 })),
		}));
		expect(data.links.slice(1)).toMatchObject([{ vlan_id: 77 }, { vlan_id: 77 }]);
	});
});

describe("bare metal", () => {
	const bonded = (facts: InstanceFacts): InstanceFacts => ({
		...facts,
		portGroups: [
			{
				uuid: "group",
				address: null,
				node_uuid: "node",
				mode: "4",
				properties: { miimon: 100, bond_lacp_rate: "fast", links: "not these" },
				internal_info: { tenant_vif_port_id: facts.ports[0]?.id ?? "" },
			},
		],
		bareMetalPorts: ["0a", "0b"].map((end) => ({
			uuid: `nic-${end}`,
			address: `02:00:00:00:00:${end}`,
			node_uuid: "node",
			portgroup_uuid: "group",
		})),
	});

	it("shows a port group as a bond over members that have its MTU", () => {
		expect(dataOf("b-static4", bonded).links).toEqual([
			{ id: "nic-0a", type: "phy", mtu: 1442, ethernet_mac_address: "02:00:00:00:00:0a" },
			{ id: "nic-0b", type: "phy", mtu: 1442, ethernet_mac_address: "02:00:00:00:00:0b" },
			{
				id: "tap260ef92a-e8",
				vif_id: "260ef92a-e8fb-4193-9819-923a3fe913a3",
				type: "bond",
				mtu: 1442,
				ethernet_mac_address: "fa:16:3e:00:00:05",
				bond_miimon: 100,
				bond_lacp_rate: "fast",
				bond_mode: "802.3ad",
				bond_links: ["nic-0a", "nic-0b"],
				"bond-mode": "802.3ad",
			},
		]);
	});

	const withProperties = (properties: Record<string, string | number>) => (facts: InstanceFacts) => {
		const made = bonded(facts);
		return { ...made, portGroups: made.portGroups.map((group) => ({ ...group, properties })) };
	};
	const bondOf = (properties: Record<string, string | number>, bonds = DEFAULT_BONDS) => {
		const instance = assemble(withProperties(properties)(recordedCase("b-static4").facts));
		return networkData(instance, { bonds })?.links.find(({ type }) => type === "bond");
	};

	it.each([
		["no miimon", {}],
		["a miimon of 0", { miimon: 0 }],
	])("adds link monitoring to a port group with %s", (_, properties) => {
		expect(bondOf(properties)).toMatchObject({ bond_miimon: 100 });
	});

	it.each([
		["active-backup", { bond_arp_interval: "200", bond_arp_ip_target: "10.0.0.1" }],
		// bonding driver, bond_option_mode_set
		["802.3ad", { bond_miimon: 100 }],
	])("monitors links by ARP only in modes whose driver does: %s", (mode, expected) => {
		const made = withProperties({ arp_interval: 200, arp_ip_target: "10.0.0.1" })(recordedCase("b-static4").facts);
		const portGroups = made.portGroups.map((group) => ({ ...group, mode }));
		const bond = networkData(assemble({ ...made, portGroups }))?.links.find(({ type }) => type === "bond");
		const monitoring = Object.entries(bond ?? {}).filter(([name]) => /^bond_(arp|miimon)/.test(name));
		expect(Object.fromEntries(monitoring)).toEqual(expected);
	});

	it.each([[{ arp_interval: 200 }], [{ arp_interval: 200, arp_ip_target: "router" }], [{ arp_ip_target: "10.0.0.1" }]])(
		"monitors a bond's links where ARP monitoring has no interval or no targets: %j",
		(properties) => {
			const bond = bondOf(properties);
			expect(bond).toMatchObject({ bond_miimon: 100 });
			expect(Object.keys(bond ?? {}).filter((name) => name.startsWith("bond_arp"))).toEqual([]);
		},
	);

	it("leaves out options for which netplan refuses the whole file", () => {
		const bond = bondOf({ miimon: 100, primary: "eno1", active_slave: "eno1", all_slaves_active: 1 });
		expect(Object.keys(bond ?? {}).filter((name) => /primary|active_slave|slaves/.test(name))).toEqual([]);
	});

	it("repeats mode and hash policy under the names that some versions of cloud-init read", () => {
		const properties = { miimon: 50, xmit_hash_policy: "layer3+4" };
		expect(bondOf(properties)).toMatchObject({
			"bond-mode": "802.3ad",
			"bond-xmit-hash-policy": "layer3+4",
			"bond_xmit-hash-policy": "layer3+4",
		});
		const plain = bondOf(properties, { miimon: "text", aliases: false });
		expect(plain).toMatchObject({ bond_miimon: "50", bond_xmit_hash_policy: "layer3+4" });
		expect(Object.keys(plain ?? {}).filter((key) => key.includes("-"))).toEqual([]);
	});

	it("makes no bond from a port group without members", () => {
		const data = dataOf("b-static4", (facts) => ({ ...bonded(facts), bareMetalPorts: [] }));
		expect(data.links).toMatchObject([{ id: "tap260ef92a-e8", type: "ovs" }]);
	});

	it("puts VLANs on a bond", () => {
		const data = dataOf("f-trunk", bonded);
		expect(data.links.map(({ type }) => type)).toEqual(["phy", "phy", "bond", "vlan", "vlan"]);
		// glean names the VLAN by the bond's id and the tag, in which the kernel allows 15 characters.
		expect(data.links.slice(2)).toMatchObject([{ id: "bond0" }, { vlan_link: "bond0" }, { vlan_link: "bond0" }]);
		expectSound(data, assemble(bonded(recordedCase("f-trunk").facts)));
	});
});

const defaultRoutesArbitrary = fc.constantFrom("first" as const, "every" as const);

describe("any facts", () => {
	it("give a sound document in either profile", { tags: ["slow"] }, () => {
		fc.assert(
			fc.property(
				arbitraryFacts,
				defaultRoutesArbitrary,
				fc.constantFrom(...NOVA_RELEASES),
				(facts, defaultRoutes, release) => {
					const instance = assemble(facts);
					const data = networkData(instance, { trunks: true, defaultRoutes });
					if (data) expectSound(data, instance);
					if (data && defaultRoutes === "first") expectOneDefault(data, instance);
					const nova = novaNetworkData(instance, release);
					expect(isNova(nova), ajv.errorsText(isNova.errors)).toBe(true);
					expect(isEmitted(nova)).toBe(true);
					if ("links" in nova) expect(crossCheck(nova as NetworkData)).toEqual([]);
					JSON.parse(jsonText(nova));
				},
			),
			{ numRuns: 2000 },
		);
	});
});

function expectSound(data: NetworkData | undefined, instance: Instance): asserts data {
	expect(isFull(data), ajv.errorsText(isFull.errors)).toBe(true);
	expect(isEmitted(data)).toBe(true);
	if (!data) return;
	expect(crossCheck(data)).toEqual([]);
	expect(JSON.parse(jsonText(data))).toEqual(data);
	expect(jsonText(data)).not.toMatch(/: null/);
	const plugged = instance.ports.filter((port) => port.plugged);
	const nics: Port[] = plugged.flatMap((port) => [
		port,
		...(port.trunk?.subports.map((subport) => subport.port) ?? []),
	]);
	const addresses = nics.flatMap((port) => port.fixedIps.map(({ address }) => address));
	expect(data.networks.map((network) => network.ip_address).toSorted()).toEqual(addresses.toSorted());
	const defaults = data.networks.flatMap(({ link, routes }) =>
		(routes ?? [])
			.filter(({ netmask }) => netmask === "0.0.0.0" || netmask === "::")
			.map((route) => `${link} ${route.netmask}`),
	);
	expect(new Set(defaults).size).toBe(defaults.length);
}

/** A second default of a family is one that a host route of its own subnets asks for. */
function expectOneDefault({ networks }: NetworkData, instance: Instance): void {
	const ports = instance.ports.flatMap((port) => [port, ...(port.trunk?.subports ?? []).map((each) => each.port)]);
	const subnets = ports.flatMap(({ fixedIps }) => fixedIps.map(({ subnet }) => subnet));
	const asked = new Set(
		subnets.flatMap(({ id, hostRoutes }) =>
			hostRoutes.filter(({ destination }) => destination.endsWith("/0")).map(({ nexthop }) => `${id} ${nexthop}`),
		),
	);
	for (const any of ["0.0.0.0", "::"]) {
		const unasked = networks.flatMap(({ subnet_id, routes }) =>
			(routes ?? []).filter(({ netmask, gateway }) => netmask === any && !asked.has(`${subnet_id} ${gateway}`)),
		);
		expect(unasked.length).toBeLessThanOrEqual(1);
	}
}
