import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type FakeIronic, startFakeIronic } from "../../../test/fake-ironic.ts";
import { networkData } from "../../documents/network-data-full.ts";
import { openIronicSource } from "./index.ts";

/** Only one of its NICs is enrolled, as Metal3's operator does it. */
const NODE = "a0000000-0000-4000-8000-000000000005";
const INSTANCE = "e0000000-0000-4000-8000-000000000005";
const [FIRST, SECOND] = ["52:54:00:00:05:01", "52:54:00:00:05:02"] as const;

const INVENTORY = `
baremetal_nodes: [{ uuid: db-1, instance_uuid: db-1 }]
portgroups: [{ uuid: bond0, node_uuid: db-1, mode: 802.3ad, properties: { xmit_hash_policy: layer3+4 } }]
baremetal_ports:
  - { uuid: nic0, node_uuid: db-1, portgroup_uuid: bond0, address: "${FIRST}" }
  - { uuid: nic1, node_uuid: db-1, portgroup_uuid: bond0, address: "${SECOND}" }
networks: [{ id: lan, mtu: 9000 }]
subnets: [{ id: lan4, cidr: 10.9.0.0/24, gateway_ip: 10.9.0.1, enable_dhcp: false }]
ports: [{ id: db-1-lan, device_id: db-1, fixed_ips: [{ ip_address: 10.9.0.13 }] }]
`;

let fake: FakeIronic;
beforeEach(async () => {
	fake = await startFakeIronic();
	for (const node of fake.records.nodes) if (node.uuid === NODE) Object.assign(node, { network_data: {} });
});
afterEach(() => fake.close());

async function openWith(text: string) {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-beside-"));
	writeFileSync(join(folder, "lan.yaml"), text);
	const source = await openIronicSource({ env: fake.env, inventory: folder, sharing: 0 });
	onTestFinished(async () => {
		await source.close();
		rmSync(folder, { recursive: true });
	});
	const documentOf = async () => {
		const instance = await source.instance(INSTANCE, "all");
		return instance && networkData(instance);
	};
	return { source, documentOf };
}

const bondOf = (mode: string, members: readonly string[]) => [
	...members.map((ethernet_mac_address) => ({ type: "phy", ethernet_mac_address, mtu: 9000 })),
	{ type: "bond", ethernet_mac_address: FIRST, bond_mode: mode, mtu: 9000 },
];

test("an inventory bonds the NIC that Ironic has with one that it lacks", async () => {
	const { source, documentOf } = await openWith(INVENTORY);
	const document = await documentOf();
	expect(document?.links).toMatchObject(bondOf("802.3ad", [FIRST, SECOND]));
	expect(document?.links).toHaveLength(3);
	expect(document?.networks).toMatchObject([{ type: "ipv4", ip_address: "10.9.0.13" }]);
	expect((await source.owners({ macAddress: SECOND })).map(({ id }) => id)).toEqual([INSTANCE]);
	// A mirror finds NICs by their node.
	const { resources } = await source.resources.page("baremetal_port", { limit: 100 }, AbortSignal.timeout(5000));
	const nodes = resources.flatMap(({ id, content }) => (/^nic/.test(id) ? (content as { node_uuid: string }) : []));
	expect(nodes).toMatchObject([{ node_uuid: NODE, address: SECOND }]);
});

/** A port group of Ironic's with the NIC that Ironic has. */
function addGroup(): void {
	const group = { uuid: "group", name: null, address: FIRST, node_uuid: NODE, mode: "active-backup" };
	fake.records.portgroups.push({ ...group, properties: {}, internal_info: {}, extra: {} });
	for (const port of fake.records.ports)
		if (port["address"] === FIRST) Object.assign(port, { portgroup_uuid: "group" });
}

test("a bond that both have is Ironic's, with the members of both", async () => {
	addGroup();
	const { documentOf } = await openWith(INVENTORY);
	const document = await documentOf();
	expect(document?.links).toMatchObject(bondOf("active-backup", [FIRST, SECOND]));
	expect(document?.links).toHaveLength(3);
	expect(document?.networks).toMatchObject([{ link: document?.links[2]?.id, ip_address: "10.9.0.13" }]);
});

