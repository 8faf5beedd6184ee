/** glean as the judge of documents, where Python has the package (from PyPI, or a folder in PYTHONPATH). */
import { isEthernetMac } from "../../src/instance/addresses.ts";
import type { Meanings } from "../render/meaning.ts";
import { byLink, differingLinks, hasBondMac, linksOf, networksOf, planned, UNSEEN } from "./aspects.ts";
import type { Text } from "./cloud-init.ts";
import type { Fate } from "./fates.ts";
import { hasModules, judge } from "./python-judge.ts";
import { readGlean } from "./read-glean.ts";

/** The distributions that glean writes for, in the order of a fate's letters. */
export const DISTRIBUTIONS = ["debian", "redhat", "redhat-keyfiles", "suse", "gentoo", "networkd"] as const;
type Distribution = (typeof DISTRIBUTIONS)[number];

interface Written {
	/** The exception that ended glean. */
	readonly error?: string;
	/** The files that it wrote, by path. */
	readonly files?: Readonly<Record<string, string>>;
}
export type WrittenByGlean = Readonly<Record<Distribution, Written>>;

export const hasGlean = hasModules("glean.cmd");

export function judgeGlean(documents: readonly Text[]): readonly WrittenByGlean[] {
	return judge<WrittenByGlean>("judge-glean.py", documents);
}

/** A letter for each distribution: `c` glean stops, `-` it does not. */
export function gleanFate(written: WrittenByGlean): Fate {
	return DISTRIBUTIONS.map((name) => (written[name].error === undefined ? "-" : "c")).join("");
}

/** As in `recorded-meaning.tsv`: for each distribution the aspects that differ, `-` for none, or a letter of `UNSEEN`. */
export function gleanMeaning(document: unknown, written: WrittenByGlean): string {
	const ours = planned(document);
	return DISTRIBUTIONS.map((name) => {
		const { files } = written[name];
		if (files === undefined) return UNSEEN.crash;
		return ours ? differing(document, ours, name, new Map(Object.entries(files))) : UNSEEN.unplanned;
	}).join("|");
}

function differing(document: unknown, ours: Meanings, name: Distribution, files: ReadonlyMap<string, string>): string {
	try {
		const theirs = readGlean(name, files);
		const macs = nicsOf(document);
		for (const [nic, mac] of macs) {
			const [meaning, own] = [theirs.get(nic), ours.get(mac)];
			if (!meaning || own?.mtu === undefined) continue;
			// A bond gives its members its own MTU, DHCP may bring one, and on other NICs is nothing to send.
			const isBrought = own.memberOf !== undefined || own.dhcp4 || !isUsedNic(document, mac);
			meaning.mtu ??= isBrought ? own.mtu : 1500;
		}
		const servers = new Set([...ours.values()].flatMap(({ dns }) => [...dns]));
		const isUsed = usedIn(document);
		for (const meaning of isUsed.bond ? [] : [...ours.values(), ...theirs.values()]) delete meaning.memberOf;
		const expected = [...ours].filter(([, { vlan, bond }]) =>
			vlan ? isUsed.tags.has(String(vlan.id)) : !bond || isUsed.bond,
		);
		const plan = new Map(expected.map(([link, one]) => [link, { ...one, dns: servers }]));
		// A single profile is used for the NIC, whatever it says of its address.
		const namesNics = name !== "redhat-keyfiles" || theirs.size === 1;
		const manner = { isSystemd: name === "networkd", namesNics, acceptsRa: true, bondHasMac: hasBondMac(document) };
		return differingLinks(plan, byLink(theirs, macs), manner).join("+") || "-";
	} catch {
		return "unreadable";
	}
}

/** Whether something is on a bond, and the tags of the VLANs that something is on. glean leaves the others out. */
function usedIn(document: unknown): { bond: boolean; tags: ReadonlySet<string> } {
	const used = new Set(networksOf(document).map(({ link }) => link));
	const links = linksOf(document).filter(({ id }) => used.has(id));
	const tags = new Set(links.flatMap(({ type, vlan_id: tag }) => (type === "vlan" ? String(tag) : [])));
	return { bond: tags.size > 0 || links.some(({ type }) => type === "bond"), tags };
}

/** Whether a network or a VLAN is on the NIC with that MAC address. */
function isUsedNic(document: unknown, mac: string): boolean {
	const used = new Set([
		...networksOf(document).map(({ link }) => link),
		...linksOf(document).map(({ vlan_link }) => vlan_link),
	]);
	return linksOf(document).some(
		({ id, ethernet_mac_address: own }) => used.has(id) && String(own).toLowerCase() === mac,
	);
}

/** The NICs that the judge has for the document: MAC addresses by name. */
function nicsOf(document: unknown): Map<string, string> {
	const macs = linksOf(document)
		.filter(({ type }) => type !== "bond" && type !== "vlan")
		.map(({ ethernet_mac_address: mac }) => String(mac).toLowerCase())
		.filter(isEthernetMac);
	return new Map([...new Set(macs)].map((mac, index) => [`eth${index}`, mac]));
}
