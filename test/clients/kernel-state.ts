/** What the kernel and the resolver have, read into the form of the comparer. */
import {
	type BondMeaning,
	bondMeaning,
	canonicalCidr,
	canonicalIp,
	type Meanings,
	meaningOf,
} from "../render/meaning.ts";

// biome-ignore lint/suspicious/noExplicitAny: iproute2's JSON
type Any = any;

/** Outputs of `ip -j -d addr`, `ip -j route` and `ip -j -6 route`. */
export interface IpOutputs {
	readonly addresses: string;
	readonly routes4: string;
	readonly routes6: string;
}

const parse = (text: string): Any[] => (text.trim() === "" ? [] : JSON.parse(text));

/**
 * Addresses but link-local ones, routes with a gateway, MTU, MAC address, VLAN and bond of each interface. Name servers
 * are left to the caller: the kernel has none.
 */
export function kernelState(outputs: IpOutputs): Meanings {
	const meanings: Meanings = new Map();
	for (const one of parse(outputs.addresses)) {
		if (one.ifname === undefined || one.link_type === "loopback") continue;
		const meaning = meaningOf(meanings, one.ifname);
		meaning.mac = one.address;
		meaning.mtu = one.mtu;
		for (const { local, prefixlen, scope } of one.addr_info ?? []) {
			if (scope !== "link" && local !== undefined) meaning.addresses.add(canonicalCidr(`${local}/${prefixlen}`));
		}
		if (one.master !== undefined) meaning.memberOf = one.master;
		const { info_kind: kind, info_data: data } = one.linkinfo ?? {};
		if (kind === "vlan") meaning.vlan = { id: data.id, parent: one.link };
		if (kind === "bond") meaning.bond = bondOf(data);
	}
	for (const route of [...parse(outputs.routes4), ...parse(outputs.routes6)]) readRoute(meanings, route);
	return meanings;
}

/** NIC's own MAC address → its name. A bond's member has another in use. */
export function nicNames(addresses: string): Map<string, string> {
	const nics = parse(addresses).filter((one) => one.link_type === "ether" && !isMade(one.linkinfo?.info_kind));
	return new Map(nics.map((one) => [one.permaddr ?? one.address, one.ifname]));
}

const isMade = (kind: string | undefined) => kind !== undefined && ["bond", "vlan", "bridge", "dummy"].includes(kind);

function readRoute(meanings: Meanings, route: Any): void {
	for (const { gateway, dev } of route.nexthops ?? [route]) {
		if (gateway === undefined || dev === undefined) continue;
		// Neutron's DHCP servers hand out this one, and so do those of the tests.
		if (route.dst === "169.254.169.254") continue;
		const family = gateway.includes(":") ? "::/0" : "0.0.0.0/0";
		const to = route.dst === "default" ? family : canonicalCidr(route.dst);
		meaningOf(meanings, dev).routes.push({ to, via: canonicalIp(gateway), onLink: false });
	}
}

function bondOf(data: Any): BondMeaning {
	return bondMeaning({
		mode: data.mode,
		miimon: data.miimon?.toString(),
		arpInterval: data.arp_interval > 0 ? String(data.arp_interval) : undefined,
		arpTargets: Array.isArray(data.arp_ip_target) ? data.arp_ip_target.join(",") : undefined,
		updelay: data.updelay?.toString(),
		downdelay: data.downdelay?.toString(),
		lacpRate: data.ad_lacp_rate,
		hashPolicy: data.xmit_hash_policy,
	});
}

/** Reads `resolvectl dns` and `resolvectl domain`: `Link 2 (eth0): 192.0.2.53 2001:db8::53`. */
export function addResolvectl(meanings: Meanings, dns: string, domain: string): void {
	for (const [name, words] of perLink(dns)) {
		for (const server of words) meaningOf(meanings, name).dns.add(canonicalIp(server.replace(/[%#].*$/, "")));
	}
	for (const [name, words] of perLink(domain)) {
		for (const word of words) if (!word.startsWith("~")) meaningOf(meanings, name).search.add(word);
	}
}

function perLink(text: string): [string, string[]][] {
	return [...text.matchAll(/^Link \d+ \((.+?)\):(.*)$/gm)].map(([, name = "", rest = ""]) => [
		name,
		rest.split(/\s+/).filter((word) => word !== ""),
	]);
}
