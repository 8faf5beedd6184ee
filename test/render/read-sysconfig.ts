import {
	type BondMeaning,
	bondMeaning,
	canonicalCidr,
	canonicalIp,
	type Files,
	type Meaning,
	type Meanings,
	meaningOf,
	moreOptions,
	OWN_NAMES,
	route,
} from "./meaning.ts";

type Variables = ReadonlyMap<string, string>;

/** `ifcfg-*`, `route-*` and `route6-*`; an interface's name is in the files' names. */
export function readSysconfig(files: Files): Meanings {
	const meanings: Meanings = new Map();
	const uuids = new Map<string, string>();
	for (const [path, text] of files) {
		const [, kind, name = ""] = /network-scripts\/(ifcfg|route6?)-(.*)$/.exec(path) ?? [];
		if (kind === "ifcfg") {
			const variables = readVariables(text);
			uuids.set(variables.get("UUID") ?? "", name);
			readIfcfg(variables, meaningOf(meanings, name), name);
		} else if (kind !== undefined) readRoutes(text, meaningOf(meanings, name));
	}
	for (const { vlan } of meanings.values()) if (vlan) vlan.parent = uuids.get(vlan.parent) ?? vlan.parent;
	return meanings;
}

/** Adds the servers and search domains of resolv.conf, which are the host's, as those of `lo`. */
export function withResolvConf(meanings: Meanings, text: string): Meanings {
	for (const [, server = ""] of text.matchAll(/^nameserver (.*)$/gm))
		meaningOf(meanings, "lo").dns.add(canonicalIp(server));
	for (const [, names = ""] of text.matchAll(/^search (.*)$/gm)) {
		for (const name of names.trim().split(/\s+/)) meaningOf(meanings, "lo").search.add(name);
	}
	return meanings;
}

function readVariables(text: string): Variables {
	return new Map(
		text
			.split("\n")
			.filter((line) => line.trim() !== "" && !line.startsWith("#"))
			.map((line) => {
				const [, key = "", , quoted, plain] = /^(\w+)=("([^"]*)"|([^\s"]*))$/.exec(line) ?? [];
				if (key === "") throw new Error(`no variable: ${line}`);
				return [key, quoted ?? plain ?? ""];
			}),
	);
}

const isYes = (text: string | undefined) => text?.toLowerCase() === "yes";

function readIfcfg(variables: Variables, meaning: Meaning, name: string): void {
	const get = (key: string) => variables.get(key);
	const mac = get("HWADDR") ?? get("MACADDR");
	if (mac !== undefined) meaning.mac = mac.toLowerCase();
	if (get("MTU") !== undefined) meaning.mtu = Number(get("MTU"));
	meaning.dhcp4 = get("BOOTPROTO") === "dhcp";
	meaning.dhcp6 = isYes(get("DHCPV6C"));
	if (get("IPV6_AUTOCONF") !== undefined) meaning.ra = isYes(get("IPV6_AUTOCONF"));
	if (isYes(get("IPV6_FORCE_ACCEPT_RA"))) meaning.ra = true;
	for (const version of [4, 6] as const) {
		const metric = get(`IPV${version}_ROUTE_METRIC`) ?? (version === 4 ? get("METRIC") : undefined);
		if (metric !== undefined) meaning.learned[`ipv${version}`] = Number(metric);
	}
	for (const [key, value] of variables) {
		const number = /^IPADDR(\d*)$/.exec(key)?.[1];
		const mask = get(`PREFIX${number}`) ?? get(`NETMASK${number}`);
		if (number !== undefined) meaning.addresses.add(canonicalCidr(value, mask));
		if (/^DNS\d+$/.test(key)) meaning.dns.add(canonicalIp(value));
	}
	const ipv6 = [get("IPV6ADDR"), ...(get("IPV6ADDR_SECONDARIES")?.split(" ") ?? [])];
	for (const address of ipv6) if (address) meaning.addresses.add(canonicalCidr(address));
	for (const key of ["GATEWAY", "IPV6_DEFAULTGW"]) {
		const gateway = get(key);
		if (gateway !== undefined) meaning.routes.push(route("default", gateway));
	}
	for (const domain of get("DOMAIN")?.split(" ") ?? []) meaning.search.add(domain);
	if (isYes(get("VLAN"))) {
		meaning.vlan = { id: Number(get("VLAN_ID") ?? name.split(".").at(-1)), parent: get("PHYSDEV") ?? "" };
	}
	if (get("MASTER") !== undefined) meaning.memberOf = get("MASTER") ?? "";
	if (get("BONDING_OPTS") !== undefined) meaning.bond = bondOf(get("BONDING_OPTS") ?? "");
}

function bondOf(text: string): BondMeaning {
	const options = new Map(text.split(" ").map((option) => option.split("=") as [string, string]));
	const known = bondMeaning({
		mode: options.get("mode"),
		miimon: options.get("miimon"),
		arpInterval: options.get("arp_interval"),
		arpTargets: options.get("arp_ip_target"),
		updelay: options.get("updelay"),
		downdelay: options.get("downdelay"),
		lacpRate: options.get("lacp_rate"),
		hashPolicy: options.get("xmit_hash_policy"),
	});
	return { ...known, ...moreOptions(OWN_NAMES, options) };
}

/** Lines of `ip route`'s arguments, or the older `ADDRESS0=`, `NETMASK0=`, `GATEWAY0=`. */
function readRoutes(text: string, meaning: Meaning): void {
	const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
	if (lines.some((line) => line.startsWith("ADDRESS"))) {
		const variables = readVariables(lines.join("\n"));
		for (const [key, address] of variables) {
			const number = /^ADDRESS(\d+)$/.exec(key)?.[1];
			if (number === undefined) continue;
			const to = canonicalCidr(address, variables.get(`NETMASK${number}`));
			const metric = variables.get(`METRIC${number}`);
			const more = metric === undefined ? {} : { metric: Number(metric) };
			meaning.routes.push(route(to, variables.get(`GATEWAY${number}`) ?? "", more));
		}
		return;
	}
	for (const line of lines) {
		if (!/^\S+(\s+(via|dev|metric)\s+\S+|\s+onlink)*$/.test(line.trim())) throw new Error(`no route: ${line}`);
		const [to = "", ...rest] = line.trim().split(/\s+/);
		const gateway = rest.includes("via") ? rest[rest.indexOf("via") + 1] : undefined;
		const metric = rest[rest.indexOf("metric") + 1];
		const more = { onLink: rest.includes("onlink"), ...(rest.includes("metric") && { metric: Number(metric) }) };
		meaning.routes.push(route(to, gateway, more));
	}
}
