import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GuestwireError } from "../../errors.ts";
import { COLLECTION_NAMES, COLLECTIONS } from "./collections.ts";
import { buildInventory } from "./inventory.ts";
import { locateInText, parseInventoryFile } from "./parse.ts";
import { factsOf, ownersOf, summariesOf } from "./queries.ts";

/** An inventory of files' texts by path. */
function inventoryOf(files: Readonly<Record<string, string>>) {
	const parsed = Object.entries(files).map(([path, text]) => parseInventoryFile(text, path));
	return buildInventory(parsed, (path, ...where) => locateInText(files[path] ?? "", path, ...where));
}

const lan = `
networks: [{ id: lan, mtu: 1500 }]
subnets:
  - { id: lan4, network_id: lan, cidr: 192.0.2.0/24, gateway_ip: 192.0.2.1 }
  - { id: lan6, network_id: lan, cidr: "2001:db8::/64" }
`;

describe("by hand", () => {
	test.each(["I2Nsb3VkLWNvbmZpZwo=", "I2Ns\\nb3Vk\\nLWNvbmZpZwo=", "I2Nsb3VkLWNvbmZpZwo", "--__"])(
		"user data is base64, with or without line breaks and padding, in either alphabet: %s",
		(text) => {
			const inventory = inventoryOf({ "a.yaml": `server: { id: s, name: s, "OS-EXT-SRV-ATTR:user_data": "${text}" }` });
			expect(factsOf(inventory, "s")?.server?.["OS-EXT-SRV-ATTR:user_data"]).toBe(text.replaceAll("\\n", "\n"));
		},
	);

	test("whatever has only one possible value may be left out", () => {
		const inventory = inventoryOf({
			"a.yaml": `${lan}
ports:
  - { id: p1, device_id: Web-1, fixed_ips: [{ ip_address: 192.0.2.7 }, { ip_address: "2001:DB8:0::7" }] }
`,
		});
		expect(summariesOf(inventory)).toEqual([{ id: "web-1", name: "web-1" }]);
		const facts = factsOf(inventory, "web-1");
		expect(facts?.server).toMatchObject({ id: "web-1", name: "web-1" });
		expect(facts?.networks).toMatchObject([{ id: "lan", name: "lan" }]);
		expect(facts?.subnets.map(({ id }) => id)).toEqual(["lan4", "lan6"]);
		expect(facts?.ports).toMatchObject([
			{
				network_id: "lan",
				device_id: "web-1",
				fixed_ips: [
					{ subnet_id: "lan4", ip_address: "192.0.2.7" },
					{ subnet_id: "lan6", ip_address: "2001:db8::7" },
				],
			},
		]);
	});

	test("Nova's answer about shares means the only server, or names one", () => {
		const share = { share_id: "ca3c176e-fd5a-438b-b595-e18a358f6909", status: "active", tag: "archive" };
		const servers = (...ids: readonly string[]) => JSON.stringify({ servers: ids.map((id) => ({ id })) });
		const shares = JSON.stringify({ shares: [share] });
		expect(factsOf(inventoryOf({ "a.json": servers("web-1"), "b.json": shares }), "web-1")?.shares).toEqual([share]);
		const named = JSON.stringify({ share: { server_id: "WEB-2", share_id: share.share_id } });
		const two = inventoryOf({ "a.json": servers("web-1", "web-2"), "b.json": named });
		expect(factsOf(two, "web-1")?.shares).toBeUndefined();
		expect(factsOf(two, "web-2")?.shares).toEqual([{ ...share, tag: null }]);
		expect(() => inventoryOf({ "a.json": servers("web-1", "web-2"), "b.json": shares })).toThrow(
			/^b\.json:1: shares\[0\] needs "server_id"/,
		);
	});

	test("empty documents of a file are skipped", () => {
		const text = "---\n---\nserver: { id: web-1 }\n---\n# nothing\n---\nserver: { id: web-2 }\n---\n";
		expect([...inventoryOf({ "a.yaml": text }).servers.keys()]).toEqual(["web-1", "web-2"]);
	});

	test("the example in the documentation is an instance with an address", () => {
		const text = readFileSync(new URL("../../../docs/inventory.md", import.meta.url), "utf8");
		const [, example = ""] = /```yaml\n(.*?)```/s.exec(text) ?? [];
		const facts = factsOf(inventoryOf({ "example.yaml": example }), "web-1");
		expect(facts?.ports[0]?.fixed_ips).toEqual([{ subnet_id: "lan-v4", ip_address: "192.0.2.10" }]);
	});

	test("a derived MAC address is stable, unicast and locally administered", { tags: ["slow"] }, () => {
		fc.assert(
			fc.property(fc.string({ minLength: 1 }), (id) => {
				const text = JSON.stringify({ ports: [{ id, network_id: "n", device_id: "i" }], networks: [{ id: "n" }] });
				const macs = [1, 2].map(() => inventoryOf({ "a.json": text }).ports.get(id)?.mac_address);
				expect(macs[0]).toMatch(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
				expect(macs[1]).toBe(macs[0]);
			}),
			{ numRuns: 50 },
		);
	});

	test("the network is found by the address, and the server because it is the only one", () => {
		const inventory = inventoryOf({
			"a.yaml": `${lan}
---
networks: [{ id: storage }]
subnets: [{ id: s4, network_id: storage, cidr: 198.51.100.0/24 }]
server: { id: web, key_name: mine }
keypairs: [{ keypair: { name: mine, public_key: ssh-ed25519 AAAA } }]
ports:
  - { id: p1, mac_address: 52-54-00-AA-BB-CC, fixed_ips: [{ ip_address: 198.51.100.4 }] }
  - { id: p2, fixed_ips: [{ ip_address: 192.0.2.4, subnet_id: lan4 }] }
`,
		});
		const facts = factsOf(inventory, "web");
		expect(facts?.ports.map((port) => port.network_id)).toEqual(["storage", "lan"]);
		expect(facts?.ports[0]?.mac_address).toBe("52:54:00:aa:bb:cc");
		expect(facts?.keypairs).toEqual([{ name: "mine", type: "ssh", public_key: "ssh-ed25519 AAAA" }]);
	});

	test("an address that fits subnets of two networks does not determine the network", () => {
		const port = (address: string) => `${lan}
---
network: { id: wan }
subnet: { id: w, network_id: wan, cidr: 192.0.2.0/25 }
port: { id: p, device_id: i, fixed_ips: [{ ip_address: ${address} }] }
`;
		expect(inventoryOf({ "a.yaml": port("192.0.2.200") }).ports.get("p")?.network_id).toBe("lan");
		expect(() => inventoryOf({ "a.yaml": port("192.0.2.100") })).toThrow(/^a\.yaml:10: port needs "network_id"/);
	});

	test("a trunk's subports and bare-metal NICs belong to the instance", () => {
		const inventory = inventoryOf({
			"a.yaml": `${lan}
servers: [{ id: metal }, { id: other }]
ports:
  - { id: parent, device_id: metal, network_id: lan }
  - { id: sub, network_id: lan, fixed_ips: [{ ip_address: 192.0.2.9 }] }
  - { id: sub2, network_id: lan, device_id: metal }
trunks:
  - { id: t, port_id: parent, sub_ports: [{ port_id: sub, segmentation_id: 101 }, { port_id: sub2, segmentation_id: 102 }] }
baremetal_nodes: [{ uuid: node, instance_uuid: METAL }]
portgroups: [{ uuid: bond, node_uuid: node, mode: 802.3ad, properties: { miimon: 100 } }]
baremetal_ports: [{ uuid: nic, node_uuid: node, portgroup_uuid: bond, address: "52:54:00:00:00:01" }]
`,
		});
		const facts = factsOf(inventory, "metal");
		expect(facts?.ports).toMatchObject([{ id: "parent" }]);
		expect(facts?.subports).toMatchObject([
			{ id: "sub", device_id: "" },
			{ id: "sub2", device_id: "" },
		]);
		expect(facts?.portGroups).toMatchObject([{ uuid: "bond", properties: { miimon: 100 } }]);
		expect(facts?.bareMetalPorts).toMatchObject([{ uuid: "nic" }]);
		expect(ownersOf(inventory, { address: "192.0.2.9" })).toEqual([{ id: "metal", networkId: "lan" }]);
	});

	test("a server can have several key pairs", () => {
		const inventory = inventoryOf({
			"a.yaml": `
server: { id: web, key_name: [ops, mine], dedicated_cpus: [2, 3] }
keypairs: [{ name: mine, public_key: "ssh-ed25519 AAAA\\n" }, { name: ops, public_key: ssh-ed25519 BBBB }]
`,
		});
		expect(factsOf(inventory, "web")).toMatchObject({
			keypairs: [
				{ name: "ops", public_key: "ssh-ed25519 BBBB" },
				{ name: "mine", public_key: "ssh-ed25519 AAAA\n" },
			],
			dedicatedCpus: [2, 3],
		});
	});

	test("a bare-metal port needs no MAC address where Ironic has it", () => {
		const macs = (more: string) => {
			const inventory = inventoryOf({
				"a.yaml": `${lan}
servers: [{ id: metal }]
baremetal_nodes: [{ uuid: node, instance_uuid: metal }]
${more}
`,
			});
			return factsOf(inventory, "metal")?.ports.map((port) => port.mac_address);
		};
		const nic = (members: string) =>
			`baremetal_ports: [{ uuid: nic, node_uuid: node, address: "52:54:00:00:00:01", ${members} }]`;
		const own = `ports: [{ id: p, device_id: metal, network_id: lan, mac_address: "fa:16:3e:00:00:01" }]`;
		const bare = "ports: [{ id: p, device_id: metal, network_id: lan }]";
		const attached = "internal_info: { tenant_vif_port_id: p }";
		const group = (members: string) => `portgroups: [{ uuid: bond, node_uuid: node, mode: 802.3ad, ${members} }]`;
		expect(macs(`${own}\n${nic(attached)}`)).toEqual(["52:54:00:00:00:01"]);
		expect(macs(`${own}\n${nic("")}`)).toEqual(["fa:16:3e:00:00:01"]);
		expect(macs(`${bare}\n${nic("")}`)).toEqual(["52:54:00:00:00:01"]);
		expect(macs(`${bare}\n${group(attached)}\n${nic("portgroup_uuid: bond")}`)).toEqual(["52:54:00:00:00:01"]);
		expect(
			macs(`${bare}\n${group(`${attached}, address: "52:54:00:00:00:0a"`)}\n${nic("portgroup_uuid: bond")}`),
		).toEqual(["52:54:00:00:00:0a"]);
		expect(() => macs(bare)).toThrow(
			/^a\.yaml:\d+: ports\[0\] needs the MAC address of a bare-metal NIC: add "mac_address"/,
		);
		const two = "ports: [{ id: p, device_id: metal, network_id: lan }, { id: q, device_id: metal, network_id: lan }]";
		expect(() => macs(`${two}\n${nic("")}`)).toThrow(/ports\[0\] needs the MAC address/);
	});

	test("a subport whose project differs from that of the parent port has no owner; if one has no project, the other's counts", () => {
		const inventory = inventoryOf({
			"a.yaml": `${lan}
---
servers: [{ id: metal }]
ports:
  - { id: parent, device_id: metal, network_id: lan, project_id: p }
  - { id: none, network_id: lan, fixed_ips: [{ ip_address: 192.0.2.9 }] }
  - { id: other, network_id: lan, fixed_ips: [{ ip_address: 192.0.2.10 }], project_id: q }
trunks:
  - { id: t, port_id: parent, sub_ports: [{ port_id: none, segmentation_id: 101 }, { port_id: other, segmentation_id: 102 }] }
`,
		});
		expect(ownersOf(inventory, { address: "192.0.2.9" })).toEqual([{ id: "metal", projectId: "p", networkId: "lan" }]);
		expect(ownersOf(inventory, { address: "192.0.2.10" })).toEqual([]);
	});

	test("a guest is found by its address or MAC address, on a network or behind a router", () => {
		const inventory = inventoryOf({
			"a.yaml": `${lan}
---
networks: [{ id: twin }]
subnets: [{ id: twin4, network_id: twin, cidr: 192.0.2.0/24 }]
ports:
  - { id: a, device_id: one, network_id: lan, mac_address: "52:54:00:00:00:01", fixed_ips: [{ ip_address: 192.0.2.5 }] }
  - { id: b, device_id: two, network_id: twin, mac_address: "52:54:00:00:00:01", fixed_ips: [{ ip_address: 192.0.2.5 }] }
  - { id: r, device_id: router, device_owner: "network:router_interface", network_id: twin }
  - { id: g, device_id: router, device_owner: "network:router_gateway", network_id: lan }
`,
		});
		const [one, two] = [
			{ id: "one", networkId: "lan" },
			{ id: "two", networkId: "twin" },
		];
		expect(ownersOf(inventory, { address: "192.0.2.5" })).toEqual([one, two]);
		expect(ownersOf(inventory, { address: "192.0.2.5", networkId: "lan" })).toEqual([one]);
		expect(ownersOf(inventory, { address: "192.0.2.5", routerId: "router" })).toEqual([two]);
		expect(ownersOf(inventory, { macAddress: "52:54:00:00:00:01", networkId: "twin" })).toEqual([two]);
		expect(ownersOf(inventory, { macAddress: "52:54:00:00:00:02" })).toEqual([]);
		expect(ownersOf(inventory, { networkId: "lan" })).toEqual([]);
		expect(factsOf(inventory, "router")).toBeUndefined();
	});
});

describe("a fault is one line: file, line, path, and what to do", () => {
	const port = (members: string) => `${lan}ports:\n  - { id: p, device_id: i, ${members} }`;
	const subnet = (members: string) => `subnet: { id: s, cidr: 10.0.0.0/8, ${members} }`;
	const trunks = (list: string) =>
		`${port("")}\n  - { id: q, device_id: i }\n  - { id: r, device_id: i }\ntrunks: [${list}]`;
	test.each([
		["networks: [", /^a\.yaml:1: invalid YAML: .*; correct the file$/],
		["- networks", /^a\.yaml:1: the document must be a map of collections \(servers, /],
		["network: {}\nnetwoks: []", /^a\.yaml:1: network "id" is missing: add it$/],
		["networks:\n  - id: lan\nprots: []", /^a\.yaml:3: prots is not a known collection; did you mean "ports"\?$/],
		["networks:\n  - id: 7", /^a\.yaml:2: networks\[0\]\.id must be text: quote it$/],
		[port("network_id: lam"), /^a\.yaml:7: ports\[0\]\.network_id there is no network "lam".* did you mean "lan"\?$/],
		[
			port("fixed_ips: [{ ip_address: 192.0.2.999 }]"),
			/^a\.yaml:7: .*ip_address "192\.0\.2\.999" is not an IP address/,
		],
		[port("fixed_ips: [{ ip_address: 10.0.0.1 }]"), /^a\.yaml:7: .* 10\.0\.0\.1 is in no subnet of network "lan"/],
		[
			port("fixed_ips: [{ subnet_id: lan4, ip_address: 10.0.0.1 }]"),
			/^a\.yaml:7: ports\[0\]\.fixed_ips\[0\]\.ip_address 10\.0\.0\.1 is outside subnet "lan4" \(192\.0\.2\.0\/24\)/,
		],
		[
			port("fixed_ips: [{ subnet_id: lan5, ip_address: 192.0.2.2 }]"),
			/^a\.yaml:7: .*subnet_id there is no subnet "lan5" .* did you mean "lan4"\?$/,
		],
		[port("mac_address: 52:54:00"), /^a\.yaml:7: ports\[0\]\.mac_address "52:54:00" is not a MAC address such as /],
		[`${lan}ports:\n  - id: p`, /^a\.yaml:7: ports\[0\] needs "device_id", .*: add it$/],
		["subnets: [{ id: s, cidr: 10.0.0.0 }]", /^a\.yaml:1: subnets\[0\]\.cidr "10\.0\.0\.0" is not a CIDR such as /],
		[
			"subnets: [{ id: s, cidr: 10.0.0.0/8 }]",
			/^a\.yaml:1: subnets\[0\] needs "network_id", because there are 0 networks: add it/,
		],
		[
			subnet('gateway_ip: "fe80::1"'),
			/^a\.yaml:1: subnet\.gateway_ip "fe80::1" and the subnet .* belong to different address families/,
		],
		[
			subnet('host_routes: [{ destination: 10.1.0.0/16, nexthop: "fe80::1" }]'),
			/^a\.yaml:1: subnet\.host_routes\[0\]\.nexthop "fe80::1" and the subnet .* belong to different address families/,
		],
		[
			subnet('host_routes: [{ destination: "::/0", nexthop: 10.0.0.1 }]'),
			/^a\.yaml:1: subnet\.host_routes\[0\]\.destination "::\/0" and the subnet .* belong to different address families/,
		],
		[`${lan}trunk: { id: t, port_id: p }`, /^a\.yaml:6: trunk\.port_id there is no port "p" in the inventory: add it/],
		[
			`${port("")}\ntrunk:\n  id: t\n  port_id: p\n  sub_ports:\n    - { port_id: q, segmentation_id: 5 }`,
			/^a\.yaml:12: trunk\.sub_ports\[0\]\.port_id there is no port "q" .* did you mean "p"\?$/,
		],
		[
			`${port("")}\ntrunk:\n  id: t\n  port_id: p\n  sub_ports:\n    - { port_id: p, segmentation_id: 5000 }`,
			/^a\.yaml:12: trunk\.sub_ports\[0\] needs "segmentation_id", a VLAN from 1 to 4094: add it$/,
		],
		[
			`${port("")}\ntrunk: { id: t, port_id: p, sub_ports: [{ port_id: p, segmentation_id: 5 }] }`,
			/^a\.yaml:8: trunk\.sub_ports\[0\]\.port_id port "p" is already the parent of trunk "t": remove one of them$/,
		],
		[
			trunks(
				"{ id: t, port_id: p, sub_ports: [{ port_id: q, segmentation_id: 5 }, { port_id: r, segmentation_id: 5 }] }",
			),
			/^a\.yaml:10: trunks\[0\]\.sub_ports\[1\]\.segmentation_id VLAN 5 already belongs to subport "q": change one of them$/,
		],
		[
			trunks("{ id: t, port_id: p, sub_ports: [{ port_id: q, segmentation_id: 5 }] }, { id: u, port_id: q }"),
			/^a\.yaml:10: trunks\[1\]\.port_id port "q" is already a subport of trunk "t": remove one of them$/,
		],
		[
			trunks("{ id: t, port_id: p }, { id: u, port_id: p }"),
			/^a\.yaml:10: trunks\[1\]\.port_id port "p" is already the parent of trunk "t": remove one of them$/,
		],
		[
			lan.replace("mtu: 1500", "mtu: 1279"),
			/^a\.yaml:2: networks\[0\]\.mtu 1279 is too small for IPv6 \(subnet "lan6"\), which needs 1280: raise it$/,
		],
		[
			'server: { id: s, name: s, "OS-EXT-SRV-ATTR:user_data": "#cloud-config" }',
			/^a\.yaml:1: server\.OS-EXT-SRV-ATTR:user_data must be base64/,
		],
		[
			'server: { id: s, name: s, "OS-EXT-SRV-ATTR:user_data": "echo hello world" }',
			/^a\.yaml:1: server\.OS-EXT-SRV-ATTR:user_data must be base64/,
		],
		[
			'server: { id: s, name: s, "OS-EXT-SRV-ATTR:user_data": "hello" }',
			/^a\.yaml:1: server\.OS-EXT-SRV-ATTR:user_data must be base64/,
		],
		[
			'server: { id: s, name: s, user_data: "#cloud-config" }',
			/^a\.yaml:1: server\.user_data is not a member of a server: name it "OS-EXT-SRV-ATTR:user_data"/,
		],
		[
			"server: { id: s, key_name: [mine] }\nkeypair: { name: mien, public_key: ssh-ed25519 AAAA }",
			/^a\.yaml:1: server\.key_name\[0\] there is no keypair "mine" in the inventory: add it, or did you mean "mien"/,
		],
		[
			'keypair: { name: mine, public_key: "ssh-ed25519 AAAA\\nBBBB" }',
			/^a\.yaml:1: keypair\.public_key has the line "BBBB", which is not an SSH key: write one key per line$/,
		],
		[
			"servers: [{ id: web-1 }, { id: web-2 }]\nshare: { share_id: archive, server_id: web-3 }",
			/^a\.yaml:2: share\.server_id there is no server "web-3" in the inventory: add it, or did you mean "web-1"\?$/,
		],
	])("%j", (text, message) => {
		expect(() => inventoryOf({ "a.yaml": text })).toThrow(message);
		expect(() => inventoryOf({ "a.yaml": text })).toThrow(GuestwireError);
	});

	const owner = (id: string, members: string) => `ports:\n  - { id: ${id}, device_id: ${id}, ${members} }\n`;
	test("one address with two owners: the error names both", () => {
		const files = {
			"lan.yaml": lan,
			"a.yaml": owner("a", "fixed_ips: [{ ip_address: 192.0.2.5 }]"),
			"b.yaml": owner("b", "fixed_ips: [{ ip_address: 192.0.2.5 }]"),
		};
		expect(() => inventoryOf(files)).toThrow(
			/^b\.yaml:2: .*ip_address address 192\.0\.2\.5 on network "lan" already belongs to port "a" \(a\.yaml:2: ports\[0\]\)/,
		);
	});

	test("one MAC address with two owners: the error names both", () => {
		const files = {
			"lan.yaml": lan,
			"a.yaml": owner("a", "mac_address: 52:54:00:00:00:01"),
			"b.yaml": owner("b", "mac_address: 52-54-00-00-00-01"),
		};
		expect(() => inventoryOf(files)).toThrow(
			/^b\.yaml:2: .*MAC address .* already belongs to port "a" \(a\.yaml:2: ports\[0\]\)/,
		);
	});

	test("two files that disagree on a resource: the error names both", () => {
		const files = { "a.yaml": "network: { id: lan, mtu: 1500 }", "b.json": '{"networks":[\n{"id":"lan","mtu":9000}]}' };
		expect(() => inventoryOf(files)).toThrow(
			'b.json:2: networks[0] has a different "mtu" for network lan than a.yaml:1: network: remove one of them',
		);
		expect(inventoryOf({ "a.yaml": files["a.yaml"], "c.yaml": files["a.yaml"] }).networks.size).toBe(1);
	});

	test("aliases that expand without bound and endless nesting are rejected", { tags: ["slow"] }, () => {
		const lines = Array.from({ length: 9 }, (_, n) => `x${n + 1}: &x${n + 1} [${Array(9).fill(`*x${n}`).join(", ")}]`);
		expect(() => inventoryOf({ "a.yaml": `x0: &x0 [a]\n${lines.join("\n")}` })).toThrow(
			/^a\.yaml:1: invalid YAML: Excessive/,
		);
		for (const path of ["a.yaml", "a.json"]) {
			expect(() => inventoryOf({ [path]: `${"[".repeat(50_000)}` })).toThrow(
				/^a\.(yaml|json):1: invalid (YAML|JSON): /,
			);
		}
	});

	test("the line of a JSON error is reported", () => {
		expect(() => inventoryOf({ "a.json": '{\n"networks": [\n}' })).toThrow(
			/^a\.json:3: invalid JSON: .*; correct the file$/,
		);
	});
});

test("any document gives an inventory or a GuestwireError of one line", { tags: ["slow"] }, () => {
	const names = COLLECTION_NAMES.flatMap((name) => [name, COLLECTIONS[name].singular]);
	const members = COLLECTION_NAMES.flatMap((name) => Object.keys(COLLECTIONS[name].schema.properties));
	const key = fc.constantFrom(...new Set(members), "__proto__", "constructor");
	const id = fc.constantFrom("a", "b", "c");
	const plain = fc.oneof(
		id,
		fc.constantFrom("10.0.0.1", "10.0.0.0/24", "52:54:00:00:00:01", "vlan", 7),
		fc.jsonValue(),
	);
	const member = fc.oneof(plain, fc.dictionary(key, plain), fc.array(fc.dictionary(key, plain), { maxLength: 2 }));
	const identified = fc.record({ id, uuid: id, name: id, port_id: id, cidr: fc.constant("10.0.0.0/24") });
	const resource = fc.oneof(
		fc.jsonValue(),
		fc.tuple(identified, fc.dictionary(key, member)).map((two) => Object.assign({}, ...two)),
	);
	const document = fc.oneof(
		fc.jsonValue(),
		fc.dictionary(fc.constantFrom(...names), fc.array(resource, { maxLength: 3 })),
	);
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				document.map((value) => JSON.stringify(value)),
			),
			fc.boolean(),
			(text, isJson) => {
				const path = isJson ? "a.json" : "a.yaml";
				try {
					const inventory = inventoryOf({ [path]: text });
					for (const instance of summariesOf(inventory)) expect(factsOf(inventory, instance.id)).toBeDefined();
				} catch (error) {
					if (!(error instanceof GuestwireError)) throw error;
					expect(error.message.startsWith(`${path}:`), error.message).toBe(true);
				}
			},
		),
		{ numRuns: 2000 },
	);
});
