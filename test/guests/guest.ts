/** Boots a guest with a wiring and says where it differs from the document. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ipaddr from "ipaddr.js";
import { differences } from "../clients/compare.ts";
import { addResolvectl, kernelState, nicNames } from "../clients/kernel-state.ts";
import type { SuiteName } from "../clients/suite.ts";
import { suite } from "../clients/suite.ts";
import type { WantedLink } from "../clients/wanted.ts";
import { guestwire, loadWiring, type Wiring } from "../clients/wiring.ts";
import { canonicalIp, type Meanings, meaningOf } from "../render/meaning.ts";
import { runMachine } from "./machine.ts";
import { type Peer, startPeer } from "./peer.ts";
import type { Servers } from "./peer-servers.ts";
import { file, overlayOf, type Role } from "./roles.ts";

/** What is booted. */
export interface GuestCase {
	readonly suite: SuiteName;
	readonly role: Role;
	readonly wiring: string;
	/** Format of the config drive, and as what it is plugged. */
	readonly carrier: "iso9660-disk" | "iso9660-cd" | "vfat-disk";
}

export interface GuestResult {
	readonly differences: readonly string[];
	/** From power-on to power-off. */
	readonly seconds: number;
	readonly versions: Readonly<Record<string, string>>;
	/** Everything that the guest and its peers said, for who looks for the cause. */
	readonly details: string;
}

