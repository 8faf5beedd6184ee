/**
 * A guest on bare metal: the drive is made from recorded records of a real Ironic, and the switch speaks LACP. By hand:
 * GUESTWIRE_GUESTS=ironic npm run test:guests
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { suite } from "../clients/suite.ts";
import { type WantedLink, wantedLinks } from "../clients/wanted.ts";
import { MAIN, NODE } from "../clients/wiring.ts";
import { startFakeIronic } from "../fake-ironic.ts";
import { judgeReport, pingTargets } from "./judge.ts";
import { runMachine } from "./machine.ts";
import { type Peer, startPeer } from "./peer.ts";
import { file, overlayOf } from "./roles.ts";

/** "metal-static": two NICs in a bond with LACP, and a VLAN on it with an address of each family. */
const INSTANCE = "e0000000-0000-4000-8000-000000000003";
const MACS = ["52:54:00:00:03:01", "52:54:00:00:03:02"];

/** The document and the drive that Guestwire makes of Ironic's records. */
async function fromIronic(folder: string): Promise<{ wanted: WantedLink[]; drive: string }> {
	const ironic = await startFakeIronic();
	try {
		const config = join(folder, "guestwire.yaml");
		await writeFile(config, "cloud: { ironic: {} }\nstate: { sqlite: state.db }\n");
		const env = { ...process.env, ...ironic.env };
		const guestwire = (...args: string[]) =>
			promisify(execFile)(NODE, [MAIN, ...args, "--config", config], { env, maxBuffer: 2 ** 26 });
		const drive = join(folder, "drive");
		await guestwire("config-drive", INSTANCE, "-o", drive);
		const document: NetworkData = JSON.parse((await guestwire("show", INSTANCE)).stdout);
		return { wanted: wantedLinks(document), drive };
	} finally {
		await ironic.close();
	}
}

// biome-ignore lint/suspicious/noExplicitAny: iproute2's JSON
type Any = any;

async function boot(name: "bookworm" | "trixie", wanted: readonly WantedLink[], drive: string, peers: readonly Peer[]) {
	const { files, links } = overlayOf("netplan", ["ConfigDrive", "None"]);
	const pings = pingTargets(wanted).map(({ address }) => `${address}\n`);
	files.set("guestwire/pings", file(pings.join("")));
	return runMachine({
		...{ root: "disk", files, links, modules: ["8021q", "bonding"], suite: suite(name) },
		drive: { path: drive, as: "disk" },
		nics: MACS.map((mac, at) => ({
			mac,
			netdev: `socket,udp=127.0.0.1:${peers[at]?.port},localaddr=127.0.0.1:0`,
		})),
	});
}

describe.skipIf(process.env["GUESTWIRE_GUESTS"] !== "ironic")("a bonded guest on bare metal", () => {
	it.each(["bookworm", "trixie"] as const)("%s comes up, with both NICs in one link to the switch", async (name) => {
		const folder = await mkdtemp(join(tmpdir(), "guestwire-metal-"));
		const peers = await Promise.all(MACS.map((_, number) => startPeer(new Map(), { number: number + 1 })));
		try {
			const { wanted, drive } = await fromIronic(folder);
			const { report = "", console: said, seconds } = await boot(name, wanted, drive, peers);
			const all: Any[] = JSON.parse(/^@@ addresses\n(.*)$/m.exec(report)?.[1] ?? "[]");
			const bond = all.find(({ linkinfo }) => linkinfo?.info_kind === "bond");
			expect(bond?.linkinfo.info_data, said).toMatchObject({
				...{ mode: "802.3ad", xmit_hash_policy: "layer3+4", ad_lacp_rate: "fast", miimon: 100 },
				ad_info: { num_ports: 2, partner_mac: "02:00:00:00:00:01" },
			});
			const members = all.filter(({ master }) => master === bond.ifname);
			expect(members.map(({ permaddr, address }) => permaddr ?? address).sort()).toEqual(MACS);
			const slaves = members.map(({ linkinfo }) => linkinfo.info_slave_data);
			expect(new Set(slaves.map(({ ad_aggregator_id }) => ad_aggregator_id)).size).toBe(1);
			expect(slaves).toMatchObject([{ state: "ACTIVE" }, { state: "ACTIVE" }]);
			const vlan = all.find(({ linkinfo }) => linkinfo?.info_kind === "vlan");
			const addresses: Any[] = vlan.addr_info.filter(({ scope }: Any) => scope === "global");
			expect([vlan.link, vlan.mtu, vlan.operstate]).toEqual([bond.ifname, 9000, "UP"]);
			expect(addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort()).toEqual([
				"10.9.0.13/24",
				"2001:db8:9::13/64",
			]);
			// cloud-init's schema does not know what it makes of the document (docs/clients.md). The network is right.
			const isKnown = (line: string) =>
				name === "trixie" && line.includes("network-config-v1 failed schema validation");
			expect(
				judgeReport({ wanted, nics: MACS }, report, peers).filter((line) => !isKnown(line)),
				said,
			).toEqual([]);
			console.log(`${name}: ${seconds.toFixed(0)} s; ${JSON.stringify(bond.linkinfo.info_data.ad_info)}`);
		} finally {
			for (const peer of peers) peer.close();
			await rm(folder, { recursive: true });
		}
	});
});
