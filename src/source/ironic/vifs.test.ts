import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeIronic, startFakeIronic } from "../../../test/fake-ironic.ts";
import { type FakeOpenStack, startFakeOpenStack } from "../../../test/fake-openstack.ts";
import { recordedCases } from "../../../test/recorded.ts";
import { networkData } from "../../documents/network-data-full.ts";
import type { RemoteSource } from "../remote-source.ts";
import { openIronicSource } from "./index.ts";
import { ironicKind } from "./kind.ts";

/** The recorded node has a bond and a NIC beside it. */
const NODE = "a0000000-0000-4000-8000-000000000011";
const INSTANCE = "e0000000-0000-4000-8000-000000000011";
const VIFS = ["f0000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-000000000002"] as const;
const RAMDISK = "f0000000-0000-4000-8000-000000000009";
const RAMDISK_MAC = "fa:16:3e:00:99:99";

const [recordedPort] = recordedCases().find(({ name }) => name === "a-dhcp4")?.facts.ports ?? [];

let cloud: FakeOpenStack;
let ironic: FakeIronic;
let source: RemoteSource;
let env: Record<string, string>;
const warnings: string[] = [];
const ofNode = (record: Record<string, unknown>) => record["node_uuid"] === NODE;
beforeEach(async () => {
	cloud = await startFakeOpenStack();
	ironic = await startFakeIronic();
	const [group] = ironic.records.portgroups.filter(ofNode);
	const nic = ironic.records.ports.find((port) => ofNode(port) && port["portgroup_uuid"] === null);
	for (const [at, holder] of [group, nic].entries()) {
		Object.assign(holder ?? {}, { internal_info: { tenant_vif_port_id: VIFS[at] } });
	}
	env = { ...cloud.env, OS_BAREMETAL_ENDPOINT_OVERRIDE: ironic.url };
	warnings.length = 0;
	source = await openIronicSource({ env, sharing: 0, onWarning: (warning) => warnings.push(warning) });
});
afterEach(async () => {
	await source.close();
	await ironic.close();
	await cloud.close();
});

function addPort(id: string, device_owner: string, more: object = {}): void {
	cloud.records.ports.push({ ...recordedPort, id, device_id: "", device_owner, ...more } as never);
}

async function vifsOf(): Promise<(string | undefined)[]> {
	const instance = await source.instance(INSTANCE, "all");
	const links = (instance && networkData(instance))?.links ?? [];
	return links.flatMap(({ vif_id }) => vif_id ?? []);
}

test("Keystone's token expires", async () => {
	await source.list();
	expect(source.tokenRemaining?.()).toBeGreaterThan(0);
});

test("the doctor reports VIFs whose ports Neutron does not show", async () => {
	const [group] = ironic.records.portgroups.filter((record) => record.uuid.endsWith("001000"));
	Object.assign(group ?? {}, { internal_info: {} });
	const neutron = async () => (await ironicKind.check({}, { env, profile: "full", freshness: 15 })).at(-1);
	addPort(VIFS[0], "");
	expect(await neutron()).toMatchObject({
		...{ part: "Neutron", ok: false },
		found: expect.stringContaining(`1 of 2 attached VIFs, but not ${VIFS[1]}: let the user read all ports`),
	});
	addPort(VIFS[1], "");
	expect(await neutron()).toEqual({ part: "Neutron", ok: true, found: "shows the ports of all 2 attached VIFs" });
});

