/**
 * Where glean stops: its steps as far as they can fail (glean/cmd.py of June 2025). Whether a value makes it stop depends
 * on the whole document, because a link keeps the members of each of its networks for the networks that follow.
 */
import { isEthernetMac } from "../../instance/addresses.ts";
import { type DocumentView, macOf } from "../document-view.ts";
import { valueText } from "../json.ts";
import type { Stop } from "./client.ts";
import { asKey, GleanStop, get, keyError, sort } from "./glean-python.ts";
import { type Interface, readInterfaces } from "./glean-read.ts";
import { type Writer, writeDebian, writeGentoo, writeIfcfg, writeKeyfile, writeNetworkd } from "./glean-write.ts";

const WRITERS: Readonly<Record<string, Writer>> = {
	debian: writeDebian,
	redhat: writeIfcfg,
	suse: writeIfcfg,
	"redhat-keyfiles": writeKeyfile,
	gentoo: writeGentoo,
	networkd: writeNetworkd,
};

const results = new WeakMap<DocumentView, Map<string, Stop | undefined>>();

/** @returns undefined if glean writes its files for the distribution */
export function gleanStop(document: DocumentView, distribution: string): Stop | undefined {
	const known = results.get(document) ?? new Map<string, Stop | undefined>();
	results.set(document, known);
	if (!known.has(distribution)) known.set(distribution, run(document, distribution));
	return known.get(distribution);
}

function run(document: DocumentView, distribution: string): Stop | undefined {
	try {
		const read = readInterfaces(document.value);
		const isRedHat = WRITERS[distribution] === writeIfcfg || WRITERS[distribution] === writeKeyfile;
		const isGentoo = distribution === "gentoo";
		const sorted = isRedHat ? byId(read.filter(([, one]) => isHere(one, document))) : byId(read);
		const here = sorted.filter(([, one]) => !(isGentoo && one.members["type"] === "ipv6") && isHere(one, document));
		const groups =
			isGentoo || distribution === "networkd" ? groupByMacs(here, document) : groupByName(here, document, isRedHat);
		for (const [name, networks] of groups) {
			const typed = isRedHat
				? sort(
						networks,
						({ members }) => members["type"],
						({ pointer }) => pointer,
					)
				: networks;
			WRITERS[distribution]?.(name, typed);
		}
		return undefined;
	} catch (error) {
		if (!(error instanceof GleanStop)) throw error;
		const { pointer, message: text, missing, isOfLink } = error;
		return { pointer, text, ...(missing !== undefined && { missing }), ...(isOfLink && { isOfLink }) };
	}
}

type IdAndInterface = readonly [unknown, Interface];

function byId(interfaces: readonly IdAndInterface[]): IdAndInterface[] {
	return sort(
		interfaces,
		([, { members }]) => members["id"],
		([, { pointer }]) => pointer,
	);
}

/** The guest's NICs: those that the document has a valid address of. */
function nicsOf({ links, nics }: DocumentView): ReadonlySet<string> {
	return (
		nics ?? new Set(links.flatMap((link) => (link.kind === "nic" ? (macOf(link) ?? []) : [])).filter(isEthernetMac))
	);
}

function macsOf({ rawMacs, macAddress, pointer }: Interface): readonly string[] {
	if (macAddress === undefined) throw new GleanStop(pointer, "KeyError 'mac_address'", { isOfLink: true });
	return rawMacs ?? [macAddress];
}

function isHere(one: Interface, document: DocumentView): boolean {
	return macsOf(one).some((mac) => nicsOf(document).has(mac));
}

/** `sys_interfaces[mac]`. */
function nameOf(mac: string | undefined, document: DocumentView, pointer: string): string {
	if (mac === undefined || !nicsOf(document).has(mac)) throw keyError(mac, pointer);
	return `nic ${mac}`;
}

/** Debian and Red Hat write a file for each name. */
function groupByName(
	interfaces: readonly IdAndInterface[],
	document: DocumentView,
	isRedHat: boolean,
): Map<unknown, Interface[]> {
	const groups = new Map<unknown, Interface[]>();
	for (const [id, one] of interfaces) {
		const { members } = one;
		if (isRedHat && Object.hasOwn(members, "bond_links")) checkMembers(one, document);
		const name = interfaceName(id, one, document, isRedHat);
		groups.set(name, [...(groups.get(name) ?? []), one]);
		if (!isRedHat && Object.hasOwn(members, "bond_mode") && isWrittenOnDebian(members["type"]))
			checkMembers(one, document);
	}
	return groups;
}

function isWrittenOnDebian(type: unknown): boolean {
	return type === "ipv4" || type === "ipv6" || type === "ipv4_dhcp" || type === "manual";
}

function interfaceName(
	id: unknown,
	{ members, pointer, rawMacs, macAddress }: Interface,
	document: DocumentView,
	isKey: boolean,
): unknown {
	if (Object.hasOwn(members, "vlan_id")) {
		const parent = rawMacs?.length === 1 ? rawMacs[0] : valueText(get(members, "vlan_link", pointer));
		return `${parent}.${valueText(members["vlan_id"])}`;
	}
	if (!Object.hasOwn(members, "bond_mode")) return nameOf(macAddress, document, pointer);
	const name = Object.hasOwn(members, "link") ? members["link"] : id;
	return isKey ? asKey(name, pointer) : valueText(name);
}

/** A bond's members are looked up by their MAC addresses. */
function checkMembers({ rawMacs, pointer }: Interface, document: DocumentView): void {
	if (!rawMacs) throw new GleanStop(pointer, "KeyError 'raw_macs'", { isOfLink: true });
	for (const mac of rawMacs) nameOf(mac, document, pointer);
}

/** Gentoo and networkd write a file for each set of MAC addresses: a bond and its VLANs share one. */
function groupByMacs(interfaces: readonly IdAndInterface[], document: DocumentView): Map<unknown, Interface[]> {
	const groups = new Map<string, Interface[]>();
	for (const [, one] of interfaces) {
		if (Object.hasOwn(one.members, "bond_mode")) checkMembers(one, document);
		const key = macsOf(one).join();
		groups.set(key, [...(groups.get(key) ?? []), one]);
	}
	return new Map(
		Array.from(groups.values(), (networks): [unknown, Interface[]] => {
			const [first] = networks;
			const macs = first ? macsOf(first) : [];
			if (macs.length === 1) return [nameOf(macs[0], document, first?.pointer ?? ""), networks];
			const bond = networks.find(({ members }) => Object.hasOwn(members, "bond_mode"));
			if (!bond) throw new GleanStop(first?.pointer ?? "", "StopIteration", { isOfLink: true });
			return [Object.hasOwn(bond.members, "link") ? bond.members["link"] : bond.members["id"], networks];
		}),
	);
}
