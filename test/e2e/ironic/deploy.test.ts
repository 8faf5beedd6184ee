/** Guestwire's drives in real deploy requests. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeConfigDrive, patchConfigDrive, readConfigDrive } from "../../../src/config-drive/index.ts";
import { openIronicSource } from "../../../src/source/ironic/index.ts";
import { type RunningCli, runCli, startCli } from "../../run-cli.ts";
import { call, deleteNodes, isOf2026, type Json, provision, recordsOf } from "./api.ts";
import { type FakeNeutron, startNeutron } from "./neutron.ts";
import { mac, makeNode, PLANS } from "./nodes.ts";

const SUITE = process.env["GUESTWIRE_IRONIC_SUITE"] ?? "";
const STATE = process.env["GUESTWIRE_IRONIC_STATE"] ?? "";
const LATEST = "openstack/latest/network_data.json";

let neutron: FakeNeutron;
let folder: string;
let serving: RunningCli;
let operatorUrl: string;
let env: Record<string, string>;
let config: readonly string[];

beforeAll(async () => {
	await deleteNodes();
	neutron = await startNeutron();
	folder = await mkdtemp(join(tmpdir(), "guestwire-deploy-"));
	env = { OS_AUTH_TYPE: "none", OS_ENDPOINT: "http://127.0.0.1:6385", OS_NETWORK_ENDPOINT_OVERRIDE: neutron.url };
	const file = join(folder, "guestwire.yaml");
	config = ["--config", file];
	await writeFile(join(folder, "token"), "a-long-random-token");
	const lines = (operator: string) =>
		`cloud: { ironic: {} }
metadata: [{ listen: "127.0.0.1:8775", identity: address }]
operator: { listen: "127.0.0.1:0", tokenFile: token${operator} }
state: { sqlite: state.db }
`;
	await writeFile(file, lines(""));
	serving = startCli(["serve", ...config], { env });
	[, operatorUrl = ""] = await serving.says(/for operators: curl .*(http:\/\/127\.0\.0\.1:\d+)\/api/);
	await writeFile(file, lines(`, url: "${operatorUrl}"`));
});
afterAll(async () => {
	await serving?.stop();
	await neutron.close();
	await rm(folder, { recursive: true });
});

/** A node whose bond has a VIF, on the network interface for which later Ironics check drives. @returns its UUID */
async function makeBond(n: number): Promise<string> {
	const plan = PLANS["a bond"]?.(n) ?? { ports: [] };
	const uuid = await makeNode(`deploy ${n}`, n, { ...plan, node: { ...plan.node, network_interface: "flat" } });
	const { groups } = await recordsOf(uuid);
	await call("POST", `/v1/nodes/${uuid}/vifs`, { id: neutron.addPort().id, portgroup_uuid: groups[0]?.["uuid"] });
	return uuid;
}

async function guestwire(...args: string[]): Promise<string> {
	const { code, stdout, stderr } = await runCli([...args, ...config], { env });
	if (code !== 0) throw new Error(stderr);
	return stdout.trimEnd();
}

/** The node's drive as Ironic keeps it: its API only shows that there is one. */
function keptDrive(uuid: string): unknown {
	const database = new DatabaseSync(join(STATE, "ironic.sqlite"), { readOnly: true });
	try {
		const row = database.prepare("select instance_info from nodes where uuid = ?").get(uuid);
		return JSON.parse(String(row?.["instance_info"]))["configdrive"];
	} finally {
		database.close();
	}
}

/** What the conductor logs about drives while it deploys a node. */
async function deploy(uuid: string, configdrive: string): Promise<string[]> {
	const before = (await readFile(join(STATE, "ironic.log"), "utf8")).length;
	await provision(uuid, "active", "active", { configdrive });
	const log = (await readFile(join(STATE, "ironic.log"), "utf8")).slice(before);
	return log.split("\n").filter((line) => / (WARNING|ERROR) .*(configdrive|metadata)/.test(line));
}

/** The conductor's own function that opens a drive for virtual media. */
const READ = `
import sys
from unittest import mock
from ironic.common import context
from ironic.conf import CONF
CONF(["--config-file", sys.argv[1]], project="ironic")
# Later Ironics import each other in a circle that must be entered here.
from ironic.conductor import utils
from ironic.drivers.modules import image_utils
task = mock.Mock(context=context.get_admin_context())
def publish(_, content, prefix):
    sys.stdout.buffer.write(open(content, "rb").read())
image_utils.prepare_disk_image = publish
image_utils.prepare_configdrive_image(task, sys.argv[2])
`;

async function asConductorReads(drive: string): Promise<Buffer> {
	const script = join(STATE, "read-drive.py");
	await writeFile(script, READ);
	const ironic = join(import.meta.dirname, "ironic");
	const args = ["--suite", SUITE, "run", "python3", script, join(STATE, "ironic.conf"), drive];
	const { stdout } = await promisify(execFile)(ironic, args, { encoding: "buffer", maxBuffer: 2 ** 26 });
	return stdout;
}

async function expectNetwork(image: Uint8Array, uuid: string): Promise<void> {
	const { links } = JSON.parse(Buffer.from(readConfigDrive(image).read(LATEST) ?? "").toString());
	const { ports } = await recordsOf(uuid);
	expect(links).toMatchObject([
		...ports.map(({ address }) => ({ type: "phy", ethernet_mac_address: address, mtu: 9000 })),
		{ type: "bond", bond_mode: "802.3ad", mtu: 9000, ethernet_mac_address: ports[0]?.["address"] },
	]);
}

