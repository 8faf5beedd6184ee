/**
 * Beside a real Keystone and Neutron, those of test/e2e/openstack. By hand, while that cloud is up:
 * test/e2e/ironic/ironic --beside-openstack with vitest run --config vitest.ironic.config.ts
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { networkData } from "../../../src/documents/network-data-full.ts";
import { openIronicSource } from "../../../src/source/ironic/index.ts";
import { ironicKind } from "../../../src/source/ironic/kind.ts";
import type { RemoteSource } from "../../../src/source/remote-source.ts";
import { login } from "../openstack/api.ts";
import { laboratoryEnv } from "../openstack/laboratory.ts";
import { call, deleteNodes, type Json, provision, recordsOf, useToken } from "./api.ts";
import { mac, makeNode, PLANS } from "./nodes.ts";

/** Less than that of any network by default, so that VLANs fit in it. */
const MTU = 1400;
const NAME_SERVER = "10.66.0.53";

const cloud = laboratoryEnv();

type Env = Readonly<Record<string, string | undefined>>;
const common = {
	...{ OS_AUTH_URL: cloud["OS_AUTH_URL"], OS_REGION_NAME: cloud["OS_REGION_NAME"], OS_USER_DOMAIN_ID: "default" },
	// The cloud's catalogue stays as its own tests expect it.
	OS_BAREMETAL_ENDPOINT_OVERRIDE: "http://127.0.0.1:6385",
};
/** A service's user, which may read all nodes and all ports. */
const env: Env = {
	...common,
	...{ OS_USERNAME: "neutron", OS_PASSWORD: cloud["SERVICE_PASSWORD"] },
	...{ OS_PROJECT_NAME: "service", OS_PROJECT_DOMAIN_ID: "default" },
};
/** A user without a project. */
const systemEnv: Env = {
	...common,
	...{ OS_USERNAME: cloud["OS_USERNAME"], OS_PASSWORD: cloud["OS_PASSWORD"], OS_SYSTEM_SCOPE: "all" },
};

let admin: Awaited<ReturnType<typeof login>>;
let source: RemoteSource;
let lan: Json;
let provisioning: Json;
const trunks: Json[] = [];

/** The operator's token: Ironic lets nobody else give nodes to others. */
async function systemToken(): Promise<string> {
	const { OS_USERNAME: name, OS_PASSWORD: password } = cloud;
	const user = { name, password, domain: { id: "default" } };
	const auth = { identity: { methods: ["password"], password: { user } }, scope: { system: { all: true } } };
	const answer = await fetch(`${cloud["OS_AUTH_URL"]}/auth/tokens`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ auth }),
	});
	return answer.headers.get("x-subject-token") ?? "";
}

async function make(kind: string, members: Json): Promise<Json> {
	return (await admin.post("network", `/${kind}s`, { [kind]: members }))[kind];
}

beforeAll(async () => {
	admin = await login();
	useToken(await systemToken());
	await deleteNodes();
	source = await openIronicSource({ env, sharing: 0 });
	// By the name that ironic.conf has for it.
	provisioning = await make("network", { name: "provisioning", mtu: MTU });
	lan = await make("network", { name: "metal-lan", mtu: MTU });
	const subnet = { ip_version: 4, enable_dhcp: false, dns_nameservers: [NAME_SERVER] };
	await make("subnet", { ...subnet, network_id: lan["id"], cidr: "10.66.0.0/24" });
	await make("subnet", { ...subnet, network_id: provisioning["id"], cidr: "10.67.0.0/24" });
});
afterAll(async () => {
	await source.close();
	await deleteNodes();
	for (const { id } of trunks) await admin.delete("network", `/trunks/${id}`);
	for (const { id: network } of [lan, provisioning]) {
		const { ports } = await admin.get("network", `/ports?network_id=${network}`);
		const others = ports.filter((port: Json) => !String(port["device_owner"]).startsWith("network:"));
		for (const { id } of others) await admin.delete("network", `/ports/${id}`);
		await admin.delete("network", `/networks/${network}`);
	}
});

const addressOf = (port: Json) => (port["fixed_ips"] as Json[])[0]?.["ip_address"];
async function documentOf(id: unknown) {
	const instance = await source.instance(String(id), "all");
	return instance && networkData(instance);
}

