import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type IronicRecord, recordedAnswer } from "../../../test/fake-ironic.ts";
import { networkData } from "../../documents/network-data-full.ts";
import { openFilesSource } from "./files-source.ts";

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

test("a node that can't be read costs its own instance, and no other of Ironic's answers", async () => {
	const folder = folderWith((answers) => {
		for (const node of answers.nodes) {
			const guestwire = { public_keys: { [node.uuid]: "ssh-ed25519 AAAA" } };
			Object.assign(node, { extra: { ...(node["extra"] as object), guestwire } });
		}
		const { networks } = networkDataOf(answers) as { networks: { ip_address: string }[] };
		Object.assign(networks[0] ?? {}, { ip_address: "10.9.0.300" });
	});
	const source = await openFilesSource(folder);
	const all = await source.list();
	expect(all).toHaveLength(11);
	expect(all).toContainEqual({ id: ODD, name: "metal-static" });
	await expect(source.instance(ODD, "all")).rejects.toThrow(
		/nodes\.json:1: nodes\[2\]\.network_data can't be read: node a0.* is not an IPv4 address: correct it in Ironic$/,
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
	});
});

test("a port in a file gets its network and subnet from the files, whatever nodes have", async () => {
	const lan = "networks: [{ id: lan }]\nsubnets: [{ id: lan4, cidr: 10.9.0.0/24 }]";
	const port = 'ports: [{ id: p, mac_address: "52:54:00:00:01:01", fixed_ips: [{ ip_address: 10.9.0.11 }] }]';
	const source = await openFilesSource(folderWith(() => {}, { "lan.yaml": `${lan}\n${port}` }));
	const [owner] = await source.owners({ address: "10.9.0.11" });
	expect(owner).toEqual({ id: "e0000000-0000-4000-8000-000000000001", networkId: "lan" });
});
