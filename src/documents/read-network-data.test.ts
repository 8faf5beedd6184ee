import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostileNetworkData, validNetworkData } from "../../test/arbitrary-network-data.ts";
import { recordedCases } from "../../test/recorded.ts";
import { assemble } from "../instance/assemble.ts";
import { crossCheck } from "./cross-check.ts";
import { NetworkDataSchema } from "./network-data.ts";
import { networkData } from "./network-data-full.ts";
import type { NetworkDescription } from "./network-description.ts";
import { readNetworkData } from "./read-network-data.ts";

const isValid = new Ajv2020().compile(NetworkDataSchema);

function expectValid(data: NetworkDescription): void {
	expect(isValid(withoutExtensions(data)), JSON.stringify(isValid.errors)).toBe(true);
	expect(crossCheck(data)).toEqual([]);
}

/** Without the members that only a `NetworkDescription` has, and with a MAC address on every link. */
function withoutExtensions({ links, networks, services }: NetworkDescription): object {
	const mac = (key: string) => ({ [key]: "fa:16:3e:00:00:01" });
	return {
		links: links.map((link) => {
			if (link.type === "vlan") return { ...mac("vlan_mac_address"), ...link };
			const { name: _, ...rest } = link;
			return { ...mac("ethernet_mac_address"), ...rest };
		}),
		networks: networks.map(({ routes, ...network }) => ({
			...network,
			...(routes && { routes: routes.map(({ metric: _, ...route }) => route) }),
		})),
		services,
	};
}

describe.each(recordedCases())("recorded instance $name", ({ facts, networkData: recorded }) => {
	it("is read unchanged in the profile full", () => {
		const data = networkData(assemble(facts), { trunks: true, defaultRoutes: "first" });
		if (data === undefined) return;
		// `dns_nameservers` only repeats `services` for older clients.
		const networks = data.networks.map(({ dns_nameservers: _, ...network }) => network);
		expect(readNetworkData(data)).toMatchObject({ data: { ...data, networks }, remarks: [] });
	});

	it("is read without a remark as Nova wrote it", () => {
		const { data, remarks } = readNetworkData(JSON.parse(recorded));
		expectValid(data);
		expect(remarks).toEqual([]);
	});
});

