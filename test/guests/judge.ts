/** What a guest's report and its peers say against the document. */
import ipaddr from "ipaddr.js";
import { differences } from "../clients/compare.ts";
import { addResolvectl, kernelState, nicNames } from "../clients/kernel-state.ts";
import type { WantedLink } from "../clients/wanted.ts";
import type { Wiring } from "../clients/wiring.ts";
import { canonicalIp } from "../render/meaning.ts";
import type { Peer } from "./peer.ts";

/** What a guest is judged by. */
type Judged = Pick<Wiring, "wanted" | "nics">;

/** @param peers of the NICs, in order; none where real servers answer */
export function judgeReport(wiring: Judged, report: string, peers: readonly Peer[]): string[] {
	const parts = reportParts(report);
	const part = (name: string) => parts.get(name) ?? "";
	const found = kernelState({ addresses: part("addresses"), routes4: part("routes4"), routes6: part("routes6") });
	if (parts.has("dns")) addResolvectl(found, part("dns"), part("domain"));
	return [
		...differences(
			parts.has("dns") ? wiring.wanted : withoutServers(wiring.wanted),
			found,
			nicNames(part("addresses")),
			"kernel",
		),
		...(parts.has("dns") ? [] : resolvConfDifferences(wiring, part("resolv.conf"))),
		...pingDifferences(wiring, lines(part("pings")), peers),
		...dnsDifferences(wiring, lines(part("asked")), peers),
		...lines(part("failed")).map((line) => `failed unit: ${line.split(" ")[0]}`),
		...lines(part("apply")).map((line) => `script: ${line}`),
		...cloudInitDifferences(part("cloud-init")),
	];
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

function reportParts(report: string): Map<string, string> {
	const texts = report.split(/^@@ /m).slice(1);
	return new Map(texts.map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n") + 1).trim()]));
}

/** For a guest whose servers are the host's: they are compared apart. */
function withoutServers(wanted: readonly WantedLink[]): WantedLink[] {
	const none = new Set<string>();
	return wanted.map((link) => ({ ...link, dns: none, search: none, dynamicDns: none, dynamicSearch: none }));
}

/** The C library reads three servers, so that no more than three are wanted. */
function resolvConfDifferences({ wanted }: Judged, text: string): string[] {
	const found = [...text.matchAll(/^nameserver (\S+)$/gm)].map(([, server = ""]) => canonicalIp(server));
	const servers = [...new Set(wanted.flatMap(({ dns, dynamicDns }) => [...dns, ...dynamicDns]))];
	const domains = new Set(wanted.flatMap(({ search, dynamicSearch }) => [...search, ...dynamicSearch]));
	const foundDomains = [...text.matchAll(/^search (.+)$/gm)].flatMap(([, names = ""]) => names.split(/\s+/));
	const missing = servers.filter((server) => !found.includes(server));
	const extra = found.filter((server) => !servers.includes(server));
	return [
		...(found.length < Math.min(3, servers.length) ? [`DNS server missing: ${missing.join(", ")}`] : []),
		...(extra.length > 0 ? [`DNS server extra: ${extra.join(", ")}`] : []),
		...[...domains].filter((name) => !foundDomains.includes(name)).map((name) => `search domain missing: ${name}`),
	];
}

interface Ping {
	readonly address: string;
	/** Whose route leads there; and which other links are as right. */
	readonly link: WantedLink;
	readonly others: readonly WantedLink[];
}

/** Gateways and something behind each, which only answer if the guest took the right way. */
export function pingTargets(wanted: readonly WantedLink[]): Ping[] {
	const targets = new Map<string, Ping>();
	for (const link of wanted) {
		for (const route of [...link.routes, ...link.lease.routes]) {
			const [to = "", , gateway = ""] = route.split(" ");
			for (const address of [gateway, behind(to)]) {
				const isAnnounced = address !== gateway && link.lease.routes.has(route);
				const others = isAnnounced ? wanted.filter((other) => announces(other, to)) : [];
				if (!targets.has(address) && !address.startsWith("fe80:")) targets.set(address, { address, link, others });
			}
		}
	}
	return [...targets.values()];
}

/** Of several routers that announce themselves for a destination, a guest may take any (RFC 4191, section 3.2). */
function announces(link: WantedLink, to: string): boolean {
	return to.includes(":") && [...link.lease.routes].some((route) => route.startsWith(`${to} `));
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

function pingDifferences(wiring: Judged, answered: readonly string[], peers: readonly Peer[]): string[] {
	return pingTargets(wiring.wanted).flatMap(({ address, link, others }) => {
		if (!answered.includes(address)) return [`${link.label}: no answer from ${address}`];
		const ping = `ping ${canonicalIp(address)}`;
		const isRight = peers.length === 0 || [link, ...others].some((one) => wasSeen(wiring, one, peers, ping));
		return isRight ? [] : [`${link.label}: ${address} was reached on another link`];
	});
}

/** Each link's servers are really asked. The resolver chooses one of them. */
function dnsDifferences({ wanted }: Judged, answered: readonly string[], peers: readonly Peer[]): string[] {
	const seen = peers.flatMap(({ seen }) => [...seen.keys()]);
	const all = new Set(wanted.flatMap(({ dns, dynamicDns }) => [...dns, ...dynamicDns]));
	if (all.size === 0) return [];
	if (answered.length === 0) return ["DNS: no query was answered"];
	const asked = (server: string) => peers.length === 0 || seen.some((what) => what.includes(`dns ${server} `));
	if (answered[0] === "resolv.conf") return [...all].some(asked) ? [] : ["DNS: none of the servers was asked"];
	return wanted.flatMap((link) => {
		const servers = [...link.dns, ...link.dynamicDns];
		return servers.length === 0 || servers.some(asked) ? [] : [`${link.label}: none of its DNS servers was asked`];
	});
}

/** Whether a link's peer, or one of its members' peers, saw this. */
function wasSeen({ wanted, nics }: Judged, link: WantedLink, peers: readonly Peer[], what: string): boolean {
	const carrier = wanted.find(({ id }) => id === link.vlan?.parent) ?? link;
	const members = carrier.members.length > 0 ? wanted.filter(({ id }) => carrier.members.includes(id)) : [carrier];
	const text = link.vlan === undefined ? what : `vlan ${link.vlan.id} ${what}`;
	return members.some(({ mac }) => peers[nics.indexOf(mac)]?.seen.has(text));
}

/** Errors of the stages, and what makes cloud-init's status "degraded" since 23.4. */
function cloudInitDifferences(status: string): string[] {
	if (status === "") return [];
	// biome-ignore lint/suspicious/noExplicitAny: cloud-init's JSON
	const { v1 }: any = JSON.parse(status);
	const stages = ["init-local", "init"];
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