test("a bond with a VIF that has a trunk: addresses, MTU and VLAN are Neutron's, MAC address and mode Ironic's", async () => {
	const [parent, child] = [
		await make("port", { network_id: lan["id"] }),
		await make("port", { network_id: provisioning["id"] }),
	];
	const sub_ports = [{ port_id: child["id"], segmentation_type: "vlan", segmentation_id: 77 }];
	trunks.push(await make("trunk", { port_id: parent["id"], sub_ports }));

	const plan = PLANS["a bond"]?.(80) ?? { ports: [] };
	const uuid = await makeNode("beside", 80, { ...plan, node: { network_interface: "flat" } });
	const { groups, node } = await recordsOf(uuid);
	const id = node["instance_uuid"];
	await call("POST", `/v1/nodes/${uuid}/vifs`, { id: parent["id"], portgroup_uuid: groups[0]?.["uuid"] });

	const document = await documentOf(id);
	expect(document?.links).toMatchObject([
		{ type: "phy", ethernet_mac_address: mac(80, 1), mtu: MTU },
		{ type: "phy", ethernet_mac_address: mac(80, 2), mtu: MTU },
		{ type: "bond", vif_id: parent["id"], ethernet_mac_address: mac(80, 1), bond_mode: "802.3ad", mtu: MTU },
		{ type: "vlan", vif_id: child["id"], vlan_id: 77, vlan_link: document?.links[2]?.id },
	]);
	expect(document?.networks).toMatchObject([
		{ type: "ipv4", ip_address: addressOf(parent), dns_nameservers: [NAME_SERVER] },
		{ type: "ipv4", ip_address: addressOf(child) },
	]);
	expect((await source.owners({ address: String(addressOf(parent)) })).map((owner) => owner.id)).toEqual([id]);
	// Ironic gave the group's address to Neutron's port.
	expect((await admin.get("network", `/ports/${parent["id"]}`)).port).toMatchObject({ mac_address: mac(80, 1) });

	await call("DELETE", `/v1/nodes/${uuid}/vifs/${parent["id"]}`);
	expect((await documentOf(id))?.links.some(({ vif_id }) => vif_id === parent["id"])).not.toBe(true);
});

test("a node that Ironic provisions: the ports of its ramdisk are in no document", async () => {
	const vif = await make("port", { network_id: lan["id"] });
	const plan = PLANS["a bond"]?.(81) ?? { ports: [] };
	const link = (at: number) => ({ switch_id: "00:1c:73:aa:bb:01", port_id: `Ethernet${at}`, switch_info: "leaf-1" });
	const uuid = await makeNode("beside 81", 81, {
		...plan,
		node: { ...plan.node, network_interface: "neutron", deploy_interface: "custom-agent" },
		ports: plan.ports.map((port, at) => ({ ...port, members: { local_link_connection: link(at) } })),
	});
	const { groups, node } = await recordsOf(uuid);
	await call("POST", `/v1/nodes/${uuid}/vifs`, { id: vif["id"], portgroup_uuid: groups[0]?.["uuid"] });
	const before = await documentOf(node["instance_uuid"]);
	expect(before?.links.at(-1)).toMatchObject({ type: "bond", vif_id: vif["id"] });
	await provision(uuid, "active", "wait call-back");
	const { ports } = await recordsOf(uuid);
	const inRamdisk = ports.flatMap(({ internal_info: info }) => (info as Json)["provisioning_vif_port_id"] ?? []);
	expect(inRamdisk.length).toBeGreaterThan(0);
	expect(await documentOf(node["instance_uuid"])).toEqual(before);
	for (const id of inRamdisk) {
		const { port } = await admin.get("network", `/ports/${id}`);
		expect((await source.owners({ address: String(addressOf(port)) })).map((owner) => owner.id)).toEqual([
			node["instance_uuid"],
		]);
	}
	expect(await doctor(env)).toMatchObject([
		{ ok: true },
		{ ok: true },
		{ ok: true, found: expect.stringMatching(/all 1 attached VIFs/) },
	]);
	// Neutron shows no ports to a user without a project.
	expect(await doctor(systemEnv)).toMatchObject([
		{ ok: true },
		{ ok: true },
		{ ok: false, found: expect.stringMatching(/0 of 1 attached/) },
	]);
});

const doctor = (who: Env) => ironicKind.check({}, { env: who, profile: "full", freshness: 15 });

test("a user with system scope sees all nodes", async () => {
	const nodes = await openIronicSource({ env: systemEnv, sharing: 0 });
	try {
		expect(await nodes.list()).toEqual(await source.list());
	} finally {
		await nodes.close();
	}
});
