/**
 * What a guest gets of a document, compared with what the document says: the files that cloud-init wrote are read back and
 * compared with the plan that all of Guestwire's formats are written from.
 */
import { readFileSync } from "node:fs";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import { BOND_MODES } from "../../src/instance/port-group.ts";
import { render } from "../../src/render/index.ts";
import type { Files, Meaning, Meanings } from "../render/meaning.ts";
import { readEni } from "../render/read-eni.ts";
import { READERS } from "../render/readers.ts";
import { type Judged, RENDERERS, type Rendered, type RendererName } from "./cloud-init.ts";

/** What differs. `unreadable`: the files have a value of the wrong kind, for example a text for an address. */
export const ASPECTS = [
	"link",
	"address",
	"dynamic",
	"route",
	"dns",
	"search",
	"mtu",
	"mac",
	"bond",
	"unreadable",
] as const;
export type Aspect = (typeof ASPECTS)[number];

const READ: Readonly<Record<RendererName, (files: Files) => Meanings>> = {
	netplan: READERS.netplan,
	networkd: READERS.networkd,
	"network-manager": READERS.networkmanager,
	sysconfig: READERS.ifcfg,
	eni: (files) =>
		readEni([...files].flatMap(([path, text]) => (path.includes("interfaces") ? withDashes(text) : [])).join("\n")),
};

/** ifupdown makes no difference between `bond-lacp_rate` and `bond-lacp-rate`. */
function withDashes(text: string): string {
	return text.replace(/^(\s*bond-)(\S+)/gm, (_, start: string, name: string) => start + name.replaceAll("_", "-"));
}

type Raw = Readonly<Record<string, unknown>>;

/** The document's plan by link: its MAC address, or `bond` and `vlan`, of which a document of the walk has one each. */
export function planned(document: unknown): Meanings | undefined {
	try {
		const { data } = readNetworkData(document);
		const { files } = render("netplan", data, {});
		return byLink(READERS.netplan(new Map(files.map(({ path, text }) => [path, text]))), new Map());
	} catch {
		return undefined;
	}
}

/** What cloud-init's files for a renderer differ in; undefined if there is nothing to compare. */
export function differingAspects(
	document: unknown,
	renderer: RendererName,
	{ files, error, refused }: Rendered,
): readonly Aspect[] | undefined {
	const ours = planned(document);
	const bondHasMac = linksOf(document).some((link) => link["type"] === "bond" && Boolean(link["ethernet_mac_address"]));
	if (!files || error !== undefined || refused || !ours) return undefined;
	try {
		const theirs = byLink(READ[renderer](new Map(Object.entries(files))), namesOf(document));
		const found = new Set(
			[...ours].flatMap(([link, one]) => compare(one, theirs.get(link), { ours, renderer, bondHasMac })),
		);
		if (renderer === "sysconfig" || renderer === "eni") found.delete("dns");
		return ASPECTS.filter((aspect) => found.has(aspect));
	} catch {
		return ["unreadable"];
	}
}

function byLink(meanings: Meanings, macs: ReadonlyMap<string, string>): Meanings {
	return new Map(
		[...meanings]
			.filter(([name]) => name !== "lo")
			.map(([name, one]) => [
				one.vlan ? "vlan" : one.bond && one.memberOf === undefined ? "bond" : (one.mac ?? macs.get(name) ?? name),
				one,
			]),
	);
}

function linksOf(document: unknown): Raw[] {
	const links = (document as { links?: unknown }).links;
	return (Array.isArray(links) ? links : []).filter(
		(link: unknown): link is Raw => typeof link === "object" && link !== null,
	);
}

/** The names that cloud-init knows the NICs by: ifupdown's file has nothing else. */
function namesOf(document: unknown): Map<string, string> {
	const nics = linksOf(document).filter(
		({ type, ethernet_mac_address: mac }) => type !== "bond" && type !== "vlan" && typeof mac === "string",
	);
	return new Map(
		nics.flatMap(({ name, ethernet_mac_address: text }, index): [string, string][] => {
			const mac = String(text).toLowerCase();
			return [[`eth${index}`, mac], ...(typeof name === "string" ? [[name, mac] as [string, string]] : [])];
		}),
	);
}

interface Context {
	readonly ours: Meanings;
	readonly renderer: RendererName;
	/** Otherwise the kernel gives the bond its first member's. */
	readonly bondHasMac: boolean;
}

