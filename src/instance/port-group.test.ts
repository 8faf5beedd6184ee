import { describe, expect, it } from "vitest";
import type { PortGroupFacts } from "./bare-metal-facts.ts";
import { emptyFacts } from "./empty-facts.ts";
import type { InstanceFacts, PortFacts } from "./facts.ts";
import { bareMetalOf, isRamdiskPort } from "./port-group.ts";

const NEUTRON = "fa:16:3e:00:00:01";
const attached = { internal_info: { tenant_vif_port_id: "vif" } };
const nic = (uuid: string, address: string, portgroup_uuid: string | null = null) => ({
	uuid,
	address,
	node_uuid: "node",
	portgroup_uuid,
});
const group = (change: Partial<PortGroupFacts> = {}): PortGroupFacts => ({
	uuid: "group",
	address: null,
	node_uuid: "node",
	mode: "802.3ad",
	properties: {},
	...change,
});
const members = [nic("a", "02:00:00:00:00:0A", "group"), nic("b", "02:00:00:00:00:0b", "group")];
const bareMetal = (facts: Partial<InstanceFacts>, mac = NEUTRON) =>
	bareMetalOf("vif", mac, { ...emptyFacts("i"), ...facts });

describe("a port's bare metal", () => {
	it.each([attached, { extra: { vif_port_id: "vif" } }])("is the NIC that Ironic attached it to: %j", (where) => {
		const bareMetalPorts = [nic("other", "02:00:00:00:00:01"), { ...nic("own", "02:00:00:00:00:02"), ...where }];
		expect(bareMetal({ bareMetalPorts })).toEqual({ plugged: true, macAddress: "02:00:00:00:00:02" });
	});

	it("is the bond that Ironic attached it to, with the address of the group", () => {
		const portGroups = [group({ ...attached, address: "02:00:00:00:00:0C" })];
		const found = bareMetal({ portGroups, bareMetalPorts: members });
		expect(found).toMatchObject({ macAddress: "02:00:00:00:00:0c", portGroup: { id: "group", mode: "802.3ad" } });
		expect(found.portGroup?.members).toEqual([
			{ id: "a", macAddress: "02:00:00:00:00:0a" },
			{ id: "b", macAddress: "02:00:00:00:00:0b" },
		]);
	});

	it("keeps Neutron's address on a group without one", () => {
		expect(bareMetal({ portGroups: [group(attached)], bareMetalPorts: members }).macAddress).toBeUndefined();
	});

	it.each([
		["the group's", { address: NEUTRON }, NEUTRON],
		["a member's", {}, "02:00:00:00:00:0b"],
	])("is the bond whose address it has: %s", (_, change, mac) => {
		expect(bareMetal({ portGroups: [group(change)], bareMetalPorts: members }, mac).portGroup?.id).toBe("group");
	});

	it("is unknown for any other port", () => {
		expect(bareMetal({ portGroups: [group()], bareMetalPorts: members })).toEqual({});
	});

	it.each([
		["updelay", 200, "bond_updelay", "200"],
		["constructor", "x", "bond_constructor", "x"],
		["__proto__", "x", "bond___proto__", "x"],
		["bond_updelay", "200", "bond_updelay", "200"],
		["bond-updelay", 200, "bond_updelay", "200"],
		["xmit-hash-policy", "layer3+4", "bond_xmit_hash_policy", "layer3+4"],
		["bond-xmit_hash-policy", "layer3+4", "bond_xmit_hash_policy", "layer3+4"],
		["arp_ip_target", ["10.0.0.1", "10.0.0.2"], "bond_arp_ip_target", "10.0.0.1,10.0.0.2"],
		["all_slaves_active", true, "bond_all_slaves_active", "1"],
		["down-delay", "200", "bond_downdelay", "200"],
		["LACP-Rate", "1", "bond_lacp_rate", "fast"],
		["xmit_hash_policy", 1, "bond_xmit_hash_policy", "layer3+4"],
		["fail_over_mac", 1, "bond_fail_over_mac", "active"],
		["min-links", "2", "bond_min_links", "2"],
		["tlb-dynamic-lb", "off", "bond_tlb_dynamic_lb", "0"],
		["ad_actor_system", "02:00:00:00:00:0C", "bond_ad_actor_system", "02:00:00:00:00:0c"],
		["vendor_option", "any text", "bond_vendor_option", "any text"],
	])("has the option %s = %j as %s", (key, value, name, text) => {
		const portGroups = [group({ ...attached, properties: { [key]: value, empty: null } })];
		expect(bareMetal({ portGroups, bareMetalPorts: members }).portGroup?.options).toEqual({ [name]: text });
	});

	it("leaves out what can't be an option's value", () => {
		const json = { nested: { a: [1] }, lists: [[1]], empty: [], none: null };
		const wrong = {
			min_links: "one",
			updelay: -1,
			fail_over_mac: "maybe",
			lacp_rate: 2,
			use_carrier: "constructor",
			miimon: 100,
		};
		const beyond = { num_grat_arp: 256, resend_igmp: 256, lp_interval: 0 };
		const portGroups = [group({ ...attached, properties: { ...json, ...wrong, ...beyond } })];
		expect(bareMetal({ portGroups, bareMetalPorts: members }).portGroup?.options).toEqual({ bond_miimon: "100" });
	});

	it.each(["01:00:5e:00:00:01", "02-00-00-00-00-0c", Array.from({ length: 20 }, () => "02").join(":")])(
		"leaves out %s, which the driver does not accept",
		(ad_actor_system) => {
			const portGroups = [group({ ...attached, properties: { ad_actor_system } })];
			expect(bareMetal({ portGroups, bareMetalPorts: members }).portGroup?.options).toEqual({});
		},
	);

	it.each([
		["lacp", "active-backup", "802.3ad"],
		["static", "802.3ad", "balance-xor"],
		["static", "balance-rr", "balance-rr"],
		[undefined, "active-backup", "active-backup"],
	])("agrees with a switch that aggregates by %s: %s becomes %s", (aggregation_mode, mode, agreed) => {
		for (const name of ["lag", "portchannel"]) {
			const extra = { vif_port_id: "vif", [name]: { mode: "access", aggregation_mode } };
			const portGroups = [group({ mode, extra })];
			expect(bareMetal({ portGroups, bareMetalPorts: members }).portGroup?.mode).toBe(agreed);
		}
	});
});

