/**
 * What the files of a format mean, whoever wrote them: the common form in which our files, cloud-init's and netplan's are
 * compared. There is one reader per format, which knows only that format.
 */
import ipaddr from "ipaddr.js";

export interface RouteMeaning {
	/** Canonical CIDR. */
	readonly to: string;
	/** Of a destination on the link: `0.0.0.0` or `::`. */
	readonly via: string;
	readonly onLink: boolean;
	readonly metric?: number;
}

export interface BondMeaning {
	readonly mode?: string;
	readonly miimon?: number;
	readonly arpInterval?: number;
	/** Separated by commas. */
	readonly arpTargets?: string;
	readonly updelay?: number;
	readonly downdelay?: number;
	readonly lacpRate?: string;
	readonly hashPolicy?: string;
	/** Other options by the driver's names. */
	readonly more?: Readonly<Record<string, string>>;
}

/** One interface. Lists are sets, because their order has no meaning here. */
export interface Meaning {
	mac?: string;
	mtu?: number;
	dhcp4: boolean;
	dhcp6: boolean;
	/** Undefined if the files leave it to the system. */
	ra?: boolean;
	addresses: Set<string>;
	routes: RouteMeaning[];
	/** Metrics of the routes that DHCP servers and routers hand out. */
	learned: { ipv4?: number; ipv6?: number };
	dns: Set<string>;
	search: Set<string>;
	vlan?: { id: number; parent: string };
	bond?: BondMeaning;
	/** Name of the bond that it is a member of. */
	memberOf?: string;
}

/** Interfaces by name. */
export type Meanings = Map<string, Meaning>;

/** A target's files: path → text. */
export type Files = ReadonlyMap<string, string>;

export function emptyMeaning(): Meaning {
	return {
		dhcp4: false,
		dhcp6: false,
		addresses: new Set(),
		routes: [],
		learned: {},
		dns: new Set(),
		search: new Set(),
	};
}

/** Returns the entry of an interface, made if necessary. */
export function meaningOf(meanings: Meanings, name: string): Meaning {
	const known = meanings.get(name) ?? emptyMeaning();
	meanings.set(name, known);
	return known;
}

export function canonicalIp(text: string): string {
	return ipaddr.parse(text.trim()).toString();
}

/** `10.0.0.5/24`, or an address and a mask in any form. */
export function canonicalCidr(text: string, mask?: string): string {
	const [ip = "", bits] = text.trim().split("/");
	const prefix = bits ?? mask ?? (ip.includes(":") ? "128" : "32");
	const length = /^\d+$/.test(prefix) ? Number(prefix) : ipaddr.parse(prefix).prefixLengthFromSubnetMask();
	return `${canonicalIp(ip)}/${length}`;
}

/** @param via empty or absent if the destination is on the link */
export function route(
	to: string,
	via: string | undefined,
	more: { onLink?: boolean; metric?: number } = {},
): RouteMeaning {
	const any = via?.includes(":") ? "::/0" : "0.0.0.0/0";
	return {
		to: to === "default" ? any : canonicalCidr(to),
		via: canonicalIp(via || (to.includes(":") ? "::" : "0.0.0.0")),
		onLink: more.onLink ?? false,
		...(more.metric !== undefined && { metric: more.metric }),
	};
}

export type Section = readonly [name: string, entries: readonly (readonly [key: string, value: string])[]];

/** `[Section]` and `key=value` lines without comments. */
export function readIni(text: string): Section[] {
	const sections: [string, [string, string][]][] = [];
	for (const line of text.split("\n").map((line) => line.trim())) {
		if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
		const header = /^\[(.*)\]$/.exec(line);
		const at = line.indexOf("=");
		if (header) sections.push([header[1] ?? "", []]);
		else if (at < 0 || sections.length === 0) throw new Error(`neither section nor key=value: ${line}`);
		else sections.at(-1)?.[1].push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
	}
	return sections;
}

/** The values of a key in all sections with a name. */
export function values(sections: readonly Section[], section: string, key: string): string[] {
	return sections
		.filter(([name]) => name === section)
		.flatMap(([, entries]) => entries.filter(([name]) => name === key).map(([, value]) => value));
}

/** The options among these entries that a format has under the given names, by the driver's. Switches are 1 or 0. */
export function moreOptions(
	names: Readonly<Record<string, string>>,
	entries: Iterable<readonly [string, unknown]>,
): Pick<BondMeaning, "more"> {
	const more = [...entries].flatMap(([key, value]): [string, string][] => {
		const name = Object.hasOwn(names, key) ? names[key] : undefined;
		return name === undefined ? [] : [[name, typeof value === "boolean" ? String(Number(value)) : String(value)]];
	});
	return more.length > 0 ? { more: Object.fromEntries(more) } : {};
}

/** The driver's names, for formats that use them. */
export const OWN_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
	[
		...["active_slave", "ad_actor_sys_prio", "ad_actor_system", "ad_select", "ad_user_port_key", "all_slaves_active"],
		...[
			"arp_all_targets",
			"arp_missed_max",
			"arp_validate",
			"fail_over_mac",
			"lacp_active",
			"lp_interval",
			"min_links",
		],
		...["num_grat_arp", "num_unsol_na", "packets_per_slave", "peer_notif_delay", "primary", "primary_reselect"],
		...["resend_igmp", "tlb_dynamic_lb", "use_carrier"],
	].map((name) => [name, name]),
);

/** A bond's options from text. Numbers may have a unit, such as `100ms`. */
export function bondMeaning(
	text: Readonly<Record<Exclude<keyof BondMeaning, "more">, string | undefined>>,
): BondMeaning {
	const number = (value: string | undefined) => (value === undefined ? undefined : Number(value.replace(/ms$/, "")));
	const { miimon, arpInterval, updelay, downdelay, ...rest } = text;
	const options = {
		...rest,
		miimon: number(miimon),
		arpInterval: number(arpInterval),
		updelay: number(updelay),
		downdelay: number(downdelay),
	};
	return defined(options) as BondMeaning;
}

/** Drops undefined members. */
export function defined<T extends object>(object: T): T {
	return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** Meanings in an order of their own, with lists as sets: for comparing them. */
export function asSets(meanings: Meanings) {
	return new Map(
		[...meanings]
			.toSorted(([a], [b]) => a.localeCompare(b))
			.map(([name, meaning]) => [
				name,
				{ ...meaning, routes: meaning.routes.map((one) => JSON.stringify(one)).toSorted() },
			]),
	);
}