test("a VIF whose port Neutron does not show is logged once, and its guest gets the rest", async () => {
	for (let times = 0; times < 3; times++) expect(await vifsOf()).not.toContain(VIFS[0]);
	const line = (vif: string, gets: RegExp) =>
		expect.stringMatching(
			new RegExp(`^Neutron does not show port ${vif}, .* node ${NODE}: its guest gets ${gets.source}`),
		);
	expect(warnings).toEqual(VIFS.map((vif) => line(vif, /what the node's network_data says, or DHCP;/)));
	addPort(VIFS[0], "");
	expect(await vifsOf()).toEqual([VIFS[0]]);
	cloud.records.ports.pop();
	await vifsOf();
	expect(warnings).toHaveLength(3);
	expect(warnings.at(-1)).toEqual(line(VIFS[0], /what the node's/));
});

test("a VIF whose port belongs to a DHCP server or router is logged once, and its guest gets the rest", async () => {
	addPort(VIFS[0], "");
	addPort(VIFS[1], "network:dhcp");
	for (let times = 0; times < 3; times++) expect(await vifsOf()).toEqual([VIFS[0]]);
	expect(warnings).toEqual([
		`Neutron's port ${VIFS[1]}, which is attached to node ${NODE}, belongs to "network:dhcp": its guest gets documents without this NIC; attach a port of the tenant instead`,
	]);
});

describe("a tenant's VIF is in the document beside one of Nova's", () => {
	test.each(["", "baremetal:none", "compute:nova"])('with the owner "%s"', async (owner) => {
		addPort(VIFS[0], owner);
		addPort(VIFS[1], "compute:nova");
		expect(await vifsOf()).toEqual(VIFS);
	});
});

test.each(["provisioning", "cleaning", "inspection", "rescuing", "servicing"])(
	"the port for %s is in no document, and found as the instance's",
	async (task) => {
		addPort(VIFS[0], "");
		addPort(VIFS[1], "compute:nova");
		const before = await vifsOf();
		const [member] = ironic.records.ports.filter((port) => ofNode(port) && port["portgroup_uuid"] !== null);
		Object.assign(member ?? {}, { internal_info: { [`${task}_vif_port_id`]: RAMDISK } });
		for (const owner of ["", "baremetal:none", "compute:nova"]) {
			cloud.records.ports = cloud.records.ports.filter(({ id }) => id !== RAMDISK);
			addPort(RAMDISK, owner, { mac_address: RAMDISK_MAC });
			expect(await vifsOf()).toEqual(before);
			const owners = await source.owners({ macAddress: RAMDISK_MAC });
			expect(owners.map(({ id }) => id)).toEqual([INSTANCE]);
		}
	},
);

test("VIFs of several projects are all in the document: Ironic has attached them", async () => {
	const address = (at: number) => [{ subnet_id: recordedPort?.fixed_ips[0]?.subnet_id, ip_address: `10.99.0.${at}` }];
	addPort(VIFS[0], "", { project_id: "one", fixed_ips: address(1) });
	addPort(VIFS[1], "", { project_id: "two", fixed_ips: address(2) });
	expect(await vifsOf()).toEqual(VIFS);
	expect((await source.owners({ address: "10.99.0.2" })).map(({ id }) => id)).toEqual([INSTANCE]);
});

test("a VIF that only the extra of another node's port names is not that node's", async () => {
	addPort(VIFS[0], "");
	const [other] = ironic.records.ports.filter((record) => !ofNode(record));
	Object.assign(other ?? {}, { extra: { vif_port_id: VIFS[0] } });
	const [address = ""] = (recordedPort?.fixed_ips ?? []).map(({ ip_address }) => ip_address);
	expect((await source.owners({ address })).map(({ id }) => id)).toEqual([INSTANCE]);
});

describe("in mode network, beside Neutron, the node's instance is found", () => {
	const MEMBER = "52:54:00:00:11:02";
	const [address = ""] = (recordedPort?.fixed_ips ?? []).map(({ ip_address }) => ip_address);
	const networkId = recordedPort?.network_id ?? "";
	beforeEach(() => {
		addPort(VIFS[0], "");
		addPort("interface", "network:router_interface", { device_id: "router", fixed_ips: [] });
	});

	test.each([
		["by its address behind a router", { address, routerId: "router" }],
		["by its address on a network", { address, networkId }],
		["by the MAC address of a bond's member behind a router", { macAddress: MEMBER, routerId: "router" }],
		["by the MAC address of a bond's member on a network", { macAddress: MEMBER, networkId }],
	])("%s", async (_, query) => {
		expect(await source.owners(query)).toMatchObject([{ id: INSTANCE, networkId }]);
	});

	test.each([
		["behind another router", { address, routerId: "another" }],
		["on another network", { macAddress: MEMBER, networkId: "another" }],
		["behind another router, by MAC address", { macAddress: MEMBER, routerId: "another" }],
	])("not %s", async (_, query) => {
		expect(await source.owners(query)).toEqual([]);
	});
});
