/** A node's `network_data` in the forms of other makers: as `readNetworkData` reads the same document. */
import { describe, expect, test } from "vitest";
import { networkData } from "../documents/network-data-full.ts";
import { readNetworkData } from "../documents/read-network-data.ts";
import { assemble } from "./assemble.ts";
import { factsOfNode } from "./node-facts.ts";

const macs = ["52:54:00:00:00:01", "52:54:00:00:00:02"];
const links = macs.map((ethernet_mac_address, n) => ({ id: `nic${n}`, type: "phy", mtu: 1500, ethernet_mac_address }));
const any4 = (gateway: string, more: object = {}) => ({ network: "0.0.0.0", netmask: "0.0.0.0", gateway, ...more });
const fixed = (more: object = {}) => ({
	...{ id: "n", type: "ipv4", link: "nic0", ip_address: "10.0.0.5", netmask: "255.255.255.0" },
	...more,
});

/** The document that an instance on the node gets. */
function documentOf(data: object) {
	const ports = macs.map((address, n) => ({ uuid: `p${n}`, address, node_uuid: "n", portgroup_uuid: null }));
	const node = { uuid: "n", instance_uuid: null, network_data: data };
	const document = networkData(assemble(factsOfNode(node, { ports, portGroups: [] })));
	if (document === undefined) throw new Error("no document");
	return document;
}

/** What is compared: the addresses of each link and how they come, routes, name servers and search domains. */
function essence({ networks }: Pick<ReturnType<typeof documentOf>, "networks">) {
	return networks.map(({ type, ip_address, netmask, routes = [], services = [], dns_search = [] }) => ({
		...{ type, ip_address, netmask, dns_search },
		routes: routes.map(({ network, netmask: mask, gateway }) => `${network} ${mask} ${gateway}`),
		services: services.map(({ address }) => address),
	}));
}

const service = { type: "dns", address: "10.0.0.53" };

describe("a node's network data means what the same document means to readNetworkData", () => {
	test.each<[string, object]>([
		["an IPv6 address without a netmask", fixed({ type: "ipv6", ip_address: "2001:db8::5", netmask: undefined })],
		["a netmask that is a number", fixed({ netmask: 24, routes: [any4("10.0.0.1")] })],
		["an IPv6 netmask that is a number", fixed({ type: "ipv6", ip_address: "2001:db8::5", netmask: 64 })],
		["an address as CIDR", fixed({ ip_address: "10.0.0.5/24", netmask: undefined })],
		["cloud-init's own words for types", fixed({ type: "static" })],
		["the network's own gateway", fixed({ gateway: "10.0.0.1" })],
		["the word default", fixed({ routes: [{ network: "default", gateway: "10.0.0.1" }] })],
		["a default route without a netmask", fixed({ routes: [{ network: "0.0.0.0", gateway: "10.0.0.1" }] })],
		["name servers in a route", fixed({ routes: [any4("10.0.0.1", { services: [service] })] })],
		["name servers as text", fixed({ dns_nameservers: "10.0.0.53, 10.0.0.54" })],
		["search domains", fixed({ dns_search: ["a.example", "b.example"] })],
		[
			"search domains as text, and among the services",
			fixed({ dns_search: "a.example", services: [{ ...service, search: "b.example" }] }),
		],
		[
			"a router with a zone",
			fixed({
				type: "ipv6",
				ip_address: "2001:db8::5/64",
				routes: [{ network: "::", netmask: "::", gateway: "fe80::1%eth0" }],
			}),
		],
		["a number as id", fixed({ id: 5, network_id: 7 })],
	])("%s", (_, network) => {
		const data = { links: links.slice(0, 1), networks: [network], services: [] };
		expect(essence(documentOf(data))).toEqual(essence(readNetworkData(data).data));
	});

	test.each<[string, object]>([
		["without a netmask", { ip_address: "10.0.0.5" }],
		["of an empty text", { ip_address: "", netmask: "" }],
	])("an address by DHCP %s is the server's to say", (_, more) => {
		const data = { links: links.slice(0, 1), networks: [{ id: "n", type: "ipv4_dhcp", link: "nic0", ...more }] };
		expect(documentOf(data).networks).toMatchObject([{ type: "ipv4_dhcp" }]);
		expect(documentOf(data).networks[0]).not.toHaveProperty("ip_address");
	});

	test("several addresses in one network are networks of their own", () => {
		const data = { links: links.slice(0, 1), networks: [fixed({ ip_address: ["10.0.0.5", "10.0.0.6"] })] };
		expect(documentOf(data).networks.map(({ ip_address }) => ip_address)).toEqual(["10.0.0.5", "10.0.0.6"]);
	});

	test("numbers may be the ids of links", () => {
		const [first] = links;
		const data = { links: [{ ...first, id: 1 }], networks: [fixed({ link: 1 })] };
		expect(documentOf(data).networks).toMatchObject([{ ip_address: "10.0.0.5" }]);
	});
});

describe("metrics", () => {
	const second = (more: object) => fixed({ id: "m", link: "nic1", ip_address: "10.1.0.5", ...more });
	const routesOf = (...networks: object[]) =>
		documentOf({ links, networks }).networks.map(({ routes = [] }) =>
			routes.map(({ network, gateway }) => `${network} ${gateway}`),
		);

	test("decide which NIC has the default route", () => {
		const backup = fixed({ routes: [any4("10.0.0.1", { metric: 1000 })] });
		expect(routesOf(backup, second({ routes: [any4("10.1.0.1")] }))).toEqual([[], ["0.0.0.0 10.1.0.1"]]);
		const first = fixed({ routes: [any4("10.0.0.1", { metric: "100" })] });
		const other = second({ metric: 200, gateway: "10.1.0.1" });
		expect(routesOf(first, other)).toEqual([["0.0.0.0 10.0.0.1"], []]);
	});

	test("leave the default route to DHCP if that ranks first", () => {
		const dhcp = { id: "d", type: "ipv4_dhcp", link: "nic0" };
		expect(routesOf(dhcp, second({ routes: [any4("10.1.0.1", { metric: 1000 })] }))).toEqual([[], []]);
		expect(routesOf(dhcp, second({ routes: [any4("10.1.0.1", { metric: 50 })] }))).toEqual([[], ["0.0.0.0 10.1.0.1"]]);
	});

	test("decide between two routes to one network", () => {
		const route = (gateway: string, metric: number) => ({
			network: "10.9.0.0",
			netmask: "255.255.0.0",
			gateway,
			metric,
		});
		const routes = routesOf(fixed({ routes: [route("10.0.0.2", 20)] }), second({ routes: [route("10.1.0.2", 10)] }));
		expect(routes).toEqual([[], ["10.9.0.0 10.1.0.2"]]);
	});
});

test("what is not the value of an address is an error that names the place", () => {
	const errorOf = (more: object) => () => documentOf({ links, networks: [fixed(more)] });
	expect(errorOf({ netmask: "255.0.255.0" })).toThrow(/networks\[0\]\.netmask is missing or invalid/);
	expect(errorOf({ netmask: undefined })).toThrow(/networks\[0\]\.netmask is missing or invalid/);
	expect(errorOf({ ip_address: "" })).toThrow(/networks\[0\]\.ip_address is missing/);
	expect(errorOf({ dns_nameservers: ["x"] })).toThrow(/networks\[0\]\.dns_nameservers is not the address/);
	expect(errorOf({ gateway: "fe80::1" })).toThrow(/networks\[0\]\.gateway is not an IPv4 address/);
});
