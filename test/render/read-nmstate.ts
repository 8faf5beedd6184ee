import { parse } from "yaml";
import {
	type BondMeaning,
	bondMeaning,
	canonicalCidr,
	canonicalIp,
	defined,
	type Meanings,
	meaningOf,
	moreOptions,
	OWN_NAMES,
	type RouteMeaning,
	route,
} from "./meaning.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds
type Any = any;

/** A state for `nmstatectl apply`. Its name servers and search domains are the host's: each interface has all of them. */
export function readNmstate(text: string): Meanings {
	const state: Any = parse(text, { version: "1.1" });
	const { server = [], search = [] } = state["dns-resolver"]?.config ?? {};
	const meanings: Meanings = new Map();
	for (const one of state.interfaces) {
		const { ipv4 = {}, ipv6 = {} } = one;
		// nmstate asks for both: the router's flags decide about DHCPv6.
		const ra = ipv6.autoconf === true;
		Object.assign(
			meaningOf(meanings, one.name),
			defined({
				mac: one["mac-address"]?.toLowerCase(),
				mtu: one.mtu,
				vlan: one.vlan && { id: one.vlan.id, parent: one.vlan["base-iface"] },
				bond: one["link-aggregation"] && bondOf(one["link-aggregation"]),
			}),
			{
				dhcp4: ipv4.dhcp === true,
				dhcp6: ipv6.dhcp === true && !ra,
				ra,
				addresses: new Set([ipv4, ipv6].flatMap(addressesOf)),
				routes: routesOf(state.routes?.config ?? [], one.name),
				learned: defined({ ipv4: ipv4["auto-route-metric"], ipv6: ipv6["auto-route-metric"] }),
				dns: new Set<string>(server.map(canonicalIp)),
				search: new Set<string>(search),
			},
		);
		for (const member of one["link-aggregation"]?.port ?? []) meaningOf(meanings, member).memberOf = one.name;
	}
	return meanings;
}

function addressesOf({ enabled, address = [] }: Any): string[] {
	return enabled ? address.map(({ ip, "prefix-length": length }: Any) => canonicalCidr(`${ip}/${length}`)) : [];
}

/** A route without a next hop to a host that is another route's gateway only says that the gateway is on the link. */
function routesOf(config: readonly Any[], name: string): RouteMeaning[] {
	const own = config.filter((one) => one["next-hop-interface"] === name);
	const onLink = new Set(own.flatMap((one) => (one["next-hop-address"] === undefined ? [one.destination] : [])));
	const hostOf = (via: string) => `${via}/${via.includes(":") ? 128 : 32}`;
	const gateways = new Set(own.flatMap(({ "next-hop-address": via }) => (via === undefined ? [] : [hostOf(via)])));
	return own.flatMap(({ destination, "next-hop-address": via, metric }): RouteMeaning[] => {
		if (via === undefined && gateways.has(destination)) return [];
		const isDeclared = via !== undefined && onLink.has(hostOf(via));
		return [route(destination, via, { onLink: isDeclared, ...(metric !== undefined && { metric }) })];
	});
}

function bondOf({ mode, options = {} }: Any): BondMeaning {
	const known = bondMeaning({
		mode,
		miimon: options.miimon?.toString(),
		arpInterval: options.arp_interval?.toString(),
		arpTargets: options.arp_ip_target,
		updelay: options.updelay?.toString(),
		downdelay: options.downdelay?.toString(),
		lacpRate: options.lacp_rate,
		hashPolicy: options.xmit_hash_policy,
	});
	return { ...known, ...moreOptions(OWN_NAMES, Object.entries(options)) };
}
