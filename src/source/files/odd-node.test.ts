import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type IronicRecord, recordedAnswer } from "../../../test/fake-ironic.ts";
import { ODD_VALUES, pathsInRecord, setAt } from "../../../test/odd-values.ts";
import { networkData } from "../../documents/network-data-full.ts";
import { openFilesSource } from "./files-source.ts";
import { buildInventory } from "./inventory.ts";
import { parseInventoryFile } from "./parse.ts";
import { factsOf } from "./queries.ts";
import { openWatchedSource } from "./watched-source.ts";
import { createInventoryWriter } from "./write-inventory.ts";

type Answers = Record<"nodes" | "ports" | "portgroups", IronicRecord[]>;

/** The node whose wiring is in its `network_data`. */
const UUID = "a0000000-0000-4000-8000-000000000003";
const ODD = "e0000000-0000-4000-8000-000000000003";

/** An inventory of Ironic's recorded answers, changed in place, and of other files. */
function folderWith(change: (answers: Answers) => void, others: Readonly<Record<string, string>> = {}): string {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-odd-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const answers = Object.fromEntries(
		(["nodes", "ports", "portgroups"] as const).map((name) => [
			name,
			recordedAnswer("29", `${name}-detail`).body[name],
		]),
	) as Answers;
	change(answers);
	for (const [name, records] of Object.entries(answers))
		writeFileSync(join(folder, `${name}.json`), JSON.stringify({ [name]: records }));
	for (const [name, text] of Object.entries(others)) writeFileSync(join(folder, name), text);
	return folder;
}

const networkDataOf = ({ nodes }: Answers) => nodes.find(({ uuid }) => uuid === UUID)?.["network_data"] as never;

test("a node that can't be read affects only its own instance", async () => {
	const folder = folderWith((answers) => {
		for (const node of answers.nodes) {
			const guestwire = { public_keys: { [node.uuid]: "ssh-ed25519 AAAA" } };
			Object.assign(node, { extra: { ...(node["extra"] as object), guestwire } });
		}
		const { networks } = networkDataOf(answers) as { networks: { ip_address: string }[] };
		Object.assign(networks[0] ?? {}, { ip_address: "10.9.0.300" });
	});
	const warnings: string[] = [];
	const source = await openFilesSource(folder, { onWarning: (warning) => warnings.push(warning) });
	const all = await source.list();
	expect(all).toHaveLength(11);
	expect(all).toContainEqual({ id: ODD, name: "metal-static" });
	expect(warnings).toEqual([expect.stringMatching(/nodes\.json:1: .*correct it in Ironic; e0.*03 gets no documents$/)]);
	await expect(source.instance(ODD, "all")).rejects.toThrow(
		/nodes\.json:1: nodes\[2\]\.network_data can't be read: node a0.* is not an IP address: correct it in Ironic$/,
	);
	for (const { id } of all.filter((one) => one.id !== ODD)) expect(await source.instance(id, "all")).toBeDefined();
	expect(await source.owners({ macAddress: "52:54:00:00:03:01" })).toMatchObject([{ id: ODD }]);
});

describe("what would be a mistake in a hand-written port is not one in a node's network data:", () => {
	test("an address twice on a link", async () => {
		const folder = folderWith((answers) => {
			const { networks } = networkDataOf(answers) as { networks: object[] };
			networks.push({ ...networks[0] });
		});
		const source = await openFilesSource(folder);
		expect(await source.list()).toHaveLength(11);
		const instance = await source.instance(ODD, "all");
		expect((instance && networkData(instance))?.networks).toMatchObject([
			{ ip_address: "10.9.0.13" },
			{ type: "ipv6" },
		]);
	});

	test("an MTU that is too small for IPv6", async () => {
		const folder = folderWith((answers) => {
			const { links } = networkDataOf(answers) as { links: { mtu: number }[] };
			for (const link of links) link.mtu = 1200;
		});
		const source = await openFilesSource(folder);
		expect(await source.list()).toHaveLength(11);
		const instance = await source.instance(ODD, "all");
		expect((instance && networkData(instance))?.links.at(-1)).toMatchObject({ type: "vlan", mtu: 1200 });
		// Nor is it in a snapshot, where the node's wiring is written as Neutron's.
		const facts = await source.facts(ODD, "all");
		const writer = createInventoryWriter();
		if (facts) writer.add(facts);
		const written = mkdtempSync(join(tmpdir(), "guestwire-odd-"));
		onTestFinished(() => rmSync(written, { recursive: true }));
		await writer.write(written);
		expect(await (await openFilesSource(written)).list()).toHaveLength(1);
	});
});

