/** Generated documents of other makers: sound ones, with metrics, name servers of both families, and options of bonds. */
import fc from "fast-check";
import { NETWORK_TYPES, type NetworkType, type Service } from "../src/documents/network-data.ts";
import type { DescribedBond, DescribedNetwork, NetworkDescription } from "../src/documents/network-description.ts";
import { BOND_HASH_POLICIES } from "../src/instance/bonding.ts";
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
	const { miimon, arp, updelay, downdelay, lacpRate, hashPolicy, areTexts } = details;
	const { bond_miimon: _, ...rest } = bond;
	const number = (value: number) => (areTexts ? String(value) : value);
	const targets = Array.from({ length: arp?.targets ?? 0 }, (__, n) => `192.0.2.${n + 1}`);
	const monitoring =
		arp && ARP_MODES.includes(bond.bond_mode)
			? { bond_arp_interval: number(arp.interval), bond_arp_ip_target: targets.join(",") }
			: {
					bond_miimon: number(miimon),
					...(updelay !== undefined && { bond_updelay: number(updelay) }),
					...(downdelay !== undefined && { bond_downdelay: number(downdelay) }),
				};
	return {
		...rest,
		...monitoring,
		...(lacpRate !== undefined && bond.bond_mode === "802.3ad" && { bond_lacp_rate: lacpRate }),
		...(hashPolicy !== undefined && { bond_xmit_hash_policy: hashPolicy }),
	};
}
