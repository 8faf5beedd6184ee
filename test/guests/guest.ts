/** Boots a guest with a wiring and says where it differs from the document. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { startHost } from "../clients/host.ts";
import { type SuiteName, suite } from "../clients/suite.ts";
import { guestwire, loadWiring, replaceDocument, type Wiring } from "../clients/wiring.ts";
import { filesBelow } from "../render/render-files.ts";
import { BUSYBOX_MODULES, busyboxFiles, busyboxVersions } from "./busybox.ts";
import { judgeReport, pingTargets } from "./judge.ts";
import { type MachineOptions, runMachine } from "./machine.ts";
import { type Peer, startPeer } from "./peer.ts";
import type { Servers } from "./peer-servers.ts";
import { file, overlayOf, type Role } from "./roles.ts";

/** What is booted. */
export interface GuestCase {
	readonly suite: SuiteName;
	readonly role: Role;
	readonly wiring: string;
	readonly carrier: Carrier;
}

/**
 * Format of the config drive and as what it is plugged; or no drive, and Guestwire itself or behind haproxy, which guests
 * with cloud-init ask at 169.254.169.254 and others at fe80::a9fe:a9fe.
 */
export type Carrier = "iso9660-disk" | "iso9660-cd" | "vfat-disk" | "vfat-cd" | "http" | "http-haproxy";

export interface GuestResult {
	readonly differences: readonly string[];
	/** From power-on to power-off. */
	readonly seconds: number;
	readonly versions: Readonly<Record<string, string>>;
	/** Everything that the guest and its peers said, for who looks for the cause. */
	readonly details: string;
}

/** @param document on the drive instead of the wiring's, which the guest is still compared with */
export async function bootGuest(one: GuestCase, document?: NetworkData): Promise<GuestResult> {
	const wiring = await loadWiring(one.wiring);
	const folder = await mkdtemp(join(tmpdir(), "guestwire-boot-"));
	const surroundings = one.carrier.startsWith("http") ? await startHttp(one, wiring) : await startPeers(wiring);
	try {
		const drive = one.carrier.startsWith("http") ? undefined : await writeDrive(one, wiring, folder);
		if (drive !== undefined && document !== undefined) await replaceDocument(drive, document);
		const { report, console, seconds } = await runMachine({
			...(await rootOf(one, wiring, join(folder, "rendered"))),
			...(drive !== undefined && { drive: { path: drive, as: one.carrier.endsWith("-cd") ? "cd" : "disk" } }),
			...(surroundings.namespace !== undefined && { namespace: surroundings.namespace }),
			suite: suite(one.suite),
			nics: wiring.nics.map((mac, i) => ({ mac, netdev: surroundings.netdevs[i] ?? "" })),
		});
		const { peers } = surroundings;
		const seen = peers.map(
			({ seen }, i) => `NIC ${i}: ${[...seen].map(([what, times]) => `${what} ×${times}`).join(", ")}`,
		);
		return {
			differences: report === undefined ? ["no report"] : judgeReport(wiring, report, peers),
			seconds,
			versions: { ...suite(one.suite).versions, ...busyboxVersions() },
			details: [report ?? "", ...seen, console].join("\n"),
		};
	} finally {
		await surroundings.close();
		await rm(folder, { recursive: true });
	}
}

/** What a guest's NICs are plugged into. */
interface Surroundings {
	readonly netdevs: readonly string[];
	readonly peers: readonly Peer[];
	readonly namespace?: string;
	close(): Promise<void>;
}

async function startPeers(wiring: Wiring): Promise<Surroundings> {
	const peers = await Promise.all(wiring.nics.map((_, i) => startPeer(serversOfNic(wiring, i))));
	return {
		netdevs: peers.map(({ port }) => `socket,udp=127.0.0.1:${port},localaddr=127.0.0.1:0`),
		peers,
		close: async () => {
			for (const peer of peers) peer.close();
		},
	};
}

async function startHttp({ carrier }: GuestCase, wiring: Wiring): Promise<Surroundings> {
	const servers = wiring.wanted.flatMap(({ dns, dynamicDns }) => [...dns, ...dynamicDns]);
	const answers = [...servers, ...pingTargets(wiring.wanted).map(({ address }) => address)];
	const gateways = wiring.subnets.map(({ gateway }) => gateway);
	const { host, close } = await startHost(wiring, {
		nics: "tap",
		isProxied: carrier === "http-haproxy",
		answers: [...new Set(answers)].filter((address) => !gateways.includes(address)),
	});
	const netdevs = wiring.nics.map((_, i) => `tap,ifname=tap${i},script=no,downscript=no`);
	return { netdevs, peers: [], namespace: host, close };
}

async function writeDrive({ carrier }: GuestCase, { name, inventory }: Wiring, folder: string): Promise<string> {
	const drive = join(folder, "drive");
	const configuration = join(folder, "guestwire.yaml");
	await writeFile(configuration, `cloud: { files: { path: "${inventory}" } }\nguestFiles: [iproute2]\n`);
	const format = carrier.replace(/-.*/, "");
	await guestwire("config-drive", name, "--config", configuration, "--format", format, "-o", drive);
	return drive;
}

type Root = Pick<MachineOptions, "root" | "files" | "links" | "modules">;

async function rootOf({ role, carrier }: GuestCase, wiring: Wiring, folder: string): Promise<Root> {
	const pings = file(
		pingTargets(wiring.wanted)
			.map(({ address }) => `${address}\n`)
			.join(""),
	);
	if (role === "busybox" || role === "busybox-iproute2") {
		const from = carrier.startsWith("http") ? "link-local" : "drive";
		const files = busyboxFiles(role === "busybox" ? "busybox" : "iproute2", from);
		return { root: "memory", files: files.set("guestwire/pings", pings), modules: BUSYBOX_MODULES };
	}
	const { files, links } = overlayOf(
		role,
		carrier.startsWith("http") ? ["OpenStack", "None"] : ["ConfigDrive", "None"],
	);
	files.set("guestwire/pings", pings);
	if (role === "networkd-files") {
		await guestwire("render", "networkd", "--instance", wiring.name, "--inventory", wiring.inventory, "-d", folder);
		for (const [path] of await filesBelow(folder)) {
			files.set(path, { bytes: await readFile(join(folder, path)), mode: 0o644 });
		}
	}
	return { root: "disk", files, links, modules: linkModules(wiring) };
}

/** systemd-networkd waits 25 s for a device. The kernel, which loads its module first, may need longer under emulation. */
function linkModules({ wanted }: Wiring): string[] {
	const has = (kind: string) => wanted.some((link) => link.kind === kind);
	return [...(has("VLAN") ? ["8021q"] : []), ...(has("bond") ? ["bonding"] : [])];
}

/** The servers of a NIC's own network and of the VLANs on it, directly or on its bond. */
function serversOfNic({ wanted, nics, servers }: Wiring, index: number): Map<number | undefined, Servers> {
	const nic = wanted.find(({ kind, mac }) => kind === "NIC" && mac === nics[index]);
	const bond = wanted.find(({ members }) => nic !== undefined && members.includes(nic.id));
	const carriers = [nic, bond].filter((link) => link !== undefined);
	const vlans = wanted.filter(({ vlan }) => carriers.some(({ id }) => id === vlan?.parent));
	return new Map([
		...carriers.map(({ mac }) => [undefined, servers[mac] ?? {}] as const),
		...vlans.map(({ mac, vlan }) => [vlan?.id, servers[mac] ?? {}] as const),
	]);
}
