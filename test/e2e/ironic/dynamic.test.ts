/**
 * Port groups that Ironic makes when a VIF is attached, since 35 (2026.1):
 * test/e2e/ironic/ironic --suite sid --dynamic with vitest run --config vitest.ironic.config.ts dynamic
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { networkData } from "../../../src/documents/network-data-full.ts";
import { openIronicSource } from "../../../src/source/ironic/index.ts";
import type { RemoteSource } from "../../../src/source/remote-source.ts";
import { call, deleteNodes, type Json, provision, recordsOf } from "./api.ts";
import { type FakeNeutron, startNeutron } from "./neutron.ts";
import { mac, makeNode } from "./nodes.ts";

let neutron: FakeNeutron;
let source: RemoteSource;
beforeAll(async () => {
	await deleteNodes();
	neutron = await startNeutron();
	const env = { OS_AUTH_TYPE: "none", OS_ENDPOINT: "http://127.0.0.1:6385", OS_NETWORK_ENDPOINT_OVERRIDE: neutron.url };
	source = await openIronicSource({ env, sharing: 0 });
});
afterAll(async () => {
	await source.close();
	await neutron.close();
});

const isDynamic = Boolean(process.env["GUESTWIRE_IRONIC_DYNAMIC"]);

test.runIf(isDynamic)("a dynamic port group is a bond that notices a dead link, while a VIF is attached", async () => {
	const members = (at: number) => ({
		...{ category: "blue", vendor: "v", physical_network: "lan" },
		local_link_connection: { switch_id: "00:1c:73:aa:bb:01", port_id: `Ethernet${at}`, switch_info: "leaf-1" },
	});
	const node = { network_interface: "neutron" };
	const uuid = await makeNode("dynamic", 70, { node, ports: [{ members: members(1) }, { members: members(2) }] });
	const { instance_uuid: id } = await call("GET", `/v1/nodes/${uuid}`);
	const documentOf = async () => {
		const instance = await source.instance(String(id), "all");
		return instance && networkData(instance);
	};
	await provision(uuid, "manage", "manageable");
	await call("PUT", `/v1/nodes/${uuid}/traits/CUSTOM_BOND`);
	await provision(uuid, "provide", "available");
	await call("PATCH", `/v1/nodes/${uuid}`, [{ op: "add", path: "/instance_info/traits", value: ["CUSTOM_BOND"] }]);
	expect(await documentOf()).toBeUndefined();

	const vif = neutron.addPort();
	await call("POST", `/v1/nodes/${uuid}/vifs`, { id: vif.id });
	const { groups, ports } = await recordsOf(uuid);
	expect(groups).toMatchObject([{ address: null, mode: "active-backup", properties: {} }]);
	expect(ports.map((port: Json) => port["portgroup_uuid"])).toEqual([groups[0]?.["uuid"], groups[0]?.["uuid"]]);
	const document = await documentOf();
	expect(document?.links).toMatchObject([
		{ type: "phy", ethernet_mac_address: mac(70, 1), mtu: 9000 },
		{ type: "phy", ethernet_mac_address: mac(70, 2), mtu: 9000 },
		{ type: "bond", bond_mode: "active-backup", bond_miimon: 100, vif_id: vif.id, mtu: 9000 },
	]);
	expect(document?.networks).toMatchObject([{ type: "ipv4", ip_address: vif.address, link: document?.links[2]?.id }]);

	await call("DELETE", `/v1/nodes/${uuid}/vifs/${vif.id}`);
	expect((await recordsOf(uuid)).groups).toEqual([]);
	expect(await documentOf()).toBeUndefined();
});
