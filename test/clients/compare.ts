/** The one comparer: a document against what a client wrote, and against what the kernel has. */
import type { BondMeaning, Meaning, Meanings } from "../render/meaning.ts";
import type { WantedLink } from "./wanted.ts";

/** `files`: what a client wrote. `kernel`: what came of it, with the name servers that the resolver uses. */
export type Stage = "files" | "kernel";

interface Found extends Meaning {
	readonly name: string;
}

/**
 * Every difference, one a line: `VLAN 101: DNS server extra: 192.0.2.53`.
 *
 * @param nics MAC address → the guest's name of the NIC, of each NIC that is plugged
 */
export function differences(
	wanted: readonly WantedLink[],
	found: Meanings,
	nics: ReadonlyMap<string, string>,
	stage: Stage,
): string[] {
	const byId = new Map<string, Found>();
	const lines: string[] = [];
	for (const link of inOrder(wanted)) {
		const match = identify(link, found, nics, byId);
		if (match === undefined) lines.push(`${link.label}: missing`);
		else byId.set(link.id, match);
	}
	for (const link of wanted) {
		const match = byId.get(link.id);
		if (match !== undefined)
			lines.push(...linkDifferences(link, match, stage, wanted).map((line) => `${link.label}: ${line}`));
		for (const member of match === undefined ? [] : link.members) {
			const one = byId.get(member);
			if (one?.memberOf !== match?.name) lines.push(`${link.label}: member missing: ${one?.name ?? member}`);
		}
	}
	const known = new Set([...byId.values()].map(({ name }) => name));
	for (const [name, { addresses }] of found) {
		if (name !== "lo" && !known.has(name) && addresses.size > 0) lines.push(`${name}: extra`);
	}
	return lines;
}

/** A bond is found by its members, a VLAN by its carrier. */
function inOrder(wanted: readonly WantedLink[]): WantedLink[] {
	const order = ["NIC", "bond", "VLAN"];
	return wanted.toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
}

function identify(
	link: WantedLink,
	found: Meanings,
	nics: ReadonlyMap<string, string>,
	byId: ReadonlyMap<string, Found>,
): Found | undefined {
	const entries = [...found].map(([name, meaning]) => ({ ...meaning, name }));
	if (link.kind === "NIC") return entries.find(({ name }) => name === nics.get(link.mac));
	if (link.kind === "bond") {
		const members = link.members.map((id) => byId.get(id)?.memberOf);
		return entries.find(({ name, bond }) => bond !== undefined && members.includes(name));
	}
	const parent = byId.get(link.vlan?.parent ?? "")?.name;
	return entries.find(({ vlan }) => vlan?.id === link.vlan?.id && vlan?.parent === parent && parent !== undefined);
}

type Strings = ReadonlySet<string>;

function linkDifferences(link: WantedLink, found: Found, stage: Stage, all: readonly WantedLink[]): string[] {
	const isKernel = stage === "kernel";
	// A VLAN that is given no address takes its carrier's.
	const inherited = all.find(({ id }) => id === link.vlan?.parent)?.mac;
	const isInherited = !isKernel && found.mac === undefined && link.mac === inherited;
	const dns = union(link.dns, link.dynamicDns);
	const search = union(link.search, link.dynamicSearch);
	const addresses = isKernel ? union(link.addresses, link.lease.addresses) : link.addresses;
	return [
		...setDifferences("address", addresses, found.addresses),
		...routeDifferences(link, found, isKernel ? link.lease.routes : new Set()),
		...setDifferences("DNS server", isKernel ? dns : link.dns, found.dns, dns),
		...setDifferences("search domain", isKernel ? search : link.search, found.search, search),
		...valueDifference("MTU", link.mtu, found.mtu),
		...((link.kind === "VLAN" && !isInherited) || isKernel ? macDifference(link, found) : []),
		...bondDifferences(link.bond, found.bond),
	];
}

/** @param leased what DHCP and routers give: a route of the document to the same target does as well */
function routeDifferences(link: WantedLink, found: Found, leased: Strings): string[] {
	const routes = new Set(found.routes.map(({ to, via }) => `${to} via ${via}`));
	const target = (route: string) => route.split(" ")[0];
	const written = filter(link.dynamicRoutes, (route) => routes.has(route));
	const isReplaced = (route: string) => [...written].some((one) => target(one) === target(route));
	const wanted = union(
		link.routes,
		filter(leased, (route) => !isReplaced(route)),
	);
	const allowed = [link.onLinkRoutes, link.dynamicRoutes, leased].reduce(union, wanted);
	const isDefault = (route: string) => /^(0\.0\.0\.0|::)\/0 /.test(route);
	return [true, false].flatMap((defaults) => {
		const only = (set: Strings) => filter(set, (route) => isDefault(route) === defaults);
		return setDifferences(defaults ? "default route" : "route", only(wanted), only(routes), only(allowed));
	});
}

const union = (one: Strings, other: Strings): Strings => new Set([...one, ...other]);
const filter = (set: Strings, condition: (value: string) => boolean): Strings => new Set([...set].filter(condition));
const without = (one: Strings, other: Strings) => filter(one, (value) => !other.has(value));
const list = (values: ReadonlySet<string>) => [...values].sort().join(", ");

/** @param allowed what is no surplus, `wanted` by default */
function setDifferences(
	what: string,
	wanted: ReadonlySet<string>,
	found: ReadonlySet<string>,
	allowed = wanted,
): string[] {
	const missing = without(wanted, found);
	const extra = without(found, allowed);
	return [
		...(missing.size > 0 ? [`${what} missing: ${list(missing)}`] : []),
		...(extra.size > 0 ? [`${what} extra: ${list(extra)}`] : []),
	];
}

function valueDifference(what: string, wanted: unknown, found: unknown): string[] {
	if (wanted === undefined || wanted === found) return [];
	return [`${what} ${found ?? "missing"}, not ${wanted}`];
}

/** A member of a bond has the bond's address. */
function macDifference(link: WantedLink, found: Found): string[] {
	return found.memberOf === undefined ? valueDifference("MAC address", link.mac, found.mac) : [];
}

function bondDifferences(wanted: BondMeaning | undefined, found: BondMeaning | undefined): string[] {
	if (wanted === undefined) return [];
	const keys = Object.keys(wanted) as (keyof BondMeaning)[];
	return keys.flatMap((key) => valueDifference(`bond option ${key}`, wanted[key], found?.[key]));
}
