import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type IronicRelease, recordedAnswer, startFakeIronic } from "../../../test/fake-ironic.ts";
import { networkData } from "../../documents/network-data-full.ts";
import { openIronicSource } from "../ironic/index.ts";
import { openFilesSource } from "./files-source.ts";
import { createInventoryWriter } from "./write-inventory.ts";

async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-"));
	onTestFinished(() => rm(folder, { recursive: true }));
	for (const [name, content] of Object.entries(files)) {
		await writeFile(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
	}
	return folder;
}

const COLLECTIONS = ["nodes", "ports", "portgroups"] as const;

/** Ironic's answers, unchanged. */
const answersOf = (release: IronicRelease) =>
	Object.fromEntries(COLLECTIONS.map((name) => [`${name}.json`, recordedAnswer(release, `${name}-detail`).body]));

const INSTANCE = "e0000000-0000-4000-8000-000000000001";

describe.each<IronicRelease>(["29", "35", "39"])("the answers of Ironic %s in a folder", (release) => {
	test("give the same instances as Ironic itself", async () => {
		const fake = await startFakeIronic(release);
		const ironic = await openIronicSource({ env: fake.env });
		const files = await openFilesSource(await folderWith(answersOf(release)));
		onTestFinished(async () => {
			await ironic.close();
			await fake.close();
		});
		const listed = await ironic.list();
		expect(await files.list()).toEqual(expect.arrayContaining([...listed]));
		expect(await files.list()).toHaveLength(listed.length);
		for (const { id } of listed) expect(await files.instance(id, "all")).toEqual(await ironic.instance(id, "all"));
	});
});

describe.each<IronicRelease>(["29", "39"])("single records of Ironic %s, a file each", (release) => {
	/** The answers about one node and its parts. */
	const recordsOf = (): Record<string, Record<string, unknown>> => {
		const listed = (name: "ports" | "portgroups") =>
			(recordedAnswer(release, `${name}-detail`).body[name] as Record<string, unknown>[])
				.filter((record) => record["node_uuid"] === node["uuid"])
				.map((record): [string, Record<string, unknown>] => [`${record["uuid"]}.json`, record]);
		const node = recordedAnswer(release, "node").body;
		return { "node.json": node, ...Object.fromEntries([...listed("ports"), ...listed("portgroups")]) };
	};

	test("give the same instance as lists", async () => {
		const records = recordsOf();
		expect(Object.keys(records)).toHaveLength(4);
		const files = await openFilesSource(await folderWith(records));
		const lists = await openFilesSource(await folderWith(answersOf(release)));
		expect((await files.list()).map(({ id }) => id)).toEqual([INSTANCE]);
		expect(await files.instance(INSTANCE, "all")).toEqual(await lists.instance(INSTANCE, "all"));
	});

	test("are named in errors by file and place", async () => {
		const records = recordsOf();
		const problem = async () => {
			const files = await openFilesSource(await folderWith(records));
			return files.instance(INSTANCE, "all").catch(({ message }: Error) => message);
		};
		Object.assign(records["node.json"] ?? {}, { name: 7 });
		expect(await problem()).toMatch(/node\.json:1: name must be/);
		Object.assign(records["node.json"] ?? {}, { name: null });
		const group = Object.keys(records).find((name) => name.startsWith("c0")) ?? "";
		Object.assign(records[group] ?? {}, { address: "52:54" });
		expect(await problem()).toMatch(/address "52:54" is not a MAC address/);
	});
});

test("a file with the id of something unknown is not a record", async () => {
	const folder = await folderWith({ "chassis.json": { uuid: "d0", description: "shelf" } });
	await expect(openFilesSource(folder)).rejects.toThrow(/chassis\.json:1: uuid is not a known collection/);
});

const NODE = "a0000000-0000-4000-8000-000000000001";
const answerWithFields = {
	...{ uuid: NODE, name: "metal-bond" },
	links: [{ href: `http://127.0.0.1:6385/v1/nodes/${NODE}`, rel: "self" }],
};

