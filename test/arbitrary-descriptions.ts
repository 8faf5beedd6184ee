/** Generated documents of other makers: sound ones, with metrics, name servers of both families, and options of bonds. */
import fc from "fast-check";
import { NETWORK_TYPES, type NetworkType, type Service } from "../src/documents/network-data.ts";
import type { DescribedBond, DescribedNetwork, NetworkDescription } from "../src/documents/network-description.ts";
import { BOND_HASH_POLICIES, isOptionOfMode } from "../src/instance/bonding.ts";
import { soundNetworkData } from "./arbitrary-network-data.ts";

/** What is added to the networks of one link. */
const linkDetails = fc.record({
	/** Below those that rank default routes. */
	metric: fc.option(fc.integer({ min: 100, max: 2000 }), { nil: undefined }),
	/** The types of networks with a name server of their own, and of which family it is. */
	servers: fc.uniqueArray(fc.tuple(fc.constantFrom(...NETWORK_TYPES), fc.constantFrom(4 as const, 6 as const)), {
		selector: String,
		maxLength: 4,
	}),
});
type LinkDetails = typeof linkDetails extends fc.Arbitrary<infer T> ? T : never;

const milliseconds = fc.integer({ min: 1, max: 5000 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const bondDetails = fc.record({
	miimon: milliseconds,
	/** In place of `miimon`, in the modes that have it. */
	arp: maybe(fc.record({ interval: milliseconds, targets: fc.integer({ min: 1, max: 16 }) })),
	updelay: maybe(milliseconds),
	downdelay: maybe(milliseconds),
	lacpRate: maybe(fc.constantFrom("slow", "fast")),
	hashPolicy: maybe(fc.constantFrom(...BOND_HASH_POLICIES)),
	further: fc.record(
		{
			ad_actor_sys_prio: fc.integer({ min: 1, max: 65_535 }),
			ad_actor_system: fc.constant("02:00:00:00:00:07"),
			ad_select: fc.constantFrom("stable", "bandwidth", "count"),
			ad_user_port_key: fc.integer({ min: 0, max: 1023 }),
			all_slaves_active: fc.constantFrom(0, 1),
			arp_all_targets: fc.constantFrom("any", "all"),
			arp_missed_max: fc.integer({ min: 1, max: 255 }),
			arp_validate: fc.constantFrom("none", "active", "all", "filter"),
			fail_over_mac: fc.constantFrom("none", "active", "follow"),
			lacp_active: fc.constantFrom("on", "off"),
			lp_interval: fc.integer({ min: 1, max: 60 }),
			min_links: fc.integer({ min: 0, max: 2 }),
			num_grat_arp: fc.integer({ min: 0, max: 255 }),
			packets_per_slave: fc.integer({ min: 0, max: 65_535 }),
			primary: fc.constantFrom("member0", "member1"),
			primary_reselect: fc.constantFrom("always", "better", "failure"),
			resend_igmp: fc.integer({ min: 0, max: 255 }),
			tlb_dynamic_lb: fc.constantFrom(0, 1),
			use_carrier: fc.constantFrom(0, 1),
		},
		{ requiredKeys: [] },
	),
	/** The spelling of numbers. */
	areTexts: fc.boolean(),
});
type BondDetails = typeof bondDetails extends fc.Arbitrary<infer T> ? T : never;

/** More than a sound document has links. */
const MOST_LINKS = 8;

/** A document without repetitions that a guest can apply completely. */
export const soundDescription: fc.Arbitrary<NetworkDescription> = fc
	.tuple(soundNetworkData, fc.array(linkDetails, { minLength: MOST_LINKS, maxLength: MOST_LINKS }), bondDetails)
	.map(([{ links, networks, services }, details, options]) => {
		const numbers = new Map(links.map(({ id }, number) => [id, number]));
		return {
			links: links.map((link) => (link.type === "bond" ? withOptions(link, options) : link)),
			networks: networks.map((network) => {
				const number = numbers.get(network.link) ?? 0;
				return withDetails(network, number, details[number]);
			}),
			services,
		};
	});

function withDetails(network: DescribedNetwork, number: number, details?: LinkDetails): DescribedNetwork {
	const { metric, servers = [] } = details ?? {};
	const more = servers.flatMap(([type, version]) => (type === network.type ? serverOf(type, version, number) : []));
	const isStatic = network.type === "ipv4" || network.type === "ipv6";
	const routes = network.routes?.map((route) => ({ ...route, ...(metric !== undefined && { metric }) }));
	return {
		...network,
		...(routes && { routes }),
		...(!isStatic && metric !== undefined && { metric }),
		...(more.length > 0 && { services: [...(network.services ?? []), ...more] }),
	};
}

function serverOf(type: NetworkType, version: 4 | 6, number: number): Service {
	const place = NETWORK_TYPES.indexOf(type) + 1;
	return { type: "dns", address: version === 4 ? `9.8.${number}.${place}` : `2001:db8:53:${number}::${place}` };
}

const ARP_MODES: readonly string[] = ["balance-rr", "active-backup", "balance-xor", "broadcast"];

function withOptions(bond: DescribedBond, details: BondDetails): DescribedBond {
	const { miimon, arp, updelay, downdelay, lacpRate, hashPolicy, further, areTexts } = details;
	const { bond_miimon: _, ...rest } = bond;
	const number = (value: number) => (areTexts ? String(value) : value);
	const targets = Array.from({ length: arp?.targets ?? 0 }, (__, n) => `192.0.2.${n + 1}`);
	const hasArp = arp && ARP_MODES.includes(bond.bond_mode);
	const others = Object.entries(further).filter(
		([option]) => isOptionOfMode(option, bond.bond_mode) && (hasArp || !option.startsWith("arp_")),
	);
	const monitoring = hasArp
		? { bond_arp_interval: number(arp.interval), bond_arp_ip_target: targets.join(",") }
		: {
				bond_miimon: number(miimon),
				...(updelay !== undefined && { bond_updelay: number(updelay) }),
				...(downdelay !== undefined && { bond_downdelay: number(downdelay) }),
			};
	return {
		...rest,
		...monitoring,
		...Object.fromEntries(
			others.map(([option, value]) => [`bond_${option}`, typeof value === "number" ? number(value) : value]),
		),
		...(lacpRate !== undefined && bond.bond_mode === "802.3ad" && { bond_lacp_rate: lacpRate }),
		...(hashPolicy !== undefined && { bond_xmit_hash_policy: hashPolicy }),
	};
}
