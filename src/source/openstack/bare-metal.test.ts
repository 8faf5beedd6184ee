import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeIronic, recordedAnswer, startFakeIronic } from "../../../test/fake-ironic.ts";
import { type FakeOpenStack, startFakeOpenStack } from "../../../test/fake-openstack.ts";
import { recordedCases } from "../../../test/recorded.ts";
import { networkData } from "../../documents/network-data-full.ts";
import { violatedConstraint } from "../ownership.ts";
import type { RemoteSource } from "../remote-source.ts";
import { openOpenStackSource } from "./index.ts";

/** A recorded server with one NIC, put on the recorded node with a bond. */
const facts = recordedCases().find(({ name }) => name === "a-dhcp4")?.facts ?? (undefined as never);
const NODE = "a0000000-0000-4000-8000-000000000001";
const GROUP = "c0000000-0000-4000-8000-000000000100";

let cloud: FakeOpenStack;
let ironic: FakeIronic;
let source: RemoteSource;
beforeEach(async () => {
	cloud = await startFakeOpenStack();
	ironic = await startFakeIronic();
	const [port] = facts.ports;
	for (const one of cloud.records.ports) {
		if (one.id === port?.id) Object.assign(one, { "binding:vnic_type": "baremetal", "binding:vif_type": "unbound" });
	}
	for (const one of ironic.records.nodes) if (one.uuid === NODE) Object.assign(one, { instance_uuid: facts.id });
	for (const one of ironic.records.portgroups) {
		if (one.uuid === GROUP) Object.assign(one, { internal_info: { tenant_vif_port_id: port?.id } });
	}
	const env = { ...cloud.env, OS_BAREMETAL_ENDPOINT_OVERRIDE: ironic.url };
	source = await openOpenStackSource({ env, changes: { pollSeconds: 1 } });
});
afterEach(async () => {
	await source.close();
	await ironic.close();
	await cloud.close();
});

const linksOf = async () => {
	const instance = await source.instance(facts.id, "all");
	return (instance && networkData(instance))?.links;
};

test("a server on bare metal has the bond that Ironic attached its port to", async () => {
	expect(await linksOf()).toMatchObject([
		{ type: "phy", ethernet_mac_address: "52:54:00:00:01:01" },
		{ type: "phy", ethernet_mac_address: "52:54:00:00:01:02" },
		{ type: "bond", bond_mode: "802.3ad", vif_id: facts.ports[0]?.id, ethernet_mac_address: "52:54:00:00:01:01" },
	]);
});

describe("the port of Ironic's ramdisk, which has the server as its device", () => {
	const RAMDISK = "f0000000-0000-4000-8000-000000000001";
	const addRamdiskPort = (members: object) => {
		const [own] = cloud.records.ports.filter(({ id }) => id === facts.ports[0]?.id);
		const mac_address = "52:54:00:00:01:01";
		cloud.records.ports.push({ ...own, id: RAMDISK, mac_address, device_owner: "baremetal:none", ...members } as never);
	};

	test("is not in the server's documents: Ironic names it", async () => {
		const before = await linksOf();
		addRamdiskPort({ device_owner: facts.ports[0]?.device_owner });
		const [port] = ironic.records.ports.filter(({ portgroup_uuid }) => portgroup_uuid === GROUP);
		Object.assign(port ?? {}, { internal_info: { provisioning_vif_port_id: RAMDISK } });
		expect(await linksOf()).toEqual(before);
		const instance = await source.instance(facts.id, "all");
		expect(instance?.ramdiskPorts).toMatchObject([{ macAddress: "52:54:00:00:01:01" }]);
	});

	test("belongs to the server on its own network, although it is in Ironic's project", async () => {
		const before = await linksOf();
		addRamdiskPort({ project_id: "ironic", network_id: "provisioning", mac_address: "52:54:00:00:01:02" });
		const [nic] = ironic.records.ports.filter(({ address }) => address === "52:54:00:00:01:02");
		const query = { macAddress: "52:54:00:00:01:02", networkId: "provisioning" };
		const refusedBy = async () => {
			const [owner, ...more] = await source.owners(query);
			expect([owner?.id, more]).toEqual([facts.id, []]);
			const instance = await source.instance(facts.id, "wiring");
			const { projectId, networkId = "" } = owner ?? {};
			const constraint = { ...(projectId !== undefined && { projectId }), port: { ...query, networkId } };
			return instance && violatedConstraint(instance, [constraint]);
		};
		// Until Ironic names it, anybody's port may say the same.
		expect(await refusedBy()).toBe("port");
		Object.assign(nic ?? {}, { internal_info: { provisioning_vif_port_id: RAMDISK } });
		for (let times = 0; times < 2; times++) expect(await refusedBy()).toBeUndefined();
		expect(await linksOf()).toEqual(before);
	});

	test("is not in them even if Ironic can't be read: Nova's ports have another owner", async () => {
		ironic.instead = () => ({ status: 403, body: {} });
		for (const one of cloud.records.ports) one["binding:vif_type"] = "other";
		addRamdiskPort({});
		expect(await linksOf()).toMatchObject([{ type: "phy", vif_id: facts.ports[0]?.id }]);
	});
});

