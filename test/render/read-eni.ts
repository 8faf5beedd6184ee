import {
	canonicalCidr,
	canonicalIp,
	type Meaning,
	type Meanings,
	meaningOf,
	moreOptions,
	OWN_NAMES,
	type RouteMeaning,
	route,
} from "./meaning.ts";

/** interfaces(5). `mac/…/1=eth0` in an `auto` line gives the interface its MAC address. */
export function readEni(text: string): Meanings {
	const meanings: Meanings = new Map();
	let stanza: { readonly family: string; readonly method: string; readonly meaning: Meaning } | undefined;
	let address: string | undefined;
	for (const line of text.split("\n").map((line) => line.trim())) {
		const [key = "", ...words] = line.split(/\s+/);
		const rest = words.join(" ");
		if (key === "" || key.startsWith("#")) continue;
		if (key === "auto") {
			const [, mac, name] = /^mac\/([0-9a-f:]{17})\/1=(\S+)$/.exec(rest) ?? [];
			if (mac !== undefined && name !== undefined) meaningOf(meanings, name).mac = mac;
			else meaningOf(meanings, rest);
		} else if (key === "iface") {
			const [name = "", family = "", method = ""] = words;
			stanza = { family, method, meaning: meaningOf(meanings, name) };
			startStanza(stanza.meaning, family, method);
		} else if (stanza === undefined) throw new Error(`outside of a stanza: ${line}`);
		else {
			if (key === "address") address = rest;
			if (key === "netmask" && address !== undefined) stanza.meaning.addresses.add(canonicalCidr(address, rest));
			readOption(meanings, stanza.meaning, key, rest);
		}
	}
	return meanings;
}

function startStanza(meaning: Meaning, family: string, method: string): void {
	if (family === "inet" && method === "dhcp") meaning.dhcp4 = true;
	if (family !== "inet6") return;
	if (method === "dhcp") meaning.dhcp6 = true;
	if (method === "dhcp" || method === "auto") meaning.ra = true;
}

/** A bond's option, set in the kernel: the bond's own, or the NIC as the primary of its bond. */
const SETTING = /^echo (?<value>\S+) >\/sys\/class\/net\/(?<bond>\S+)\/bonding\/(?<option>\w+)$/;

function readSetting(meanings: Meanings, meaning: Meaning, rest: string): void {
	const { value = "", bond = "", option = "" } = SETTING.exec(rest)?.groups ?? {};
	const [name] = [...meanings].find(([, one]) => one === meaning) ?? [];
	const holder = bond === "$IFACE" ? meaning : meaningOf(meanings, bond);
	readFurtherOption(holder, option, value === "$IFACE" ? (name ?? "") : value);
}

function readOption(meanings: Meanings, meaning: Meaning, key: string, rest: string): void {
	if (key === "address" && rest.includes("/")) meaning.addresses.add(canonicalCidr(rest));
	else if (key === "mtu") meaning.mtu = Number(rest);
	else if (key === "hwaddress") meaning.mac = rest.toLowerCase();
	else if (key === "gateway") meaning.routes.push(route("default", rest, { onLink: true }));
	else if (key === "dhcp" && rest === "1") meaning.dhcp6 = true;
	else if (key === "dns-nameservers") for (const server of rest.split(" ")) meaning.dns.add(canonicalIp(server));
	else if (key === "dns-search") for (const domain of rest.split(" ")) meaning.search.add(domain);
	else if (rest.endsWith("accept_ra=0")) meaning.ra = false;
	else if (/ra_defrtr_metric=\d+$/.test(rest)) meaning.learned.ipv6 = Number(rest.split("=").at(-1));
	else if (key === "metric") meaning.learned.ipv4 = Number(rest);
	else if (SETTING.test(rest)) readSetting(meanings, meaning, rest);
	else if (key === "up" || key === "post-up") {
		const found = readCommand(rest);
		if (found === undefined) throw new Error(`an unknown command: ${rest}`);
		meaning.routes.push(found);
	} else if (key === "bond-master") meaning.memberOf = rest;
	else readLinkOption(meaning, key.replaceAll("_", "-"), rest);
}

function readLinkOption(meaning: Meaning, key: string, rest: string): void {
	if (key === "vlan-raw-device") meaning.vlan = { id: meaning.vlan?.id ?? 0, parent: rest };
	else if (key === "vlan-id") meaning.vlan = { id: Number(rest), parent: meaning.vlan?.parent ?? "" };
	else if (key === "bond-mode") meaning.bond = { ...meaning.bond, mode: rest };
	else if (key === "bond-miimon") meaning.bond = { ...meaning.bond, miimon: Number(rest) };
	else if (key === "bond-arp-interval") meaning.bond = { ...meaning.bond, arpInterval: Number(rest) };
	else if (key === "bond-arp-ip-target") meaning.bond = { ...meaning.bond, arpTargets: rest.replaceAll(" ", ",") };
	else if (key === "bond-updelay") meaning.bond = { ...meaning.bond, updelay: Number(rest) };
	else if (key === "bond-downdelay") meaning.bond = { ...meaning.bond, downdelay: Number(rest) };
	else if (key === "bond-lacp-rate") meaning.bond = { ...meaning.bond, lacpRate: rest };
	else if (key === "bond-xmit-hash-policy") meaning.bond = { ...meaning.bond, hashPolicy: rest };
	else if (key.startsWith("bond-")) readFurtherOption(meaning, key.slice("bond-".length).replaceAll("-", "_"), rest);
}

function readFurtherOption(meaning: Meaning, name: string, rest: string): void {
	const { more } = moreOptions(OWN_NAMES, [[name, rest]]);
	if (more) meaning.bond = { ...meaning.bond, more: { ...meaning.bond?.more, ...more } };
}

/** `ip route replace` as we write it; `route add`, or `ip route add` since 24.1, as cloud-init does. */
const COMMANDS = [
	/^ip -[46] route replace (?<to>\S+)(?: via (?<via>\S+))? dev \$IFACE(?<onLink> onlink)?(?: metric (?<metric>\d+))?$/,
	/^ip (?:-family inet6 )?route add (?<to>\S+) via (?<via>\S+)(?: metric (?<metric>\d+))? \|\| true$/,
	/^route add (?:-A inet6 )?(?:-net |-host )?(?<to>\S+) gw (?<via>\S+)(?: metric (?<metric>\d+))? \|\| true$/,
];

/** The route that a command adds; undefined for other commands. */
export function readCommand(command: string): RouteMeaning | undefined {
	const parts = COMMANDS.map((form) => form.exec(command)?.groups).find((groups) => groups !== undefined);
	if (parts === undefined) return undefined;
	const { to = "", via, onLink, metric } = parts;
	const more = { onLink: onLink !== undefined, ...(metric !== undefined && { metric: Number(metric) }) };
	return route(to, via, more);
}
