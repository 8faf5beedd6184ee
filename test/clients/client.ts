/** Runs cloud-init's network stage of a suite on a wiring, and says where its result differs from the document. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Files, Meanings } from "../render/meaning.ts";
import { canonicalIp, meaningOf } from "../render/meaning.ts";
import { readEni } from "../render/read-eni.ts";
import { readKeyfiles } from "../render/read-keyfiles.ts";
import { readNetplan } from "../render/read-netplan.ts";
import { readNetworkd } from "../render/read-networkd.ts";
import { readSysconfig } from "../render/read-sysconfig.ts";
import { filesBelow } from "../render/render-files.ts";
import { differences } from "./compare.ts";
import { type Host, shell } from "./host.ts";
import { kernelState } from "./kernel-state.ts";
import type { Suite } from "./suite.ts";
import { guestwire, type Wiring } from "./wiring.ts";

export const RENDERERS = ["netplan", "networkd", "network-manager", "eni", "sysconfig"] as const;
export type Renderer = (typeof RENDERERS)[number];
export type Source = "OpenStack" | "ConfigDrive" | "NoCloud" | "Ec2";

const READERS: Readonly<Record<Renderer, (files: Files) => Meanings>> = {
	netplan: (files) => readNetplan(textBelow(files, "etc/netplan/") || "network: {}"),
	networkd: readNetworkd,
	"network-manager": readKeyfiles,
	eni: (files) => withHostServers(readEni(textBelow(files, "etc/network/interfaces.d/"))),
	sysconfig: (files) => withHostServers(withResolvConf(readSysconfig(files), textBelow(files, "etc/resolv.conf"))),
};

function textBelow(files: Files, folder: string): string {
	return [...files].flatMap(([path, text]) => (path.includes(folder) ? [text] : [])).join("\n");
}

/** Servers in resolv.conf are the host's, as those of ENI's `lo`. */
function withResolvConf(meanings: Meanings, text: string): Meanings {
	for (const [, server = ""] of text.matchAll(/^nameserver (\S+)$/gm))
		meaningOf(meanings, "lo").dns.add(canonicalIp(server));
	for (const [, names = ""] of text.matchAll(/^search (.+)$/gm)) {
		for (const name of names.split(/\s+/)) meaningOf(meanings, "lo").search.add(name);
	}
	return meanings;
}

/** Servers of the host are every link's. */
function withHostServers(meanings: Meanings): Meanings {
	const host = meanings.get("lo");
	for (const meaning of meanings.values()) {
		for (const server of host?.dns ?? []) meaning.dns.add(server);
		for (const domain of host?.search ?? []) meaning.search.add(domain);
	}
	return meanings;
}

export interface ClientRun {
	readonly suite: Suite;
	readonly wiring: Wiring;
	readonly host: Host;
	readonly source: Source;
	readonly renderer: Renderer;
}

export interface ClientResult {
	readonly differences: readonly string[];
	readonly details: string;
}

const RUN_SCRIPT = join(import.meta.dirname, "cloud-init-run.sh");

/** systemd-networkd can only be run where the kernel of the tests has the devices: VLANs and bonds are for guests. */
const canApply = ({ wiring, renderer }: ClientRun) =>
	(renderer === "netplan" || renderer === "networkd") && wiring.wanted.every(({ kind }) => kind === "NIC");

