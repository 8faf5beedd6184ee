import { expect, test } from "vitest";
import type { BareMetalNodeFacts } from "./bare-metal-facts.ts";
import { factsOfNode } from "./node-facts.ts";

const MAC = "52:54:00:00:00:01";
const PORT = { uuid: "p", address: MAC, node_uuid: "n", portgroup_uuid: null };

function dataWith(ip_address: string) {
	return {
		links: [{ id: "nic", type: "phy", ethernet_mac_address: MAC }],
		networks: [{ link: "nic", type: "ipv4", ip_address, netmask: "255.255.255.0" }],
	};
}

const addressesOf = (node: Partial<BareMetalNodeFacts>) =>
	factsOfNode({ uuid: "n", instance_uuid: null, ...node }, { ports: [PORT], portGroups: [] }).ports.flatMap(
		({ fixed_ips }) => fixed_ips.map(({ ip_address }) => ip_address),
	);

const [OWN, INFO, EXTRA, FIRST] = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"] as const;
const own = { network_data: dataWith(OWN) };
const extra = { extra: { guestwire: { network_data: dataWith(EXTRA) } } };
const info = { instance_info: { network_data: dataWith(INFO) } };
const first = { instance_info: { ...info.instance_info, guestwire: { network_data: dataWith(FIRST) } } };

test.each<[string, Partial<BareMetalNodeFacts>, string]>([
	["the node's own", own, OWN],
	["extra.guestwire before the node's own, which is its ramdisk's", { ...own, ...extra }, EXTRA],
	["instance_info before extra", { ...own, ...extra, ...info }, INFO],
	["guestwire of instance_info before all", { ...own, ...extra, ...first }, FIRST],
	["the node's own if the others are not maps", { ...own, instance_info: { network_data: "x", guestwire: 7 } }, OWN],
	["the node's own where the others are empty", { ...own, instance_info: { network_data: {} } }, OWN],
	["extra only", extra, EXTRA],
])("an instance has the addresses of %s", (_, node, address) => {
	expect(addressesOf(node)).toEqual([address]);
});

test("an error names the place", () => {
	const node = { instance_info: { guestwire: { network_data: dataWith("10.0.0.300") } } };
	expect(() => addressesOf({ ...own, ...node })).toThrow(
		/^node n: instance_info\.guestwire\.network_data\.networks\[0\]\.ip_address .*: correct it in Ironic$/,
	);
});

test.each([
	["a VLAN whose parent is not there", { type: "vlan", vlan_id: 7, vlan_link: "gone" }],
	["a VLAN on a VLAN", { type: "vlan", vlan_id: 7, vlan_link: "outer" }],
	["a bond without members", { type: "bond", bond_links: ["gone"] }],
])("an address on %s is an error, and not left out", (_, link) => {
	const { links, networks } = dataWith(OWN);
	const outer = { id: "outer", type: "vlan", vlan_id: 5, vlan_link: "nic" };
	const on = (id: string) => networks.map((network) => ({ ...network, link: id }));
	const data = { links: [...links, outer, { id: "lost", ...link }], networks: on("outer") };
	expect(addressesOf({ network_data: data })).toEqual([]);
	expect(() => addressesOf({ network_data: { ...data, networks: on("lost") } })).toThrow(
		'node n: the network data has a network on link "lost", which is not on any NIC',
	);
});

test.each([
	["unknown members", { bond_links: ["gone"] }],
	["no members", {}],
])("a bond with %s and the address of a NIC is an error, and not that NIC", (_, members) => {
	const { networks } = dataWith(OWN);
	const bond = { id: "nic", type: "bond", ethernet_mac_address: MAC, ...members };
	expect(() => addressesOf({ network_data: { links: [bond], networks } })).toThrow(
		'node n: the network data has a bond "nic" without members: its bond_links must be the ids of other links',
	);
});
