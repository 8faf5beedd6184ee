import { parse } from "yaml";
import {
	type BondMeaning,
	bondMeaning,
	canonicalCidr,
	canonicalIp,
	defined,
	type Meaning,
	type Meanings,
	meaningOf,
	moreOptions,
	route,
} from "./meaning.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the file holds
type Any = any;

/** Netplan's YAML, or what cloud-init takes as `network-config` of version 2. */
export function readNetplan(text: string): Meanings {
	const file: Any = parse(text, { version: "1.1" });
	const network = file.network ?? file;
	const names = new Map<string, string>();
	for (const [id, nic] of Object.entries<Any>(network.ethernets ?? {})) names.set(id, nic["set-name"] ?? id);
	const nameOf = (id: string) => names.get(id) ?? id;
	const meanings: Meanings = new Map();
	for (const [id, nic] of Object.entries<Any>(network.ethernets ?? {})) {
		Object.assign(meaningOf(meanings, nameOf(id)), common(nic), { mac: nic.match?.macaddress?.toLowerCase() });
	}
	for (const [id, bond] of Object.entries<Any>(network.bonds ?? {})) {
		Object.assign(meaningOf(meanings, id), common(bond), defined({ mac: bond.macaddress?.toLowerCase() }), {
			bond: bondOf(bond.parameters ?? {}),
		});
		for (const member of bond.interfaces ?? []) meaningOf(meanings, nameOf(member)).memberOf = id;
	}
	for (const [id, vlan] of Object.entries<Any>(network.vlans ?? {})) {
		Object.assign(meaningOf(meanings, id), common(vlan), defined({ mac: vlan.macaddress?.toLowerCase() }), {
			vlan: { id: Number(vlan.id), parent: nameOf(vlan.link) },
		});
	}
	return meanings;
}

function common(one: Any): Partial<Meaning> {
	const gateways = [one.gateway4, one.gateway6].filter(Boolean).map((via: string) => route("default", via));
	return defined({
		mtu: one.mtu === undefined ? undefined : Number(one.mtu),
		dhcp4: one.dhcp4 ?? false,
		dhcp6: one.dhcp6 ?? false,
		ra: one["accept-ra"],
		addresses: new Set<string>((one.addresses ?? []).map((cidr: string) => canonicalCidr(cidr))),
		routes: [
			...gateways,
			...(one.routes ?? []).map((r: Any) => route(r.to, r.via, defined({ onLink: r["on-link"], metric: r.metric }))),
		],
		learned: defined({
			ipv4: one["dhcp4-overrides"]?.["route-metric"],
			ipv6: one["dhcp6-overrides"]?.["route-metric"],
		}),
		dns: new Set<string>((one.nameservers?.addresses ?? []).map(canonicalIp)),
		search: new Set<string>(one.nameservers?.search ?? []),
	}) as Partial<Meaning>;
}

const OPTIONS = {
	"ad-select": "ad_select",
	"all-slaves-active": "all_slaves_active",
	"arp-all-targets": "arp_all_targets",
	"arp-validate": "arp_validate",
	"fail-over-mac-policy": "fail_over_mac",
	"gratuitous-arp": "num_grat_arp",
	"learn-packet-interval": "lp_interval",
	"min-links": "min_links",
	"packets-per-slave": "packets_per_slave",
	primary: "primary",
	"primary-reselect-policy": "primary_reselect",
	"resend-igmp": "resend_igmp",
};

function bondOf(parameters: Any): BondMeaning {
	const known = bondMeaning({
		mode: parameters.mode,
		miimon: parameters["mii-monitor-interval"]?.toString(),
		arpInterval: parameters["arp-interval"]?.toString(),
		arpTargets: parameters["arp-ip-targets"]?.join(","),
		updelay: parameters["up-delay"]?.toString(),
		downdelay: parameters["down-delay"]?.toString(),
		lacpRate: parameters["lacp-rate"],
		hashPolicy: parameters["transmit-hash-policy"],
	});
	return { ...known, ...moreOptions(OPTIONS, Object.entries(parameters)) };
}