const nic = { id: "nic", type: "phy", ethernet_mac_address: "fa:16:3e:00:00:01" };
const fixed = { id: "n", type: "ipv4", link: "nic", ip_address: "10.0.0.5", netmask: "255.255.255.0", routes: [] };
const route = { network: "10.9.0.0", netmask: "255.255.0.0", gateway: "10.0.0.1" };
const any4 = { network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.0.0.1" };

/** The document as read, and the pointers of all remarks. */
function read(links: unknown, networks: unknown = [], services: unknown = []) {
	const { data, remarks } = readNetworkData({ links, networks, services });
	expectValid(data);
	return { ...data, pointers: remarks.map(({ pointer }) => pointer) };
}

describe("links", () => {
	const bond = { id: "b", type: "bond", ethernet_mac_address: nic.ethernet_mac_address, bond_mode: "802.3ad" };
	const vlan = { id: "v", type: "vlan", vlan_id: 7, vlan_link: "nic", vlan_mac_address: "fa:16:3e:00:00:02" };

	it.each([
		["a MAC address in capitals", { ethernet_mac_address: "FA:16:3E:00:00:01" }, {}, "/links/0/ethernet_mac_address"],
		["a MAC address with dashes", { ethernet_mac_address: "fa-16-3e-00-00-01" }, {}, "/links/0/ethernet_mac_address"],
		["an MTU as text", { mtu: "1450" }, { mtu: 1450 }, "/links/0/mtu"],
		["an MTU of 0 (cloud-init issue 6239)", { mtu: 0 }, {}, "/links/0/mtu"],
		["Nova's null MTU", { mtu: null }, {}, undefined],
		["a type that only Nova knows", { type: "dvs" }, { type: "phy" }, undefined],
		["an unknown type", { type: "linux_bridge" }, { type: "phy" }, "/links/0/type"],
		["no type", { type: null }, { type: "phy" }, "/links/0/type"],
		["a number as id", { id: 7 }, { id: "7" }, "/links/0/id"],
		["a name", { name: "eth0" }, {}, "/links/0/name"],
	])("convert %s", (_, member, mended, pointer) => {
		const { links, pointers } = read([{ ...nic, ...member }]);
		expect(links).toEqual([{ ...nic, ...mended }]);
		expect(pointers).toEqual(pointer === undefined ? [] : [pointer]);
	});

	it.each([
		["without a MAC address", { ethernet_mac_address: null }, ["/links/0"]],
		["with an invalid MAC address", { ethernet_mac_address: "eth0" }, ["/links/0/ethernet_mac_address", "/links/0"]],
	])("%s and without a name are dropped", (_, member, expected) => {
		expect(read([{ ...nic, ...member }])).toMatchObject({ links: [], pointers: expected });
	});

	it("without a MAC address are known by name", () => {
		const { ethernet_mac_address: _, ...named } = { ...nic, name: "eno1" };
		expect(read([named])).toMatchObject({ links: [named], pointers: [] });
	});

	it.each([
		["a number", { bond_miimon: 100 }, { bond_miimon: "100" }, []],
		["a number for a member's id", { bond_links: ["nic", 7] }, { bond_links: ["nic"] }, ["/links/0/bond_links/1"]],
		["a name", { name: "bond-mgmt" }, { name: "bond-mgmt" }, []],
		["the spellings of its options that older clients need", { "bond-mode": "802.3ad" }, {}, []],
		["only the spelling with dashes", { bond_mode: undefined, "bond-mode": "802.3ad" }, {}, ["/links/0/bond-mode"]],
		["contradicting spellings", { "bond-mode": "1" }, {}, ["/links/0/bond-mode"]],
		["a mode by number", { bond_mode: 4 }, { bond_mode: "802.3ad" }, ["/links/0/bond_mode"]],
		["a mode by number in text", { bond_mode: "1" }, { bond_mode: "active-backup" }, ["/links/0/bond_mode"]],
		["the specification's own slip", { bond_mode: "802.1ad" }, { bond_mode: "802.3ad" }, ["/links/0/bond_mode"]],
		["no mode", { bond_mode: undefined }, { bond_mode: "balance-rr" }, ["/links/0/bond_mode"]],
		["null members", { bond_links: null }, { bond_links: [] }, ["/links/0/bond_links"]],
		["an unknown member", { bond_links: ["nic", "x"] }, { bond_links: ["nic"] }, ["/links/0/bond_links/1"]],
		["no MAC address", { ethernet_mac_address: undefined }, {}, ["/links/0/ethernet_mac_address"]],
	])("convert a bond with %s", (_, member, mended, expected) => {
		const { links, pointers } = read([{ ...bond, bond_links: ["nic"], ...member }, nic]);
		expect(links[0]).toEqual({ ...bond, bond_links: ["nic"], ...mended });
		expect(pointers).toEqual(expected);
	});

	it.each([
		["its id as text", { vlan_id: "7" }, {}, ["/links/0/vlan_id"]],
		[
			"no MAC address (cloud-init crashes)",
			{ vlan_mac_address: undefined },
			{ vlan_mac_address: nic.ethernet_mac_address },
			["/links/0/vlan_mac_address"],
		],
		[
			"its MAC address in ethernet_mac_address",
			{ vlan_mac_address: undefined, ethernet_mac_address: "fa:16:3e:00:00:02" },
			{ vlan_mac_address: "fa:16:3e:00:00:02" },
			["/links/0/ethernet_mac_address"],
		],
	])("convert a VLAN with %s", (_, member, mended, expected) => {
		const { links, pointers } = read([{ ...vlan, ...member }, nic]);
		expect(links[0]).toEqual({ ...vlan, ...mended });
		expect(pointers).toEqual(expected);
	});

	it.each([
		["without a parent", [vlan], ["/links/0/vlan_link"]],
		["with an impossible id", [{ ...vlan, vlan_id: 5000 }, nic], ["/links/0/vlan_id"]],
		[
			"in a circle",
			[
				{ ...vlan, vlan_link: "w" },
				{ ...vlan, id: "w", vlan_link: "v" },
			],
			["/links/0/vlan_link", "/links/1/vlan_link"],
		],
	])("drop a VLAN %s", (_, links, expected) => {
		const result = read(links);
		expect(result.links.filter(({ type }) => type === "vlan")).toEqual([]);
		expect(result.pointers).toEqual(expected);
	});

	it("drop a second link with the same id", () => {
		expect(read([nic, nic])).toMatchObject({ links: [nic], pointers: ["/links/1/id"] });
	});
});

describe("networks", () => {
	it.each([
		["an address as CIDR", { ip_address: "10.0.0.5/24", netmask: undefined }, {}, ["ip_address", "netmask"]],
		[
			"a CIDR beside another mask, as cloud-init does",
			{ ip_address: "10.0.0.5/24", netmask: "255.0.0.0" },
			{},
			["ip_address", "netmask"],
		],
		["a mask as bits in text", { netmask: "24" }, {}, ["netmask"]],
		["a mask as bits", { netmask: 24 }, {}, ["netmask"]],
		[
			"an IPv6 mask as bits",
			{ type: "ipv6", ip_address: "2001:DB8::5", netmask: "64" },
			{ ip_address: "2001:db8::5", netmask: "ffff:ffff:ffff:ffff::" },
			["ip_address", "netmask"],
		],
		["cloud-init's own type", { type: "static" }, { type: "ipv4" }, ["type"]],
		[
			"glean's type",
			{ type: "ipv6_dhcpv6_stateful", ip_address: null, netmask: null, routes: undefined },
			{ type: "ipv6_dhcpv6-stateful" },
			["type"],
		],
		["a gateway of its own", { gateway: "10.0.0.1" }, { routes: [any4] }, ["gateway"]],
		["a gateway that is a route already", { gateway: "10.0.0.1", routes: [any4] }, { routes: [any4] }, []],
		["a gateway beside another route", { gateway: "10.0.0.9", routes: [any4] }, { routes: [any4] }, ["gateway"]],
		["null routes", { routes: null }, { routes: [] }, ["routes"]],
		[
			"a route as CIDR",
			{ routes: [{ network: "10.9.0.0/16", gateway: "10.0.0.1" }] },
			{ routes: [route] },
			["routes/0/network", "routes/0/netmask"],
		],
		[
			"a default route without mask",
			{ routes: [{ ...any4, netmask: undefined }] },
			{ routes: [any4] },
			["routes/0/netmask"],
		],
		["a route without gateway", { routes: [{ ...route, gateway: null }] }, { routes: [] }, ["routes/0"]],
		["a metric", { routes: [{ ...route, metric: 5 }] }, { routes: [{ ...route, metric: 5 }] }, []],
		["a metric as text", { routes: [{ ...route, metric: "5" }] }, { routes: [{ ...route, metric: 5 }] }, []],
		["an invalid metric", { routes: [{ ...route, metric: "low" }] }, { routes: [route] }, ["routes/0/metric"]],
		["routes without the network's metric", { routes: [route], metric: 7 }, { routes: [{ ...route, metric: 7 }] }, []],
		[
			"a metric beside a route's",
			{ routes: [{ ...route, metric: 5 }], metric: 7 },
			{ routes: [{ ...route, metric: 5 }] },
			[],
		],
		["a metric without routes", { metric: 7 }, {}, ["metric"]],
		["a gateway with a metric", { gateway: "10.0.0.1", metric: 7 }, { routes: [{ ...any4, metric: 7 }] }, ["gateway"]],
		[
			"cloud-init's key for a route's network",
			{ routes: [{ destination: "10.9.0.0", netmask: "255.255.0.0", gateway: "10.0.0.1" }] },
			{ routes: [route] },
			["routes/0/destination"],
		],
		[
			"name servers inside a route, as Metal3 writes them",
			{ routes: [{ ...route, services: [{ type: "dns", address: "10.0.0.53" }] }] },
			{ routes: [route], services: [{ type: "dns", address: "10.0.0.53" }] },
			["routes/0/services"],
		],
		[
			"dns_nameservers that repeat services",
			{ services: [{ type: "dns", address: "10.0.0.53" }], dns_nameservers: ["10.0.0.53"] },
			{ services: [{ type: "dns", address: "10.0.0.53" }] },
			[],
		],
		[
			"a search domain among the services",
			{ services: [{ type: "dns-search", address: "a.example" }] },
			{ services: [], dns_search: ["a.example"] },
			["services"],
		],
		["numbers as ids", { id: 7, network_id: 8 }, { id: "7", network_id: "8" }, ["id"]],
		[
			"an IPv6 address without a netmask, which is one of a /64",
			{ type: "ipv6", ip_address: "2001:db8::5", netmask: "" },
			{ ip_address: "2001:db8::5", netmask: "ffff:ffff:ffff:ffff::" },
			["netmask"],
		],
		["a time server", { services: [{ type: "ntp", address: "10.0.0.1" }] }, { services: [] }, ["services/0/type"]],
		[
			"cloud-init's key for name servers",
			{ dns_nameservers: ["10.0.0.53"] },
			{ services: [{ type: "dns", address: "10.0.0.53" }] },
			["dns_nameservers"],
		],
		[
			"a name server with the guest's name of the link",
			{ services: [{ type: "dns", address: "fe80::1%eth0" }], dns_nameservers: ["fe80::1%eth0"] },
			{ services: [{ type: "dns", address: "fe80::1" }] },
			["services/0"],
		],
		[
			"search domains in one text",
			{ dns_search: "a.example b.example" },
			{ dns_search: ["a.example", "b.example"] },
			["dns_search"],
		],
		["no id", { id: undefined }, { id: "networks/0" }, ["id"]],
		["further members", { "x/y": 1 }, {}, ["x~1y"]],
	] as [string, object, object, string[]][])("convert %s", (_, member, mended, pointers) => {
		const { networks, pointers: noted } = read([nic], [{ ...fixed, ...member }]);
		const expected = { ...fixed, ...member, ...mended };
		expect(networks).toMatchObject([mended]);
		expect(networks[0]?.ip_address).toBe(
			"ip_address" in mended ? mended.ip_address : (expected.ip_address?.replace("/24", "") ?? undefined),
		);
		expect(noted.toSorted()).toEqual(pointers.map((pointer) => `/networks/0/${pointer}`).toSorted());
	});

	it.each([
		["on no link", { link: "x" }, "/networks/0/link"],
		["of an unknown type", { type: "ipv4_static" }, "/networks/0/type"],
		["of a type that is a JavaScript property name", { type: "constructor" }, "/networks/0/type"],
		["static without an address", { ip_address: null }, "/networks/0"],
		["static without a netmask, where each client assumes another", { netmask: undefined }, "/networks/0"],
		["static with an invalid netmask", { netmask: "255.0.255.0" }, "/networks/0/netmask"],
	])("%s are dropped", (_, member, pointer) => {
		const result = read([nic], [{ ...fixed, ...member }]);
		expect(result.networks).toEqual([]);
		expect(result.pointers[0]).toBe(pointer);
	});

	it("with several addresses become one network each", () => {
		const { networks, pointers } = read(
			[nic],
			[{ ...fixed, ip_address: ["10.0.0.5/24", "2001:db8::5/64"], netmask: null }],
		);
		expect(networks).toMatchObject([
			{ id: "n", type: "ipv4", ip_address: "10.0.0.5", netmask: "255.255.255.0" },
			{ id: "n-2", type: "ipv6", ip_address: "2001:db8::5", netmask: "ffff:ffff:ffff:ffff::" },
		]);
		expect(pointers).toContain("/networks/0/ip_address");
	});

	it("get the search domains of the top-level services, unless they have their own", () => {
		const networks = [fixed, { ...fixed, id: "m", ip_address: "10.0.0.6", dns_search: ["b.example"] }];
		const { networks: found, services } = read([nic], networks, [{ type: "dns-search", search: ["a.example"] }]);
		expect(found.map(({ dns_search }) => dns_search)).toEqual([["a.example"], ["b.example"]]);
		expect(services).toEqual([]);
	});

	it("with the same id get distinct ids: glean would lose all but the last", () => {
		const { networks } = read([nic], [fixed, { ...fixed, ip_address: "10.0.0.6" }]);
		expect(networks.map(({ id }) => id)).toEqual(["n", "n-2"]);
	});
});

describe("a document", () => {
	it.each([null, {}, { links: null, networks: null, services: null }])("%j", (json) => {
		if (json === null) expect(() => readNetworkData(json)).toThrow(/the document must be object/);
		else expect(readNetworkData(json).data).toEqual({ links: [], networks: [], services: [] });
	});

	it.each([
		[[], "the document must be object"],
		[{ links: {} }, "/links must be array or null"],
		[{ links: ["nic"] }, "/links/0 must be object"],
		[{ links: [{ ...nic, mtu: [] }] }, "/links/0/mtu must be string or integer or null"],
		[
			{ networks: [{ ...fixed, routes: [{ ...route, gateway: 7 }] }] },
			"/networks/0/routes/0/gateway must be string or null",
		],
	])("that can't be read is rejected with a pointer: %j", (json, message) => {
		expect(() => readNetworkData(json)).toThrow(
			expect.objectContaining({ code: "document", message: expect.stringContaining(message) }),
		);
	});

	it("maps pointers back to where the value came from", () => {
		const dropped = { ...nic, id: "x", ethernet_mac_address: null };
		const networks = [
			{ ...fixed, link: "y" },
			{ ...fixed, routes: [{ network: "x" }, route], gateway: "10.0.0.9" },
		];
		const { originOf } = readNetworkData({ links: [dropped, nic, { ...nic, id: "nic2" }], networks });
		expect(originOf("/links/1/mtu")).toBe("/links/2/mtu");
		expect(originOf("/networks/0/link")).toBe("/networks/1/link");
		expect(originOf("/networks/0/routes/0")).toBe("/networks/1/gateway");
		expect(originOf("/networks/0/routes/1/gateway")).toBe("/networks/1/routes/1/gateway");
		expect(originOf("/services/0")).toBe("/services/0");
	});

	it("that is valid stays valid", () => {
		fc.assert(
			fc.property(validNetworkData, (data) => {
				expectValid(data);
				expectValid(readNetworkData(data).data);
			}),
		);
	});

	it("with hostile text is read into a valid document", () => {
		fc.assert(fc.property(hostileNetworkData, (data) => expectValid(readNetworkData(data).data)));
	});
});
