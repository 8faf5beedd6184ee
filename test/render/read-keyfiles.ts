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
	readIni,
	route,
	type Section,
	values,
} from "./meaning.ts";

/** NetworkManager's keyfiles; an interface's name is what follows `guestwire ` or `cloud-init ` in the connection's id. */
export function readKeyfiles(files: Files): Meanings {
	const connections = [...files].filter(([path]) => path.endsWith(".nmconnection")).map(([, text]) => readIni(text));
	const names = new Map(connections.map((sections) => [values(sections, "connection", "uuid")[0], nameOf(sections)]));
	const resolve = (reference: string) => names.get(reference) ?? reference;
	const meanings: Meanings = new Map();
	for (const sections of connections) readConnection(sections, meaningOf(meanings, nameOf(sections)), resolve);
	return meanings;
}

/** Releases of NetworkManager since 1.46 write the second. */
const RENAMED = new Map([
	["master", "controller"],
	["slave-type", "port-type"],
]);
/** What NetworkManager itself adds: its default for every VLAN. */
const ADDED = "vlan.flags=1";

/** Every entry of each keyfile, as `ipv4.method=auto`, in an order and spelling in which ours and NetworkManager's are equal. */
export function keyfileEntries(files: Files): Map<string, string[]> {
	return new Map(
		[...files].map(([path, text]) => {
			const entries = readIni(text).flatMap(([section, all]) =>
				all.map(([key, value]) => `${section}.${RENAMED.get(key) ?? key}=${canonical(key, value)}`),
			);
			return [path.split("/").at(-1) ?? "", entries.filter((entry) => entry !== ADDED).toSorted()];
		}),
	);
}

function canonical(key: string, value: string): string {
	if (key === "dns") return listOf(value).map(canonicalIp).join();
	return key.endsWith("mac-address") ? value.toLowerCase() : value;
}

function nameOf(sections: readonly Section[]): string {
	return (values(sections, "connection", "id")[0] ?? "").replace(/^(guestwire|cloud-init) /, "");
}

function readConnection(sections: readonly Section[], meaning: Meaning, resolve: (name: string) => string): void {
	const one = (section: string, key: string) => values(sections, section, key)[0];
	const mac = one("ethernet", "mac-address") ?? one("ethernet", "cloned-mac-address");
	if (mac !== undefined) meaning.mac = mac.toLowerCase();
	const mtu = one("ethernet", "mtu");
	if (mtu !== undefined) meaning.mtu = Number(mtu);
	const type = one("connection", "type");
	if (type === "vlan") meaning.vlan = { id: Number(one("vlan", "id")), parent: resolve(one("vlan", "parent") ?? "") };
	if (type === "bond") {
		const entries = sections.flatMap(([name, options]) => (name === "bond" ? options : []));
		meaning.bond = { ...bondOf((key) => one("bond", key)), ...moreOptions(OWN_NAMES, entries) };
	}
	const bond = one("connection", "master") ?? one("connection", "controller");
	if (bond !== undefined) meaning.memberOf = resolve(bond);
	meaning.dhcp4 = one("ipv4", "method") === "auto";
	meaning.ra = one("ipv6", "method") === "auto";
	meaning.dhcp6 = one("ipv6", "method") === "dhcp";
	for (const [family, entries] of sections)
		if (/^ipv[46]$/.test(family)) readFamily(family as "ipv4" | "ipv6", entries, meaning);
}

function bondOf(one: (key: string) => string | undefined): BondMeaning {
	return bondMeaning({
		mode: one("mode"),
		miimon: one("miimon"),
		arpInterval: one("arp_interval"),
		arpTargets: one("arp_ip_target"),
		updelay: one("updelay"),
		downdelay: one("downdelay"),
		lacpRate: one("lacp_rate"),
		hashPolicy: one("xmit_hash_policy"),
	});
}

function readFamily(family: "ipv4" | "ipv6", entries: Section[1], meaning: Meaning): void {
	const all = new Map(entries);
	for (const [key, value] of entries) {
		if (/^address\d+$/.test(key)) {
			// NetworkManager before 1.46 writes the gateway after the address.
			const [address = "", gateway] = value.split(",");
			meaning.addresses.add(canonicalCidr(address));
			if (gateway !== undefined) meaning.routes.push(route("default", gateway));
		} else if (key === "dns") for (const server of listOf(value)) meaning.dns.add(canonicalIp(server));
		else if (key === "dns-search") for (const domain of listOf(value)) meaning.search.add(domain);
		else if (key === "route-metric") meaning.learned[family] = Number(value);
		else if (key === "gateway") meaning.routes.push(route("default", value));
		else if (/^route\d+$/.test(key)) {
			const [to = "", via, metric] = value.split(",");
			const onLink = all.get(`${key}_options`)?.includes("onlink=true") ?? false;
			meaning.routes.push(route(to, via, { onLink, ...(metric !== undefined && { metric: Number(metric) }) }));
		}
	}
}

function listOf(value: string): string[] {
	return value.split(";").filter((item) => item !== "");
}
