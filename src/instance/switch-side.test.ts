import { describe, expect, test } from "vitest";
import { networkData } from "../documents/network-data-full.ts";
import { assemble } from "./assemble.ts";
import type { BareMetalPortFacts, PortGroupFacts } from "./bare-metal-facts.ts";
import { factsOfNode } from "./node-facts.ts";

const NODE = "a0000000-0000-4000-8000-000000000001";
const MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"] as const;

/** The links of a node whose NICs have these records. */
function linksOf(nics: readonly Partial<BareMetalPortFacts>[], group?: Partial<PortGroupFacts>) {
	const portGroups: PortGroupFacts[] =
		group === undefined
			? []
			: [{ uuid: "g", address: null, node_uuid: NODE, mode: "802.3ad", properties: {}, extra: {}, ...group }];
	const ports = nics.map(
		(nic, at): BareMetalPortFacts => ({
			...{ uuid: `p${at}`, address: MACS[at] ?? "", node_uuid: NODE, portgroup_uuid: group ? "g" : null, ...nic },
		}),
	);
	const facts = factsOfNode({ uuid: NODE, instance_uuid: null }, { ports, portGroups });
	return networkData(assemble(facts))?.links ?? [];
}

const vlansIn = (links: ReturnType<typeof linksOf>) =>
	links.flatMap((link) => (link.type === "vlan" && "vlan_id" in link ? [link.vlan_id] : []));

describe("the VLAN that the switch passes on without a tag", () => {
	test.each([10, "10"])("is no VLAN link: %j", (native_vlan) => {
		const switchport = { mode: "trunk", native_vlan, allowed_vlans: [10, 20] };
		expect(vlansIn(linksOf([{ extra: { switchport } }]))).toEqual([20]);
	});
});

describe("without a value in the port group's record, the members' records decide", () => {
	const switchport = { mode: "trunk", native_vlan: 10, allowed_vlans: [10, 20], mtu: 9000 };
	const members = [{ extra: { switchport } }, { extra: { switchport } }];

	test("of VLANs and MTU", () => {
		const links = linksOf(members, { extra: { lag: { aggregation_mode: "lacp" } } });
		expect(vlansIn(links)).toEqual([20]);
		expect(links.find(({ type }) => type === "bond")).toMatchObject({ mtu: 9000 });
	});

	test("its own VLANs take precedence", () => {
		const lag = { mode: "trunk", native_vlan: 10, allowed_vlans: [10, 30], aggregation_mode: "lacp" };
		const links = linksOf(members, { extra: { lag } });
		expect(vlansIn(links)).toEqual([30]);
		expect(links.find(({ type }) => type === "bond")).toMatchObject({ mtu: 9000 });
	});

	test("of the mode", () => {
		const portchannel = { mode: "access", native_vlan: 10, aggregation_mode: "static" };
		const links = linksOf([{ extra: { portchannel } }, {}], { mode: "802.3ad" });
		expect(links.find(({ type }) => type === "bond")).toMatchObject({ bond_mode: "balance-xor" });
	});
});

describe("NICs that the switch aggregates are a bond without a port group:", () => {
	test.each<[string, object, object, string]>([
		["extra.portchannel", { extra: { portchannel: "po7" } }, { extra: { portchannel: "po7" } }, "802.3ad"],
		[
			"extra.portchannel with a mode",
			{ extra: { portchannel: { name: "po7", aggregation_mode: "static" } } },
			{ extra: { portchannel: { name: "po7", aggregation_mode: "static" } } },
			"balance-xor",
		],
		[
			"extra.switchport.lag_name",
			{ extra: { switchport: { mode: "access", native_vlan: 7, lag_name: "lag-a" } } },
			{ extra: { switchport: { mode: "access", native_vlan: 7, lag_name: "lag-a" } } },
			"802.3ad",
		],
		[
			"local_link_connection, on two switches",
			{ local_link_connection: { switch_id: "00:1c:73:aa:bb:01", port_id: "Port-Channel7" } },
			{ local_link_connection: { switch_id: "00:1c:73:aa:bb:02", port_id: "Port-Channel7" } },
			"802.3ad",
		],
	])("%s", (_, first, second, bond_mode) => {
		const links = linksOf([first, second, {}]);
		expect(links).toMatchObject([
			{ type: "phy", ethernet_mac_address: MACS[0] },
			{ type: "phy", ethernet_mac_address: MACS[1] },
			{ type: "bond", bond_mode, bond_miimon: 100, ethernet_mac_address: MACS[0], bond_links: ["p0", "p1"] },
			{ type: "phy", ethernet_mac_address: MACS[2] },
		]);
	});

	const onPort = (port_id: unknown) => ({ local_link_connection: { switch_id: "00:1c:73:aa:bb:01", port_id } });
	test.each<[string, object, object]>([
		["ports of one NIC that share a port of the switch", onPort("Ethernet1"), onPort("Ethernet1")],
		["different interfaces", onPort("Port-Channel7"), onPort("Port-Channel8")],
		["a single NIC", onPort("Port-Channel7"), {}],
		["odd values", onPort({ a: 1 }), { extra: { portchannel: [7], switchport: { lag_name: {} } } }],
	])("but not %s", (_, first, second) => {
		expect(linksOf([first, second]).filter(({ type }) => type === "bond")).toEqual([]);
	});
});