test("a port in a file gets its network and subnet from the files, not from nodes", async () => {
	const lan = "networks: [{ id: lan }]\nsubnets: [{ id: lan4, cidr: 10.9.0.0/24 }]";
	const port = 'ports: [{ id: p, mac_address: "52:54:00:00:01:01", fixed_ips: [{ ip_address: 10.9.0.11 }] }]';
	const source = await openFilesSource(folderWith(() => {}, { "lan.yaml": `${lan}\n${port}` }));
	const [owner] = await source.owners({ address: "10.9.0.11" });
	expect(owner).toEqual({ id: "e0000000-0000-4000-8000-000000000001", networkId: "lan" });
});

test("what is on a node that the list hides is left out, with one line about it", async () => {
	const folder = folderWith((answers) => {
		answers.nodes = recordedAnswer("29", "nodes-detail-without-children").body["nodes"] as IronicRecord[];
	});
	const warnings: string[] = [];
	const source = await openFilesSource(folder, { onWarning: (warning) => warnings.push(warning) });
	expect(await source.list()).toHaveLength(10);
	for (const { id } of await source.list()) expect(await source.instance(id, "all")).toBeDefined();
	expect(warnings).toEqual([
		expect.stringMatching(
			/ports\.json:1: ports\[6\]\.node_uuid there is no baremetal_node "a0.*04" in the inventory: add it; until then, its ports and port groups are left out$/,
		),
	]);
});

test("the line about a record that does not name its node says that it is left out", async () => {
	const folder = folderWith(({ ports }) => void delete ports[0]?.["node_uuid"]);
	const warnings: string[] = [];
	await openFilesSource(folder, { onWarning: (warning) => warnings.push(warning) });
	expect(warnings).toEqual([
		expect.stringMatching(/ports\.json:1: ports\[0\] "node_uuid" is missing: add it; the record is left out$/),
	]);
});

test("a watched inventory reports each invalid record once, and again when it is invalid again", async () => {
	const folder = folderWith(() => {});
	const file = join(folder, "node.json");
	const write = (name: unknown) =>
		writeFileSync(file, JSON.stringify({ uuid: "metal-x", instance_uuid: null, name, power_state: String(name) }));
	write(7);
	const warnings: string[] = [];
	let reloads = 0;
	const source = await openWatchedSource(folder, {
		onReload: () => void reloads++,
		onWarning: (warning) => warnings.push(warning),
	});
	onTestFinished(() => source.close());
	const line = `${file}:1: name must be text or null: quote it; metal-x gets no documents`;
	expect(warnings).toEqual([line]);
	for (const [name, count] of [
		["metal-x", 1],
		[7, 2],
	] as const) {
		write(name);
		await vi.waitUntil(() => reloads === count, { timeout: 20_000 });
		expect(warnings).toEqual(Array(count).fill(line));
	}
});

test("members of a missing group make their node unreadable", async () => {
	const folder = folderWith((answers) => {
		answers.portgroups = answers.portgroups.filter(({ node_uuid }) => node_uuid !== UUID);
	});
	const source = await openFilesSource(folder);
	await expect(source.instance(ODD, "all")).rejects.toThrow(/ports\.json:1: ports\[4\]\.portgroup_uuid there is no/);
	expect(await source.instance("e0000000-0000-4000-8000-000000000001", "all")).toBeDefined();
});

test("records from different times make the changed node unreadable, and the error names both files", async () => {
	const folder = folderWith(() => {});
	const node = { ...recordedAnswer("29", "node").body, name: "renamed" };
	writeFileSync(join(folder, "then.json"), JSON.stringify(node));
	const warnings: string[] = [];
	const source = await openFilesSource(folder, { onWarning: (warning) => warnings.push(warning) });
	expect(await source.list()).toHaveLength(11);
	expect(warnings).toEqual([
		expect.stringMatching(
			/then\.json:1: .* has a different "name" for baremetal_node a0.* than .*nodes\.json:1: nodes\[\d+\]: remove/,
		),
	]);
	await expect(source.instance("e0000000-0000-4000-8000-000000000001", "all")).rejects.toThrow('a different "name"');
	expect(await source.instance(ODD, "all")).toBeDefined();
});

