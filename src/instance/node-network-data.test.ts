import { expect, test } from "vitest";
import type { BareMetalNodeFacts } from "./facts.ts";
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
	["the node's own where the others are no maps", { ...own, instance_info: { network_data: "x", guestwire: 7 } }, OWN],
	["the node's own where the others are empty", { ...own, instance_info: { network_data: {} } }, OWN],
	["extra alone", extra, EXTRA],
])("an instance has the addresses of %s", (_, node, address) => {
	expect(addressesOf(node)).toEqual([address]);
});

test("an error names the place", () => {
	const node = { instance_info: { guestwire: { network_data: dataWith("10.0.0.300") } } };
	expect(() => addressesOf({ ...own, ...node })).toThrow(
		/^node n: instance_info\.guestwire\.network_data\.networks\[0\]\.ip_address .*: correct it in Ironic$/,
	);
});