export async function runCloudInit(one: ClientRun): Promise<ClientResult> {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-cloud-init-"));
	try {
		const seed = await makeSeed(one, join(folder, "seed"));
		const out = join(folder, "out");
		const apply = canApply(one) ? "yes" : "no";
		await reset(one);
		const variables = [`root=${one.suite.root}`, `out=${out}`, `source=${one.source}`, `renderer=${one.renderer}`];
		const inside = `ip netns exec ${one.host.guest} unshare -m -u -i -p -f --kill-child env`;
		// cloud-init looks for OpenStack in the environment of PID 1 where it has no DMI.
		const environment = `product_name="OpenStack Nova" ${variables.join(" ")} apply=${apply} seed=${seed}`;
		await shell(
			`mkdir ${out}; timeout 300 nice ${inside} ${environment} sh ${RUN_SCRIPT} >${out}/script 2>&1 || cat ${out}/script >&2`,
		);
		return await judge(one, out, apply === "yes");
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Takes down what the run before has left on the NICs. */
async function reset({ host, wiring }: ClientRun): Promise<void> {
	const commands = wiring.nics.map(
		(mac, i) =>
			`ip -n ${host.guest} link set eth${i} down mtu 1500 address ${mac}; ip -n ${host.guest} addr flush dev eth${i}`,
	);
	await shell(commands.join("\n"));
}

/** What the source reads from the client's disk: the config drive's files, or our `network-config`. */
async function makeSeed({ wiring, source }: ClientRun, folder: string): Promise<string> {
	const { name, inventory } = wiring;
	if (source === "ConfigDrive") {
		const drive = `${folder}.iso`;
		await guestwire("config-drive", name, "--inventory", inventory, "-o", drive);
		await guestwire("config-drive", "--read", drive, "-d", folder);
		return folder;
	}
	if (source === "NoCloud") {
		await guestwire("render", "cloud-init", "--instance", name, "--inventory", inventory, "-d", folder);
		await shell(`echo "instance-id: ${name}" >${folder}/meta-data; echo "#cloud-config" >${folder}/user-data`);
		return folder;
	}
	return "";
}

async function judge(one: ClientRun, out: string, applied: boolean): Promise<ClientResult> {
	const read = (name: string) => readFile(join(out, name), "utf8").catch(() => "");
	const files: Files = existsSync(join(out, "files")) ? await filesBelow(join(out, "files")) : new Map();
	const nics = new Map(one.wiring.nics.map((mac, i) => [mac, `eth${i}`]));
	const code = (await read("code")).trim();
	const log = await read("log");
	const lines = [
		...(code === "0" ? [] : [`cloud-init: exit code ${code}`]),
		...sourceDifferences(one, await read("status.json")),
		...differences(one.wiring.wanted, READERS[one.renderer](files), nics, "files"),
	];
	if (applied) {
		const found = kernelState({
			addresses: await read("addresses"),
			routes4: await read("routes4"),
			routes6: await read("routes6"),
		});
		await addNetworkdServers(found, out);
		lines.push(...differences(one.wiring.wanted, found, nics, "kernel").map((line) => `kernel: ${line}`));
	}
	const written = [...files].map(([path, text]) => `== ${path}\n${text}`).join("\n");
	const warnings = log.split("\n").slice(-150);
	return {
		differences: lines,
		details: [await read("script"), await read("generate"), await read("networkd"), ...warnings, written].join("\n"),
	};
}

function sourceDifferences({ source }: ClientRun, status: string): string[] {
	const used = String(status && JSON.parse(status).v1.datasource);
	return used.includes(`DataSource${source}`) ? [] : [`cloud-init: data source ${used.split(" ")[0]}`];
}

/** systemd-networkd's own state of each link, and the router's address as the peer of the virtual machines has it. */
async function addNetworkdServers(found: Meanings, out: string): Promise<void> {
	const addresses = JSON.parse(await readFile(join(out, "addresses"), "utf8"));
	for (const name of await readdir(join(out, "links"))) {
		const text = await readFile(join(out, "links", name), "utf8");
		const ifname = addresses.find(({ ifindex }: { ifindex: number }) => ifindex === Number(name))?.ifname;
		if (ifname === undefined || ifname === "lo") continue;
		const words = (key: string) =>
			(new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1] ?? "").split(/\s+/).filter(Boolean);
		const meaning = meaningOf(found, ifname);
		for (const server of words("DNS")) meaning.dns.add(canonicalIp(server));
		for (const domain of words("DOMAINS")) meaning.search.add(domain);
	}
	for (const meaning of found.values()) {
		meaning.routes = meaning.routes.map((route) =>
			route.via.startsWith("fe80:") ? { ...route, via: "fe80::1" } : route,
		);
	}
}
