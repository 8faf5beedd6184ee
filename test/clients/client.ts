/** Runs cloud-init's network stage of a suite on a wiring, and says where its result differs from the document. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NetworkData } from "../../src/documents/network-data.ts";
import type { Files, Meanings } from "../render/meaning.ts";
import { canonicalIp, meaningOf } from "../render/meaning.ts";
import { readEni } from "../render/read-eni.ts";
import { readKeyfiles } from "../render/read-keyfiles.ts";
import { readNetplan } from "../render/read-netplan.ts";
import { readNetworkd } from "../render/read-networkd.ts";
import { readSysconfig, withResolvConf } from "../render/read-sysconfig.ts";
import { filesBelow } from "../render/render-files.ts";
import { differences, type Stage } from "./compare.ts";
import { type Host, shell } from "./host.ts";
import { kernelState } from "./kernel-state.ts";
import type { Suite } from "./suite.ts";
import { guestwire, replaceDocument, type Wiring } from "./wiring.ts";

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

/** Servers of the host are every link's. */
function withHostServers(meanings: Meanings): Meanings {
	const host = meanings.get("lo");
	for (const meaning of meanings.values()) {
		for (const server of host?.dns ?? []) meaning.dns.add(server);
		for (const domain of host?.search ?? []) meaning.search.add(domain);
	}
	return meanings;
}

/** One start of cloud-init, and what its other renderers make of the same document. */
export interface ClientRun {
	readonly suite: Suite;
	readonly wiring: Wiring;
	readonly host: Host;
	readonly source: Source;
	readonly renderers: readonly Renderer[];
	/** On the config drive instead of the wiring's. */
	readonly document?: NetworkData;
}

export interface ClientResult {
	readonly differences: readonly string[];
	/** What was compared with the document. */
	readonly stages: readonly Stage[];
	readonly details: string;
}

const RUN_SCRIPT = join(import.meta.dirname, "cloud-init-run.sh");
const OTHERS = join(import.meta.dirname, "render_others.py");

export async function runCloudInit(one: ClientRun): Promise<ReadonlyMap<Renderer, ClientResult>> {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-cloud-init-"));
	try {
		const seed = await makeSeed(one, join(folder, "seed"));
		const out = join(folder, "out");
		await reset(one);
		const others = one.renderers.filter((renderer) => renderer !== "netplan").join(" ");
		const files = `root=${one.suite.root} out=${out} python=${OTHERS} seed=${seed}`;
		const hasIpv6 = one.wiring.wanted.every(({ addresses, lease }) =>
			[...addresses, ...lease.addresses].some((address) => address.includes(":")),
		);
		const leases = one.wiring.wanted.flatMap(({ lease }) => [...lease.addresses, ...[...lease.routes].map(gatewayOf)]);
		const lists = `leases="${leases.join(" ")}" has_ipv6=${hasIpv6 && one.source !== "Ec2" ? "yes" : "no"} source=${one.source} renderers="${others}" apply="${applied(one).join(" ")}"`;
		// cloud-init looks for OpenStack in the environment of PID 1 where it has no DMI.
		const inside = `ip netns exec ${one.host.guest} unshare -m -u -i -p -f --kill-child env product_name="OpenStack Nova"`;
		await shell(
			`mkdir ${out}; timeout 580 ${inside} ${files} ${lists} sh ${RUN_SCRIPT} >${out}/script 2>&1 || { cat ${out}/script >&2; exit 1; }`,
		);
		const results = one.renderers.map(async (renderer) => [renderer, await judge(one, renderer, out)] as const);
		return new Map(await Promise.all(results));
	} finally {
		await rm(folder, { recursive: true });
	}
}

/**
 * systemd-networkd can only be run where the kernel of the tests has the devices: VLANs and bonds are for guests. So are
 * several routers, because the NICs here share one bridge.
 */
function applied({ wiring, renderers }: ClientRun): Renderer[] {
	const routers = Object.values(wiring.servers).filter(({ advertisement }) => advertisement !== undefined);
	const isSimple = wiring.nics.length > 0 && wiring.wanted.every(({ kind }) => kind === "NIC");
	if (routers.length > 1 || !isSimple) return [];
	return renderers.filter((renderer) => renderer === "netplan" || renderer === "networkd");
}

/** `192.0.2.1` of `0.0.0.0/0 via 192.0.2.1`. */
function gatewayOf(route: string): string {
	return route.split(" via ")[1] ?? "";
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
async function makeSeed({ wiring, source, document }: ClientRun, folder: string): Promise<string> {
	const { name, inventory } = wiring;
	if (source === "ConfigDrive") {
		const drive = `${folder}.iso`;
		await guestwire("config-drive", name, "--inventory", inventory, "-o", drive);
		if (document !== undefined) await replaceDocument(drive, document);
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

async function judge(one: ClientRun, renderer: Renderer, out: string): Promise<ClientResult> {
	const read = (name: string) => readFile(join(out, name), "utf8").catch(() => "");
	const folder = join(out, renderer, "files");
	const files: Files = existsSync(folder) ? await filesBelow(folder) : new Map();
	const nics = new Map(one.wiring.nics.map((mac, i) => [mac, `eth${i}`]));
	const errors = [await read("error"), await read(`${renderer}/error`)].map((text) => text.trim());
	const found = READERS[renderer](files);
	const lines = [
		...errors.filter((text) => text !== "").map((text) => `cloud-init: ${text.split("\n").at(-1)}`),
		...sourceDifferences(one, await read("status.json")),
		...(one.source === "Ec2" ? ec2Differences(found) : differences(one.wiring.wanted, found, nics, "files")),
	];
	const stages: Stage[] = applied(one).includes(renderer) && one.source !== "Ec2" ? ["files", "kernel"] : ["files"];
	if (stages.includes("kernel")) {
		const state = kernelState({
			addresses: await read(`${renderer}/addresses`),
			routes4: await read(`${renderer}/routes4`),
			routes6: await read(`${renderer}/routes6`),
		});
		await addNetworkdServers(state, join(out, renderer));
		lines.push(...differences(one.wiring.wanted, state, nics, "kernel").map((line) => `kernel: ${line}`));
	}
	const written = [...files].map(([path, text]) => `== ${path}\n${text}`);
	const log = (await read("log")).split("\n").filter((line) => /WARNING|ERROR|Error:/.test(line));
	const outputs = await Promise.all(["script", "stdout", `${renderer}/error`, `${renderer}/networkd`].map(read));
	return { differences: lines, stages, details: [...outputs, ...log, ...written].join("\n") };
}

/** The EC2 tree says nothing about the network: DHCP on the first NIC. */
function ec2Differences(found: Meanings): string[] {
	return found.get("eth0")?.dhcp4 ? [] : ["NIC 0: no DHCP"];
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