test("by value: the node becomes active, and Ironic keeps the drive as it is, silently", async () => {
	const uuid = await makeBond(60);
	const drive = await guestwire("config-drive", "deploy-60", "--encoding", "gzip-base64", "-o", "-");
	expect(await deploy(uuid, drive)).toEqual([]);
	expect(keptDrive(uuid)).toBe(drive);
	const { instance_info: shown } = await call("GET", `/v1/nodes/${uuid}`);
	expect((shown as Json)["configdrive"]).toBe("******");
	await expectNetwork(decodeConfigDrive(Buffer.from(drive)), uuid);
});

test("by link: the node becomes active, and the conductor reads the drive that Guestwire has", async () => {
	const uuid = await makeBond(61);
	const link = await guestwire("config-drive", "--url", "deploy-61");
	expect(await deploy(uuid, link)).toEqual([]);
	expect(keptDrive(uuid)).toBe(link);
	await guestwire("config-drive", "deploy-61", "-o", join(folder, "raw"));
	const image = await readFile(join(folder, "raw"));
	await expectNetwork(image, uuid);
	// The running service looks for nodes that were enrolled a moment ago every two seconds.
	const isSame = async () => Buffer.compare(image, await asConductorReads(link)) === 0;
	await expect.poll(isSame, { timeout: 20_000 }).toBe(true);
	await expect(asConductorReads(link.replace(/.$/, (last) => (last === "A" ? "Q" : "A")))).rejects.toThrow(/403/);
}, 300_000);

test("the metrics have a mirror, and no token without a Keystone", async () => {
	const headers = { authorization: "Bearer a-long-random-token" };
	const text = await (await fetch(`${operatorUrl}/metrics`, { headers })).text();
	expect(text).toMatch(/^guestwire_mirror_age_seconds /m);
	expect(text).not.toMatch(/guestwire_token/);
});

describe("Ironic's check of drives, since 2025.2", () => {
	test("is what was silent: it complains about a link without MTU", async ({ skip }) => {
		skip(!(await isOf2026()), "29 has no check");
		const uuid = await makeBond(62);
		await guestwire("config-drive", "deploy-62", "-o", join(folder, "whole"));
		const image = await readFile(join(folder, "whole"));
		const document = JSON.parse(Buffer.from(readConfigDrive(image).read(LATEST) ?? "").toString());
		for (const link of document.links) delete link.mtu;
		const patched = patchConfigDrive(image, new Map([[LATEST, Buffer.from(JSON.stringify(document))]]));
		const lines = await deploy(uuid, gzipSync(patched).toString("base64"));
		expect(lines[0]).toMatch(/WARNING .*appears invalid/);
		for (const line of lines) console.log(line.slice(0, 200));
	});

	test("fails the deployment of a VFAT drive, which Guestwire refuses to make", async ({ skip }) => {
		skip(!(await isOf2026()), "29 has no check");
		const uuid = await makeBond(63);
		const made = ["config-drive", "deploy-63", "--format", "vfat"];
		await expect(guestwire(...made, "--encoding", "gzip-base64", "-o", "-")).rejects.toThrow(/VFAT/);
		await guestwire(...made, "-o", join(folder, "vfat"));
		const drive = gzipSync(await readFile(join(folder, "vfat"))).toString("base64");
		await expect(provision(uuid, "active", "active", { configdrive: drive })).rejects.toThrow(/PVD/);
	});
});

describe("a node that Ironic provisions", () => {
	test("has its NICs in its document, and not the port of Ironic's ramdisk", async () => {
		const plan = PLANS["a bond"]?.(64) ?? { ports: [] };
		const members = { network_interface: "neutron", deploy_interface: "custom-agent" };
		const link = (at: number) => ({
			switch_id: "00:1c:73:aa:bb:01",
			port_id: `Ethernet${at}`,
			switch_info: "leaf-1",
		});
		const uuid = await makeNode("deploy 64", 64, {
			...plan,
			node: { ...plan.node, ...members },
			ports: plan.ports.map((port, at) => ({ ...port, members: { local_link_connection: link(at) } })),
		});
		const { groups, node } = await recordsOf(uuid);
		await call("POST", `/v1/nodes/${uuid}/vifs`, { id: neutron.addPort().id, portgroup_uuid: groups[0]?.["uuid"] });
		const before = await guestwire("show", "deploy-64");
		await provision(uuid, "active", "wait call-back");
		const { ports } = await recordsOf(uuid);
		const inRamdisk = ports.flatMap(({ internal_info: info }) => (info as Json)["provisioning_vif_port_id"] ?? []);
		expect(inRamdisk).toHaveLength(2);
		expect(await guestwire("show", "deploy-64")).toBe(before);
		expect(before).toContain(mac(64, 2));
		const addresses = inRamdisk.map((id) => neutron.addressOf(String(id)));
		const source = await openIronicSource({ env, sharing: 0 });
		try {
			for (const address of addresses) {
				expect((await source.owners({ address })).map(({ id }) => id)).toEqual([node["instance_uuid"]]);
			}
		} finally {
			await source.close();
		}
	});
});