describe("a port of Ironic's ramdisk", () => {
	const port = (id: string, device_owner: string) => ({ id, device_owner }) as PortFacts;
	const ramdiskOf = (facts: Partial<InstanceFacts>) => {
		const all = { ...emptyFacts("i"), ...facts };
		return all.ports.filter(isRamdiskPort(all)).map(({ id }) => id);
	};
	const ports = [port("vif", "baremetal:none"), port("other", "compute:nova")];

	it.each(["provisioning", "cleaning", "inspection", "rescuing", "servicing"])(
		"is named as the port for %s",
		(task) => {
			const internal_info = { tenant_vif_port_id: "other", [`${task}_vif_port_id`]: "vif" };
			const bareMetalPorts = [{ ...nic("a", "02:00:00:00:00:01"), internal_info }];
			expect(ramdiskOf({ bareMetalPorts, ports })).toEqual(["vif"]);
			// Whoever owns the other ports.
			expect(ramdiskOf({ bareMetalPorts, ports: [port("vif", "baremetal:none"), port("other", "")] })).toEqual(["vif"]);
			expect(ramdiskOf({ portGroups: [group({ internal_info })], bareMetalPorts: members, ports })).toEqual(["vif"]);
		},
	);

	it("is known by its owner beside Nova's ports if Ironic's records do not mention it", () => {
		expect(ramdiskOf({ ports })).toEqual(["vif"]);
		expect(ramdiskOf({ bareMetalPorts: members, portGroups: [group()], ports })).toEqual(["vif"]);
	});

	it.each([attached, { extra: { vif_port_id: "vif" } }])("is not a VIF, whatever its owner: %j", (where) => {
		const bareMetalPorts = [{ ...nic("a", "02:00:00:00:00:01"), ...where }];
		expect(ramdiskOf({ bareMetalPorts, ports })).toEqual([]);
		expect(ramdiskOf({ portGroups: [group(where)], bareMetalPorts: members, ports })).toEqual([]);
	});

	it("is not recognized among ports if none of them belongs to Nova", () => {
		expect(ramdiskOf({ ports: [port("vif", "baremetal:none"), port("other", "baremetal:none")] })).toEqual([]);
	});
});