test("a response limited by fields does no harm beside the whole record; alone, it makes its node unreadable", async () => {
	const warnings: string[] = [];
	const open = async (files: Readonly<Record<string, unknown>>) =>
		openFilesSource(await folderWith(files), { onWarning: (warning) => warnings.push(warning) });
	const beside = await open({ ...answersOf("29"), "a.json": answerWithFields });
	expect(warnings).toEqual([]);
	expect(await beside.instance(INSTANCE, "all")).toBeDefined();
	const answers = answersOf("29");
	const nodes = answers["nodes.json"]?.["nodes"] as Record<string, unknown>[];
	const others = nodes.filter(({ uuid }) => uuid !== NODE);
	const alone = await open({ ...answers, "nodes.json": { nodes: others }, "a.json": answerWithFields });
	expect(warnings).toEqual([
		expect.stringMatching(/a\.json:1: instance_uuid is missing: save the node's whole record.*gets no documents$/),
	]);
	expect(await alone.list()).toHaveLength(11);
});

test.each([
	["the root of Ironic's API", recordedAnswer("29", "root").body],
	["the root of Ironic's API", { id: "v1", links: [], media_types: {}, nodes: [{ href: "http://x/v1/nodes/" }] }],
	["an error that Ironic answered", recordedAnswer("29", "not-a-path").body],
])("a file that is %s is named as such", async (what, body) => {
	const folder = await folderWith({ ...answersOf("29"), "v1.json": body });
	await expect(openFilesSource(folder)).rejects.toThrow(new RegExp(`v1\\.json:1: the document is ${what}, and has no`));
});

test("a snapshot of Ironic is such an inventory too", async () => {
	const fake = await startFakeIronic();
	const ironic = await openIronicSource({ env: fake.env });
	const writer = createInventoryWriter();
	const listed = await ironic.list();
	for (const { id } of listed) {
		const facts = await ironic.facts(id, "all");
		if (facts) writer.add(facts);
	}
	const folder = await folderWith({});
	await writer.write(folder);
	const files = await openFilesSource(folder);
	for (const { id } of listed) {
		const [written, living] = [await files.instance(id, "wiring"), await ironic.instance(id, "wiring")];
		expect(written && networkData(written)).toEqual(living && networkData(living));
	}
	await ironic.close();
	await fake.close();
});

describe("a port written by hand beside them", () => {
	const lan = `
networks: [{ id: lan, mtu: 9000 }]
subnets: [{ id: lan4, network_id: lan, cidr: 10.7.0.0/24, gateway_ip: 10.7.0.1, enable_dhcp: false }]
`;
	const port = `ports: [{ id: p, mac_address: "52:54:00:00:01:02", fixed_ips: [{ ip_address: 10.7.0.9 }], network_id: lan }]`;
	const networks = [{ type: "ipv4", ip_address: "10.7.0.9", netmask: "255.255.255.0" }];

	test("is on the bond that has its MAC address, and replaces what Ironic says", async () => {
		const files = await openFilesSource(await folderWith({ ...answersOf("29"), "lan.yaml": lan + port }));
		const instance = await files.instance(INSTANCE, "all");
		const document = instance && networkData(instance);
		expect(document?.links.map(({ type }) => type)).toEqual(["phy", "phy", "bond"]);
		expect(document?.links.at(-1)).toMatchObject({ bond_mode: "802.3ad", mtu: 9000 });
		expect(document?.networks).toMatchObject(networks);
		expect(instance?.server?.name).toBe("metal-bond");
	});

	test("adds to a running Ironic", async () => {
		const fake = await startFakeIronic();
		const server = `servers: [{ id: mine, name: web, metadata: { role: web } }]`;
		const inventory = await folderWith({ "lan.yaml": `${lan}${port}\n${server}` });
		const ironic = await openIronicSource({ env: fake.env, inventory });
		onTestFinished(async () => {
			await ironic.close();
			await fake.close();
		});
		const instance = await ironic.instance(INSTANCE, "all");
		expect(instance).toMatchObject({ id: INSTANCE, server: { name: "web", metadata: new Map([["role", "web"]]) } });
		const document = instance && networkData(instance);
		expect(document?.links.at(-1)).toMatchObject({ type: "bond", bond_mode: "802.3ad", mtu: 9000 });
		expect(document?.networks).toMatchObject(networks);
		expect((await ironic.owners({ address: "10.7.0.9" })).map(({ id }) => id)).toEqual([INSTANCE]);
		const other = await ironic.instance("e0000000-0000-4000-8000-000000000003", "all");
		expect(other?.server?.name).toBe("metal-static");
	});
});

test.each([
	["a bond's member", "52:54:00:00:01:02", "01"],
	["a NIC that only boots the node", "52:54:00:00:06:02", "06"],
])("%s belongs to the node's instance", async (_, macAddress, node) => {
	const files = await openFilesSource(await folderWith(answersOf("29")));
	const owners = await files.owners({ macAddress });
	expect(owners.map(({ id }) => id)).toEqual([`e0000000-0000-4000-8000-0000000000${node}`]);
});

test("a bond's member belongs to the instance on the networks of the bond's port only", async () => {
	const lan = "networks: [{ id: lan }]\nsubnets: [{ id: lan4, network_id: lan, cidr: 10.7.0.0/24 }]";
	const ports = `ports:
  - { id: p, mac_address: "52:54:00:00:01:01", fixed_ips: [{ ip_address: 10.7.0.9 }], network_id: lan }
  - { id: r, device_id: router, device_owner: "network:router_interface", network_id: lan }`;
	const files = await openFilesSource(await folderWith({ ...answersOf("29"), "lan.yaml": `${lan}\n${ports}` }));
	const macAddress = "52:54:00:00:01:02";
	for (const query of [{ networkId: "lan" }, { routerId: "router" }, { networkId: "lan", routerId: "router" }]) {
		expect(await files.owners({ macAddress, ...query })).toEqual([{ id: INSTANCE, networkId: "lan" }]);
	}
	for (const query of [{ networkId: "x" }, { routerId: "x" }, { networkId: "x", routerId: "router" }]) {
		expect(await files.owners({ macAddress, ...query })).toEqual([]);
	}
});

test("an unknown mode affects its node, not the inventory", async () => {
	const answers = answersOf("29");
	const groups = answers["portgroups.json"]?.["portgroups"] as Record<string, unknown>[];
	Object.assign(groups[0] ?? {}, { mode: "bogus-mode" });
	const files = await openFilesSource(await folderWith(answers));
	await expect(files.instance(INSTANCE, "all")).rejects.toThrow('has the unknown mode "bogus-mode"');
	expect(await files.instance("e0000000-0000-4000-8000-000000000002", "all")).toBeDefined();
});

test("an instance on two nodes gets no documents, with one line that names both", async () => {
	const answers = answersOf("29");
	const nodes = answers["nodes.json"]?.["nodes"] as Record<string, unknown>[];
	Object.assign(nodes.find(({ uuid }) => `${uuid}`.endsWith("03")) ?? {}, { instance_uuid: INSTANCE.toUpperCase() });
	const warnings: string[] = [];
	const files = await openFilesSource(await folderWith(answers), { onWarning: (warning) => warnings.push(warning) });
	expect(warnings).toEqual([
		expect.stringMatching(
			/nodes\.json:1: nodes\[\d+\]\.instance_uuid the instance of node a0.*03 is also that of node a0.*01: .*; e0.*01 gets no documents$/,
		),
	]);
	await expect(files.instance(INSTANCE, "all")).rejects.toThrow("is also that of node");
	expect(await files.list()).toHaveLength(10);
	expect(await files.instance("e0000000-0000-4000-8000-000000000002", "all")).toBeDefined();
});

test("a port that Ironic has attached is not another node's whose extra names it", async () => {
	const answers = answersOf("29");
	const holders = answers["ports.json"]?.["ports"] as Record<string, unknown>[];
	const [nic] = holders.filter(({ address }) => address === "52:54:00:00:04:01");
	const [claiming] = holders.filter(({ address }) => address === "52:54:00:00:05:01");
	Object.assign(nic ?? {}, { internal_info: { tenant_vif_port_id: "vif" } });
	const lan = "networks: [{ id: lan }]\nsubnets: [{ id: lan4, network_id: lan, cidr: 10.7.0.0/24 }]";
	const ports = "ports: [{ id: vif, fixed_ips: [{ ip_address: 10.7.0.9 }], network_id: lan }]";
	const owners = async () => {
		const files = await openFilesSource(await folderWith({ ...answers, "lan.yaml": `${lan}\n${ports}` }));
		return files.owners({ address: "10.7.0.9" });
	};
	const before = await owners();
	expect(before).toMatchObject([{ id: expect.stringMatching(/04$/) }]);
	Object.assign(claiming ?? {}, { extra: { vif_port_id: "vif" } });
	expect(await owners()).toEqual(before);
});
