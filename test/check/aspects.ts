/**
 * What a guest gets of a document, compared with what the document says: the files that cloud-init wrote are read back and
 * compared with the plan that all of Guestwire's formats are written from.
 */
import { readFileSync } from "node:fs";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import { isEthernetMac, parseCidr } from "../../src/instance/addresses.ts";
import { render } from "../../src/render/index.ts";
import type { Files, Meaning, Meanings } from "../render/meaning.ts";
import { readEni } from "../render/read-eni.ts";
import { withResolvConf } from "../render/read-sysconfig.ts";
import { READERS } from "../render/readers.ts";
import { bondText, givenOptions } from "./bond-meaning.ts";
import { type Judged, RENDERERS, type RendererName } from "./cloud-init.ts";

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

/** What cannot be seen in the files: every renderer wrote nothing, or there is nothing to compare it with. */
export const UNSEEN = {
	/** cloud-init ends with an exception. */
	crash: "c",
	/** netplan refuses the file. */
	refused: "r",
	/** Guestwire's own reader refuses the document: it has no plan. */
	unplanned: "u",
} as const;

const READ: Readonly<Record<RendererName, (files: Files) => Meanings>> = {
	netplan: READERS.netplan,
	networkd: READERS.networkd,
	"network-manager": READERS.networkmanager,
	sysconfig: (files) => withResolvConf(READERS.ifcfg(files), files.get("etc/resolv.conf") ?? ""),
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
		const links = byLink(READERS.netplan(new Map(files.map(({ path, text }) => [path, text]))), new Map());
		const bond = links.get("bond");
		if (bond?.bond)
			bond.bond = { ...bond.bond, more: givenOptions(linksOf(document).find(({ type }) => type === "bond")) };
		return links;
	} catch {
		return undefined;
	}
}

/** What cloud-init's files for a renderer differ in from the document's plan. */
export function differingAspects(
	document: unknown,
	ours: Meanings,
	renderer: RendererName,
	files: Readonly<Record<string, string>>,
): readonly Aspect[] {
	const bondHasMac = hasBondMac(document);
	try {
		const theirs = READ[renderer](new Map(Object.entries(files)));
		const isSystemd = renderer === "netplan" || renderer === "networkd";
		const ranksAll = renderer === "network-manager";
		const manner = {
			isSystemd,
			namesNics: renderer === "eni",
			acceptsRa: renderer === "networkd",
			bondHasMac,
			ranksAll,
		};
		const hasOneResolver = renderer === "sysconfig" || renderer === "eni";
		const [plan, found] = hasOneResolver ? [withHostServers(ours), withHostServers(theirs)] : [ours, theirs];
		return differingLinks(plan, byLink(found, namesOf(document)), manner);
	} catch {
		return ["unreadable"];
	}
}

/** Where servers and search domains are the host's, not a link's, every link has those of all. */
function withHostServers(meanings: Meanings): Meanings {
	const all = [...meanings.values()];
	const dns = new Set(all.flatMap((one) => [...one.dns]));
	const search = new Set(all.flatMap((one) => [...one.search]));
	return new Map([...meanings].map(([name, one]) => [name, { ...one, dns, search }]));
}

/** Whether the document gives a bond its MAC address. Otherwise the kernel gives it its first member's. */
export function hasBondMac(document: unknown): boolean {
	return linksOf(document).some((link) => link["type"] === "bond" && Boolean(link["ethernet_mac_address"]));
}

/** @param macs the MAC addresses of NICs that the files know only by name */
export function byLink(meanings: Meanings, macs: ReadonlyMap<string, string>): Meanings {
	return new Map(
		[...meanings]
			.filter(([name]) => name !== "lo")
			// Programs read a MAC address with dashes, too.
			.map(([name, one]) => [name, { ...one, ...(one.mac && { mac: one.mac.replaceAll("-", ":") }) }] as const)
			.map(([name, one]) => [
				one.vlan
					? `vlan ${one.vlan.id}`
					: one.bond && one.memberOf === undefined
						? "bond"
						: (one.mac ?? macs.get(name) ?? name),
				one,
			]),
	);
}

/** The links of a document of any shape. */
export function linksOf(document: unknown): Raw[] {
	return objectsIn((document as { links?: unknown }).links);
}

/** Its networks. */
export function networksOf(document: unknown): Raw[] {
	return objectsIn((document as { networks?: unknown }).networks);
}

function objectsIn(list: unknown): Raw[] {
	return (Array.isArray(list) ? list : []).filter(
		(one: unknown): one is Raw => typeof one === "object" && one !== null,
	);
}

/** The names that cloud-init knows the NICs by: ifupdown's file has nothing else. */
function namesOf(document: unknown): Map<string, string> {
	const nics = linksOf(document).filter(
		({ type, ethernet_mac_address: mac }) => type !== "bond" && type !== "vlan" && typeof mac === "string",
	);
	const macs = nics.map(({ ethernet_mac_address: text }) => String(text).toLowerCase()).filter(isEthernetMac);
	const numbered = macs.map((mac, index): [string, string] => [`eth${index}`, mac]);
	// A NIC with a name needs no valid address.
	const named = nics.flatMap(({ name, ethernet_mac_address: text }): [string, string][] => {
		const mac = String(text).toLowerCase().replaceAll("-", ":");
		return typeof name === "string" ? [[name, isEthernetMac(mac) ? mac : name]] : [];
	});
	return new Map([...numbered, ...named]);
}