test("an inventory without hardware leaves Ironic's bond as it is", async () => {
	addGroup();
	const hardware = /^(baremetal_\w+|portgroups| {2}- ).*\n/gm;
	const text = INVENTORY.replaceAll(hardware, "").replace("id: db-1-lan,", `id: db-1-lan, mac_address: "${FIRST}",`);
	const { documentOf } = await openWith(text);
	expect((await documentOf())?.links).toMatchObject(bondOf("active-backup", [FIRST]));
});

test("an inventory may bond some of the NICs that Ironic has, and no others", async () => {
	fake.records.ports.push({
		...fake.records.ports.find((port) => port["address"] === FIRST),
		...{ uuid: "other" },
	} as never);
	Object.assign(fake.records.ports.at(-1) ?? {}, { address: "52:54:00:00:05:03" });
	const { documentOf } = await openWith(INVENTORY);
	expect((await documentOf())?.links).toMatchObject(bondOf("802.3ad", [FIRST, SECOND]));
	expect((await documentOf())?.links).toHaveLength(3);
});

describe("an inventory without ports leaves the addresses of the node's network data", () => {
	const data = {
		links: [{ id: "nic", type: "phy", ethernet_mac_address: FIRST, mtu: 9000 }],
		networks: [{ link: "nic", type: "ipv4", ip_address: "10.9.0.15", netmask: "255.255.255.0" }],
	};
	const withoutPorts = INVENTORY.slice(0, INVENTORY.indexOf("networks:"));
	beforeEach(() => {
		for (const node of fake.records.nodes) if (node.uuid === NODE) Object.assign(node, { network_data: data });
	});

	test("on the bond that it adds", async () => {
		const { source, documentOf } = await openWith(withoutPorts);
		const document = await documentOf();
		expect(document?.links).toMatchObject(bondOf("802.3ad", [FIRST, SECOND]));
		expect(document?.networks).toMatchObject([{ link: document?.links[2]?.id, ip_address: "10.9.0.15" }]);
		expect((await source.owners({ address: "10.9.0.15" })).map(({ id }) => id)).toEqual([INSTANCE]);
	});

	test("on the NIC by which it finds a server with its keys", async () => {
		const { source, documentOf } = await openWith(`
baremetal_nodes: [{ uuid: db-1, instance_uuid: db-1 }]
baremetal_ports: [{ uuid: nic0, node_uuid: db-1, address: "${FIRST}" }]
servers: [{ id: db-1, name: db-1, key_name: ops }]
keypairs: [{ name: ops, public_key: "ssh-ed25519 AAAA" }]
`);
		expect((await documentOf())?.networks).toMatchObject([{ ip_address: "10.9.0.15" }]);
		const instance = await source.instance(INSTANCE, "all");
		expect(instance?.server?.keypairs).toMatchObject([{ name: "ops" }]);
	});

	test("for a server without NICs that has the id of the node's instance", async () => {
		const { source, documentOf } = await openWith(`
servers: [{ id: ${INSTANCE.toUpperCase()}, name: db-1, key_name: ops }]
keypairs: [{ name: ops, public_key: "ssh-ed25519 AAAA" }]
`);
		expect((await documentOf())?.networks).toMatchObject([{ ip_address: "10.9.0.15" }]);
		const instance = await source.instance(INSTANCE, "all");
		expect(instance?.server?.name).toBe("db-1");
		expect(instance?.server?.keypairs).toMatchObject([{ name: "ops" }]);
	});

	test("for a server without NICs that has the UUID of a node without an instance", async () => {
		for (const node of fake.records.nodes) if (node.uuid === NODE) Object.assign(node, { instance_uuid: null });
		const { source } = await openWith(`servers: [{ id: ${NODE}, name: db-1 }]`);
		const instance = await source.instance(NODE, "all");
		expect(instance?.server?.name).toBe("db-1");
		expect(instance?.ports).toMatchObject([{ fixedIps: [{ address: "10.9.0.15" }] }]);
	});
});
