/** cloudbase-init as the judge of documents, where Python has the package (a checkout in PYTHONPATH) and netaddr. */
import { BOND_MODES } from "../../src/instance/bonding.ts";
import { canonicalCidr, canonicalIp, type Meanings, meaningOf, route } from "../render/meaning.ts";
import { byLink, differingLinks, hasBondMac, planned, UNSEEN } from "./aspects.ts";
import type { Text } from "./cloud-init.ts";
import type { Fate } from "./fates.ts";
import { hasModules, judge } from "./python-judge.ts";

/** An adapter as the network plugin leaves it. */
interface Adapter {
	readonly name: string;
	readonly mac: string;
	readonly mtu: number | null;
	/** The name servers. */
	readonly dns: readonly string[] | null;
	/** The team that it is a member of. */
	readonly team: string | null;
	readonly vlan: number | null;
	/** Each with its prefix length and gateway. */
	readonly addresses: readonly (readonly [string, number, string | null])[];
}

/** How the network plugin ended. */
export interface Ended {
	/** An exception of cloudbase-init. */
	readonly error?: string;
	/** Windows, or rather the judge's model of it, refused something. */
	readonly refused?: string;
	readonly adapters: readonly Adapter[];
}

export const hasCloudbaseInit = hasModules("cloudbaseinit, netaddr");

export function judgeCloudbaseInit(documents: readonly Text[]): readonly Ended[] {
	return judge<Ended>("judge-cloudbase-init.py", documents);
}

/** A letter: `c` cloudbase-init stops with an exception of its own, `w` because Windows refuses something, `-` neither. */
export function cloudbaseInitFate({ error, refused }: Ended): Fate {
	return error !== undefined ? "c" : refused === undefined ? "-" : "w";
}

/** As in `recorded-meaning.tsv`: the aspects that differ, `-` for none, or a letter of `UNSEEN`. */
export function cloudbaseInitMeaning(document: unknown, { error, refused, adapters }: Ended): string {
	if (error !== undefined) return UNSEEN.crash;
	if (refused !== undefined) return UNSEEN.refused;
	const ours = planned(document);
	if (!ours) return UNSEEN.unplanned;
	// The model of Windows has teams, and not their modes.
	for (const meaning of ours.values()) if (meaning.bond) meaning.bond = { mode: BOND_MODES[0] };
	const manner = { isSystemd: false, namesNics: false, acceptsRa: true, bondHasMac: hasBondMac(document) };
	return (
		differingLinks(ours, byLink(withWindowsDefaults(readAdapters(adapters), ours), new Map()), manner).join("+") || "-"
	);
}

function readAdapters(adapters: readonly Adapter[]): Meanings {
	const meanings: Meanings = new Map();
	// A team has the bond's id with a prefix, and its adapter has the bond's id.
	const bondOf = (team: string | null) => team?.replace(/^bond_/, "");
	const bonds = new Set(adapters.map(({ team }) => bondOf(team)));
	for (const { name, mac, mtu, dns, team, vlan, addresses } of adapters) {
		const meaning = meaningOf(meanings, name);
		meaning.mac = mac;
		if (mtu !== null) meaning.mtu = mtu;
		const bond = bondOf(team);
		if (bond !== undefined) meaning.memberOf = bond;
		if (bonds.has(name)) meaning.bond = { mode: BOND_MODES[0] };
		if (vlan !== null) meaning.vlan = { id: vlan, parent: "" };
		for (const server of dns ?? []) meaning.dns.add(canonicalIp(server));
		for (const [address, prefix, gateway] of addresses) {
			meaning.addresses.add(canonicalCidr(`${address}/${prefix}`));
			if (gateway !== null) meaning.routes.push(route("default", gateway));
		}
	}
	return meanings;
}

/** An adapter without a static IPv4 address keeps DHCP, with the servers that come with it, and each keeps its MTU. */
function withWindowsDefaults(theirs: Meanings, ours: Meanings): Meanings {
	for (const meaning of theirs.values()) {
		const plan = ours.get(meaning.vlan ? `vlan ${meaning.vlan.id}` : meaning.bond ? "bond" : (meaning.mac ?? ""));
		const isStatic = [...meaning.addresses].some((address) => !address.includes(":"));
		if (!plan) continue;
		meaning.dhcp4 = !isStatic && plan.dhcp4;
		meaning.dhcp6 = plan.dhcp6;
		if (meaning.addresses.size === 0) meaning.dns = plan.dns;
		if (plan.mtu !== undefined) meaning.mtu ??= plan.bond || plan.vlan ? 1500 : plan.mtu;
	}
	return theirs;
}