test("other servers need no call to Ironic", async () => {
	const other = recordedCases().find(({ name }) => name === "h1-full")?.facts;
	expect(await source.facts(other?.id ?? "", "all")).toBeDefined();
	expect(ironic.requests).toEqual([]);
});

test("a mirror reads Ironic's records and none of its servers", async () => {
	const signal = AbortSignal.timeout(5000);
	const { kinds } = source.resources;
	expect(kinds).toEqual(expect.arrayContaining(["baremetal_node", "baremetal_port", "portgroup", "server"]));
	const { resources } = await source.resources.byId("portgroup", [GROUP, "gone"], signal);
	expect(resources).toMatchObject([{ kind: "portgroup", id: GROUP, content: { mode: "802.3ad" } }]);
	const { resources: nodes } = await source.resources.page("baremetal_node", { limit: 100 }, signal);
	expect(new Set(nodes.map(({ kind }) => kind))).toEqual(new Set(["baremetal_node"]));
	expect(nodes).toHaveLength(11);
	expect(source.signals.map(({ name }) => name)).toContain("lists");
});

test.each([
	["the user has no role there", 403, {}],
	["it is too old", 200, { default_version: { min_version: "1.1", version: "1.80" } }],
])("without Ironic's records the server keeps its NIC: %s", async (_, status, body) => {
	ironic.instead = ({ pathname }) => (status === 200 && pathname !== "/" ? undefined : { status, body });
	ironic.root = recordedAnswer("29", "root").body;
	// Neutron says that nothing is plugged in, and nobody says otherwise.
	for (const one of cloud.records.ports) one["binding:vif_type"] = "other";
	expect(await linksOf()).toMatchObject([{ type: "phy", vif_id: facts.ports[0]?.id }]);
});

describe("a bond's member, whose MAC address no Neutron port has,", () => {
	const MEMBER = "52:54:00:00:01:02";
	const [port] = facts.ports;
	const owner = { id: facts.id, projectId: port?.project_id, networkId: port?.network_id ?? "" };

	test("belongs to the server on the network of the bond's port, and on no other", async () => {
		const query = { macAddress: MEMBER, networkId: owner.networkId };
		expect(await source.owners(query)).toEqual([owner]);
		const instance = await source.instance(facts.id, "all");
		const constraint = { projectId: owner.projectId ?? "", port: query };
		expect(instance && violatedConstraint(instance, [constraint])).toBeUndefined();
		expect(await source.owners({ macAddress: MEMBER, networkId: "another" })).toEqual([]);
		expect(await source.owners({ macAddress: "52:54:00:00:02:02", networkId: owner.networkId })).toEqual([]);
	});

	test("is found behind a router", async () => {
		const interfaces = { ...cloud.records.ports[0], device_id: "router", device_owner: "network:router_interface" };
		cloud.records.ports.push({ ...interfaces, id: "interface", network_id: owner.networkId } as never);
		expect(await source.owners({ macAddress: MEMBER, routerId: "router" })).toEqual([owner]);
		expect(await source.owners({ macAddress: MEMBER, routerId: "another" })).toEqual([]);
	});

	test("belongs to the server if only the MAC address is given", async () => {
		expect(await source.owners({ macAddress: MEMBER })).toEqual([{ id: facts.id, networkId: "" }]);
		for (const one of ironic.records.nodes) if (one.uuid === NODE) Object.assign(one, { instance_uuid: null });
		expect(await source.owners({ macAddress: MEMBER })).toEqual([]);
	});

	test("needs no call to Ironic if Neutron knows the address", async () => {
		await source.owners({ macAddress: port?.mac_address ?? "" });
		await source.owners({ address: "192.0.2.250" });
		expect(ironic.requests).toEqual([]);
	});
});