function compare(ours: Meaning, theirs: Meaning | undefined, { ours: all, renderer, bondHasMac }: Context): Aspect[] {
	if (!theirs) return ["link"];
	// The kernel's own: a VLAN has its parent's MAC address and MTU, a bond an MTU of 1500.
	const parent = [...all].find(([link, { memberOf }]) => link !== "vlan" && memberOf === undefined)?.[1];
	const inherited = ours.vlan ? parent : ours.bond ? { mtu: 1500, mac: bondHasMac ? undefined : ours.mac } : undefined;
	const finds = (ours.mac ?? "") === (theirs.mac ?? inherited?.mac ?? "");
	const isServed = ours.addresses.size > 0 || ours.dhcp4 || ours.dhcp6 || ours.ra === true;
	const ra = theirs.ra ?? (renderer === "networkd" && ours.ra);
	const differing: readonly (readonly [Aspect, boolean])[] = [
		["address", !isSame(ours.addresses, theirs.addresses)],
		["dynamic", ours.dhcp4 !== theirs.dhcp4 || (ours.dhcp6 || ours.ra === true) !== (theirs.dhcp6 || ra === true)],
		["route", !isSame(routesOf(ours), routesOf(theirs))],
		["dns", isServed && !isSame(reachable(ours, ours.dns), reachable(ours, theirs.dns))],
		["search", renderer !== "sysconfig" && isServed && !isSame(ours.search, theirs.search)],
		["mtu", ours.mtu !== (theirs.mtu ?? inherited?.mtu) && ours.mtu !== undefined],
		// ifupdown's file has names only for NICs.
		["mac", !finds && ours.mac !== undefined && (renderer !== "eni" || ours.vlan !== undefined)],
		[
			"bond",
			(ours.bond !== undefined && JSON.stringify(bondOf(ours)) !== JSON.stringify(bondOf(theirs))) ||
				(ours.memberOf === undefined) !== (theirs.memberOf === undefined),
		],
	];
	return differing.flatMap(([aspect, differs]) => (differs ? [aspect] : []));
}

function isSame(one: Iterable<string>, other: Iterable<string>): boolean {
	return [...new Set(one)].toSorted().join() === [...new Set(other)].toSorted().join();
}

/** The metrics that we add are not in the document. */
function routesOf({ routes }: Meaning): string[] {
	return routes.map(
		({ to, via, metric }) => `${to} ${via} ${metric === undefined || metric === 50 || metric > 2047 ? "" : metric}`,
	);
}

/** The name servers of the link's own families. */
function reachable({ addresses, dhcp4, dhcp6, ra }: Meaning, servers: Iterable<string>): string[] {
	const has4 = dhcp4 || [...addresses].some((address) => !address.includes(":"));
	const has6 = dhcp6 || ra === true || [...addresses].some((address) => address.includes(":"));
	return [...servers].filter((server) => (server.includes(":") ? has6 : has4));
}

/** The kernel's defaults, its numbers by their names, and what counts in the mode. */
function bondOf({ bond }: Meaning) {
	if (!bond) return undefined;
	const mode = BOND_MODES[Number(bond.mode ?? 0)] ?? bond.mode;
	const isLacp = mode === "802.3ad";
	const rate = bond.lacpRate === "1" || bond.lacpRate === "fast" ? "fast" : "slow";
	// netplan has no word for this policy.
	const policy = bond.hashPolicy === "vlan+srcmac" ? undefined : bond.hashPolicy;
	return [mode, bond.miimon ?? (isLacp ? 100 : 0), isLacp && rate, policy ?? "layer2"];
}

/** As in `recorded-meaning.tsv`: for each renderer the aspects that differ, `-` for none, `?` where nothing is compared. */
export function recordedMeaning(document: unknown, { renderers }: Judged): string {
	const parts = RENDERERS.map((name) => {
		const aspects = renderers && differingAspects(document, name, renderers[name]);
		return aspects === undefined ? "?" : aspects.join("+") || "-";
	});
	return parts.join("|");
}

export const MEANING_RECORD = new URL("recorded-meaning.tsv", import.meta.url);

/** The recorded meanings: by version, then by the document's digest, the aspects for each renderer. */
export function readMeanings(): Map<string, Map<string, readonly string[]>> {
	const [header = "", ...lines] = readFileSync(MEANING_RECORD, "utf8").trimEnd().split("\n");
	const versions = header.split("\t").slice(1);
	return new Map(
		versions.map((version, index) => [
			version,
			new Map(
				lines.map((line) => line.split("\t")).map((fields) => [fields[0] ?? "", fields[index + 1]?.split("|") ?? []]),
			),
		]),
	);
}