describe("a record of the same resource with fewer members is not a contradiction:", () => {
	const warnings: string[] = [];
	/** @param names the files' order is that of their names */
	async function openWith(names: Record<keyof Answers, string>, members: Record<keyof Answers, readonly string[]>) {
		const others: Record<string, string> = {};
		const folder = folderWith((answers) => {
			for (const [name, records] of Object.entries(answers)) {
				const wanted = members[name as keyof Answers];
				const partial = records.map((record) =>
					Object.fromEntries(Object.entries(record).filter(([member]) => wanted.includes(member))),
				);
				others[names[name as keyof Answers]] = JSON.stringify({ [name]: partial });
			}
		}, others);
		warnings.length = 0;
		return openFilesSource(folder, { onWarning: (warning) => warnings.push(warning) });
	}

	test.each([
		["before", { nodes: "a.json", ports: "b.json", portgroups: "c.json" }],
		["after", { nodes: "x.json", ports: "y.json", portgroups: "z.json" }],
	])("lists without details, %s those with them", async (_, names) => {
		const members = {
			nodes: ["uuid", "instance_uuid", "maintenance", "power_state", "provision_state", "name", "links"],
			ports: ["uuid", "address", "name", "links"],
			portgroups: ["uuid", "address", "name", "links"],
		};
		const source = await openWith(names, members);
		const complete = await openFilesSource(folderWith(() => {}));
		expect(warnings).toEqual([]);
		expect(await source.list()).toHaveLength(11);
		for (const { id } of await source.list())
			expect(await source.instance(id, "all")).toEqual(await complete.instance(id, "all"));
	});

	test("records of an older microversion, which leaves out members that have a default", async () => {
		const names = { nodes: "a.json", ports: "b.json", portgroups: "c.json" };
		const members = {
			nodes: ["uuid", "name"],
			ports: ["uuid", "node_uuid", "address", "extra"],
			portgroups: ["uuid", "node_uuid", "name"],
		};
		const source = await openWith(names, members);
		expect(warnings).toEqual([]);
		const instance = await source.instance(ODD, "all");
		expect((instance && networkData(instance))?.links.map(({ type }) => type)).toContain("bond");
	});
});

test("only some of many invalid records have a line of their own", async () => {
	const folder = folderWith((answers) => {
		answers.nodes = Array.from({ length: 60 }, (_, at) => ({ uuid: `node-${at}`, name: 7, instance_uuid: null }));
		answers.ports = [];
		answers.portgroups = [];
	});
	const warnings: string[] = [];
	const source = await openFilesSource(folder, { onWarning: (warning) => warnings.push(warning) });
	expect(await source.list()).toHaveLength(60);
	expect(warnings).toHaveLength(21);
	expect(warnings.at(-1)).toBe("the inventory has 40 more records like these");
});

test("a port in a file whose NIC can't be read is not served, and is not an error", async () => {
	const lan = "networks: [{ id: lan }]\nsubnets: [{ id: lan4, cidr: 10.9.0.0/24 }]";
	const others = { "lan.yaml": `${lan}\nports: [{ id: vif, fixed_ips: [{ ip_address: 10.9.0.11 }] }]` };
	const change = ({ ports }: Answers, members: object) => {
		const [port] = ports.filter(({ uuid }) => uuid.endsWith("400"));
		Object.assign(port ?? {}, { internal_info: { tenant_vif_port_id: "vif" }, ...members });
	};
	const ownersIn = async (members: object) => {
		const source = await openFilesSource(folderWith((answers) => change(answers, members), others));
		return (await source.owners({ address: "10.9.0.11" })).map(({ id }) => id);
	};
	const node = ["a0000000-0000-4000-8000-000000000004"];
	expect(await ownersIn({})).toEqual(node);
	expect(await ownersIn({ address: 7 })).toEqual(node);
	expect(await ownersIn({ name: [] })).toEqual(node);
});

describe("whatever one of Ironic's records contains, all other nodes keep their facts:", () => {
	function inventoryOf(answers: object) {
		const files = Object.entries(answers).map(([name, list]) =>
			parseInventoryFile(JSON.stringify({ [name]: list }), `${name}.json`),
		);
		return buildInventory(files, (path) => path);
	}

	const lists = (["nodes", "ports", "portgroups"] as const).map((name) => [
		name,
		(recordedAnswer("29", `${name}-detail`).body[name] as IronicRecord[]).filter(({ uuid, node_uuid }) =>
			/0(01|03|09|11)$/.test(`${node_uuid ?? uuid}`),
		),
	]);
	const listsOf = (): Answers => structuredClone(Object.fromEntries(lists));

	const COLLECTIONS = ["nodes", "ports", "portgroups"] as const;
	test.each(["03", "09", "11"].flatMap((node) => COLLECTIONS.map((name) => [name, node] as const)))(
		"%s of node %s",
		(name, node) => {
			const [first] = listsOf()[name].filter(({ uuid, node_uuid }) => `${node_uuid ?? uuid}`.endsWith(node));
			const sound = inventoryOf(listsOf());
			const others = [...sound.servers.keys()].filter((id) => !id.endsWith(node));
			for (const path of pathsInRecord(first)) {
				for (const odd of ODD_VALUES) {
					const answers = listsOf();
					setAt(
						answers[name].find(({ uuid }) => uuid === first?.uuid),
						path,
						odd,
					);
					const inventory = inventoryOf(answers);
					for (const id of others) expect(factsOf(inventory, id)).toEqual(factsOf(sound, id));
					expect(inventory.warnings.length).toBeLessThanOrEqual(2);
				}
			}
		},
	);
});