export async function bootGuest(one: GuestCase): Promise<GuestResult> {
	const wiring = await loadWiring(one.wiring);
	const { name, versions, ...rest } = suite(one.suite);
	const folder = await mkdtemp(join(tmpdir(), "guestwire-boot-"));
	const peers = await Promise.all(wiring.nics.map((_, i) => startPeer(serversOfNic(wiring, i))));
	try {
		const drive = join(folder, "drive");
		const [format = "", as = ""] = one.carrier.split("-");
		await guestwire("config-drive", wiring.name, "--inventory", wiring.inventory, "--format", format, "-o", drive);
		const { files, links } = overlayOf(one.role, ["ConfigDrive", "None"]);
		files.set(
			"guestwire/pings",
			file(
				pingTargets(wiring.wanted)
					.map(({ address }) => `${address}\n`)
					.join(""),
			),
		);
		const result = await runMachine({
			suite: { name, versions, ...rest },
			root: "disk",
			files,
			links,
			nics: wiring.nics.map((mac, i) => ({
				mac,
				netdev: `socket,udp=127.0.0.1:${peers[i]?.port},localaddr=127.0.0.1:0`,
			})),
			drive: { path: drive, as: as === "cd" ? "cd" : "disk" },
		});
		const seen = peers.map((peer) => [...peer.seen].map(([what, times]) => `${what} ×${times}`));
		const details = `${result.report ?? result.console}\n${seen.map((lines, i) => `NIC ${i}: ${lines.join(", ")}`).join("\n")}`;
		const found = result.report === undefined ? ["no report"] : judge(wiring, parts(result.report), peers);
		return { differences: found, seconds: result.seconds, versions, details };
	} finally {
		for (const peer of peers) peer.close();
		await rm(folder, { recursive: true });
	}
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

interface Ping {
	readonly address: string;
	readonly link: WantedLink;
}

/** Gateways and something behind each, which only answer if the guest took the right way. */
function pingTargets(wanted: readonly WantedLink[]): Ping[] {
	const targets = new Map<string, Ping>();
	for (const link of wanted) {
		for (const route of [...link.routes, ...link.lease.routes]) {
			const [to = "", , gateway = ""] = route.split(" ");
			for (const address of [gateway, behind(to)]) {
				if (!targets.has(address) && !address.startsWith("fe80:")) targets.set(address, { address, link });
			}
		}
	}
	return [...targets.values()];
}

/** An address that a route leads to; for a default route one that no other route has. */
function behind(to: string): string {
	if (to === "0.0.0.0/0") return "198.18.0.1";
	if (to === "::/0") return "2001:2::1";
	const [ip, bits] = ipaddr.parseCIDR(to);
	const bytes = ip.toByteArray();
	const last = bytes.length - 1;
	return ipaddr.fromByteArray(bytes.with(last, (bytes[last] ?? 0) | (bits === bytes.length * 8 ? 0 : 1))).toString();
}

type Parts = ReadonlyMap<string, string>;

function parts(report: string): Parts {
	const texts = report.split(/^@@ /m).slice(1);
	return new Map(texts.map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n") + 1).trim()]));
}

function judge(wiring: Wiring, report: Parts, peers: readonly Peer[]): string[] {
	const part = (name: string) => report.get(name) ?? "";
	const found = kernelState({ addresses: part("addresses"), routes4: part("routes4"), routes6: part("routes6") });
	if (report.has("dns")) addResolvectl(found, part("dns"), part("domain"));
	else addResolvConf(found, wiring, part("resolv.conf"));
	const nics = nicNames(part("addresses"));
	return [
		...differences(wiring.wanted, found, nics, "kernel"),
		...pingDifferences(wiring, part("pings").split("\n"), peers),
		...dnsDifferences(wiring, part("asked").split("\n").filter(Boolean), peers),
		...lines(part("failed")).map((line) => `failed unit: ${line.split(" ")[0]}`),
		...cloudInitDifferences(part("cloud-init")),
	];
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

/** Without a resolver that knows links, every link has every server. */
function addResolvConf(found: Meanings, { wanted }: Wiring, text: string): void {
	const servers = [...text.matchAll(/^nameserver (\S+)$/gm)].map(([, server = ""]) => canonicalIp(server));
	const domains = [...text.matchAll(/^search (.+)$/gm)].flatMap(([, names = ""]) => names.split(/\s+/));
	for (const name of found.keys()) {
		const meaning = meaningOf(found, name);
		meaning.dns = new Set(servers);
		meaning.search = new Set(domains);
	}
	void wanted;
}

function pingDifferences(wiring: Wiring, answered: readonly string[], peers: readonly Peer[]): string[] {
	return pingTargets(wiring.wanted).flatMap(({ address, link }) => {
		if (!answered.includes(address)) return [`${link.label}: no answer from ${address}`];
		return seenBy(wiring, link, peers, `ping ${canonicalIp(address)}`)
			? []
			: [`${link.label}: ${address} taken elsewhere`];
	});
}

/** Each link's servers are really asked, on some link. */
function dnsDifferences(wiring: Wiring, answered: readonly string[], peers: readonly Peer[]): string[] {
	const all = peers.flatMap(({ seen }) => [...seen.keys()]);
	return wiring.wanted.flatMap((link) => {
		const servers = [...link.dns, ...link.dynamicDns];
		if (servers.length === 0) return [];
		const asked = servers.some((server) => all.some((what) => what.includes(`dns ${server} `)));
		return asked && answered.length > 0 ? [] : [`${link.label}: none of its DNS servers was asked and answered`];
	});
}

/** Whether a link's peer, or one of its members' peers, saw this. */
function seenBy({ wanted, nics }: Wiring, link: WantedLink, peers: readonly Peer[], what: string): boolean {
	const carrier = wanted.find(({ id }) => id === link.vlan?.parent) ?? link;
	const members = carrier.members.length > 0 ? wanted.filter(({ id }) => carrier.members.includes(id)) : [carrier];
	const text = link.vlan === undefined ? what : `vlan ${link.vlan.id} ${what}`;
	return members.some(({ mac }) => peers[nics.indexOf(mac)]?.seen.has(text));
}

/** Errors of the stages, and what cloud-init calls "degraded" since 23.4. */
function cloudInitDifferences(status: string): string[] {
	if (status === "") return [];
	// biome-ignore lint/suspicious/noExplicitAny: cloud-init's JSON
	const { v1 }: any = JSON.parse(status);
	const stages = ["init-local", "init", "modules-config", "modules-final"];
	return [
		...(String(v1.datasource).includes("DataSourceNone") ? ["cloud-init: no data source"] : []),
		...stages.flatMap((stage) => (v1[stage]?.errors ?? []).map((error: string) => `cloud-init: ${stage}: ${error}`)),
		...stages.flatMap((stage) =>
			Object.entries<string[]>(v1[stage]?.recoverable_errors ?? {}).flatMap(([level, texts]) =>
				texts.map((text) => `cloud-init: ${stage}: ${level}: ${text.split("\n")[0]}`),
			),
		),
	];
}