/** What the files of a writer leave to the system. */
export interface Manner {
	/** systemd does not pass on a `bond_miimon` of 0. */
	readonly isSystemd: boolean;
	/** The files know NICs by their names, and set no MAC address of theirs. */
	readonly namesNics: boolean;
	/** Without a word about router advertisements, they are accepted. */
	readonly acceptsRa: boolean;
	readonly bondHasMac: boolean;
	/** A link's metric is that of all its routes, not of default routes alone. */
	readonly ranksAll?: boolean;
}

/** What the links differ in from the document's plan. */
export function differingLinks(ours: Meanings, theirs: Meanings, manner: Manner): readonly Aspect[] {
	const found = new Set([...ours].flatMap(([link, one]) => compare(one, theirs.get(link), ours, manner)));
	return ASPECTS.filter((aspect) => found.has(aspect));
}

function compare(ours: Meaning, theirs: Meaning | undefined, all: Meanings, manner: Manner): Aspect[] {
	if (!theirs) return ["link"];
	// The kernel's own: a VLAN has its parent's MAC address and MTU, a bond an MTU of 1500.
	const parent = [...all].find(([, one]) => !one.vlan && one.memberOf === undefined)?.[1];
	const inherited = ours.vlan
		? { mtu: parent?.mtu ?? 1500, mac: parent?.mac }
		: ours.bond
			? { mtu: 1500, mac: manner.bondHasMac ? undefined : ours.mac }
			: undefined;
	const finds = (ours.mac ?? "") === (theirs.mac ?? inherited?.mac ?? "");
	const isServed = ours.addresses.size > 0 || ours.dhcp4 || ours.dhcp6 || ours.ra === true;
	const ra = theirs.ra ?? (manner.acceptsRa && ours.ra);
	const differing: readonly (readonly [Aspect, boolean])[] = [
		["address", !isSame(ours.addresses, theirs.addresses)],
		["dynamic", ours.dhcp4 !== theirs.dhcp4 || isOtherwiseDynamic(ours, theirs.dhcp6, ra, manner)],
		["route", !isSame(routesOf(ours), routesOf(theirs, manner.ranksAll))],
		["dns", isServed && !isSame(reachable(ours, ours.dns), reachable(ours, theirs.dns))],
		["search", isServed && !isSame(ours.search, theirs.search)],
		["mtu", ours.mtu !== (theirs.mtu ?? inherited?.mtu) && ours.mtu !== undefined],
		["mac", !finds && ours.mac !== undefined && (!manner.namesNics || ours.vlan !== undefined)],
		[
			"bond",
			(ours.bond !== undefined &&
				bondText(ours.bond, manner.isSystemd, ours.bond) !== bondText(theirs.bond, manner.isSystemd, ours.bond)) ||
				(ours.memberOf === undefined) !== (theirs.memberOf === undefined),
		],
	];
	return differing.flatMap(([aspect, differs]) => (differs ? [aspect] : []));
}

/** DHCPv6 comes with router advertisements, unless a file of systemd's says that they are not accepted. */
function isOtherwiseDynamic(ours: Meaning, dhcp6: boolean, ra: boolean | undefined, { isSystemd }: Manner): boolean {
	const isRefused = isSystemd && ours.ra === true && ra === false;
	return isRefused || (ours.dhcp6 || ours.ra === true) !== (dhcp6 || ra === true);
}

function isSame(one: Iterable<string>, other: Iterable<string>): boolean {
	return [...new Set(one)].toSorted().join() === [...new Set(other)].toSorted().join();
}

/** The metrics that we add are not in the document. */
function routesOf({ routes, learned }: Meaning, ranksAll = false): string[] {
	return routes.map(({ to, via, metric: own }) => {
		const family = to.includes(":") ? "ipv6" : "ipv4";
		const metric = own ?? (ranksAll || to === "0.0.0.0/0" || to === "::/0" ? learned[family] : undefined);
		const { network, prefixLength } = parseCidr(to) ?? { network: to, prefixLength: "" };
		// For the kernel, 0 is the same as none.
		return `${network}/${prefixLength} ${via} ${!metric || metric === 50 || metric > 2047 ? "" : metric}`;
	});
}

/** The name servers of the link's own families. */
function reachable({ addresses, dhcp4, dhcp6, ra }: Meaning, servers: Iterable<string>): string[] {
	const has4 = dhcp4 || [...addresses].some((address) => !address.includes(":"));
	const has6 = dhcp6 || ra === true || [...addresses].some((address) => address.includes(":"));
	return [...servers].filter((server) => (server.includes(":") ? has6 : has4));
}

/** As in `recorded-meaning.tsv`: for each renderer the aspects that differ, `-` for none, or a letter of `UNSEEN`. */
export function recordedMeaning(document: unknown, { renderers }: Judged): string {
	const ours = planned(document);
	const parts = RENDERERS.map((name) => {
		const rendered = renderers?.[name];
		if (rendered?.files === undefined || rendered.error !== undefined) return UNSEEN.crash;
		if (rendered.refused) return UNSEEN.refused;
		return ours ? differingAspects(document, ours, name, rendered.files).join("+") || "-" : UNSEEN.unplanned;
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
