/** Generated documents: valid ones, ones with hostile text, and ones that can configure a guest. */
import fc from "fast-check";
import {
	type Link,
	NETWORK_TYPES,
	type NetworkData,
	type NetworkEntry,
	PHYSICAL_TYPES,
	type Route,
} from "../src/documents/network-data.ts";
import { BOND_MODES, BOND_OPTIONS } from "../src/instance/bonding.ts";

const text = fc.oneof(fc.uuid(), fc.string({ minLength: 1, maxLength: 12, unit: "binary" }));
const hex = (bytes: number) =>
	fc
		.array(fc.integer({ min: 0, max: 255 }), { minLength: bytes, maxLength: bytes })
		.map((all) => all.map((byte) => byte.toString(16).padStart(2, "0")).join(":"));
const mac = fc.oneof(
	{ weight: 8, arbitrary: hex(6) },
	{ weight: 2, arbitrary: fc.constant("fa:16:3e:00:00:01") },
	{ weight: 1, arbitrary: hex(20) },
);
const ip = fc.oneof(
	fc.ipV4(),
	fc.ipV6().map((address) => address.toLowerCase()),
	fc.constantFrom(
		"0.0.0.0",
		"255.255.255.255",
		"127.0.0.1",
		"224.0.0.1",
		"::",
		"::1",
		"ff02::1",
		"fe80::1",
		"::ffff:1.2.3.4",
	),
);
const netmask = fc.oneof(
	fc.constantFrom("0.0.0.0", "255.255.255.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff::", "ffff:ffff::"),
	ip,
);
const service = fc.record({ type: fc.constant("dns" as const), address: ip });
const anyRoute: fc.Arbitrary<Route> = fc.record({ network: ip, netmask, gateway: ip });
const mtu = fc.option(fc.integer({ min: 68, max: 65535 }), { nil: undefined });

const linkShape = fc.record({
	id: text,
	kind: fc.constantFrom("physical", "physical", "bond", "vlan"),
	type: fc.constantFrom(...PHYSICAL_TYPES),
	mac,
	mtu,
	mode: fc.constantFrom(...BOND_MODES),
	options: fc.dictionary(
		fc.constantFrom(
			...["bond_miimon", "bond_updelay", "bond_lacp_rate", "bond_xmit_hash_policy", "bond_primary"],
			...["bond_arp_interval", "bond_arp_ip_target"],
			...BOND_OPTIONS.map((option) => `bond_${option}`),
		),
		fc.oneof(text, fc.constantFrom("100", "0", "1", "fast", "slow", "layer3+4", "vlan+srcmac", "192.0.2.1,192.0.2.2")),
		{ maxKeys: 4 },
	),
	members: fc.array(fc.nat(), { maxLength: 3 }),
	parent: fc.nat(),
	vlanId: fc.integer({ min: 1, max: 4094 }),
});

const entryShape = fc.record(
	{
		type: fc.constantFrom(...NETWORK_TYPES),
		link: fc.nat(),
		network_id: text,
		ip_address: ip,
		netmask,
		routes: fc.array(anyRoute, { maxLength: 4 }),
		services: fc.array(service, { maxLength: 3 }),
		dns_search: fc.array(fc.oneof(fc.domain(), text), { maxLength: 3 }),
	},
	{ requiredKeys: ["type", "link", "ip_address", "netmask", "routes"] },
);

/** Everything that `NetworkDataSchema` and `crossCheck` accept, whether it makes sense or not. */
export const validNetworkData: fc.Arbitrary<NetworkData> = fc
	.record({
		links: fc.array(linkShape, { maxLength: 7 }),
		networks: fc.array(entryShape, { maxLength: 10 }),
		services: fc.array(service, { maxLength: 3 }),
	})
	.map(({ links, networks, services }) => {
		const ids = links.map(({ id }, i) => `${id}${i}`);
		const pick = (n: number) => ids[n % ids.length] ?? "";
		return {
			links: links.map((shape, i): Link => {
				const base = { id: ids[i] ?? "", ...(shape.mtu !== undefined && { mtu: shape.mtu }) };
				if (shape.kind === "vlan") {
					const vlan = { vlan_id: shape.vlanId, vlan_link: pick(shape.parent), vlan_mac_address: shape.mac };
					return { ...base, type: "vlan", ...vlan };
				}
				if (shape.kind === "physical") return { ...base, type: shape.type, ethernet_mac_address: shape.mac };
				const members = { bond_mode: shape.mode, bond_links: shape.members.map(pick) };
				return { ...base, type: "bond", ethernet_mac_address: shape.mac, ...shape.options, ...members };
			}),
			networks: ids.length === 0 ? [] : networks.map((shape, i) => ({ id: `n${i}`, ...shape, link: pick(shape.link) })),
			services,
		};
	});

const hostileText = fc.constantFrom(
	'"evil',
	"'evil'",
	"evil\nevil",
	"\r\nevil: true",
	"$(evil)",
	"`evil`",
	`\${evil}`,
	"; evil #",
	"a.example\n[Network]\nDHCP=evil",
	"[Evil]",
	"../../etc/evil",
	"evil/../x",
	"10.0.0.1/24 evil",
	"10.0.0.1\n\tup evil",
	"fe80::1%evil",
	"%evil%",
	"evil\0",
	"- evil: !!js",
	"a b evil",
	"evil,evil;evil|evil",
	"evil\\",
	"~evil",
);

/** A valid document in which texts of any member may be hostile. Each of those contains `evil`. */
export const hostileNetworkData: fc.Arbitrary<NetworkData> = fc
	.tuple(validNetworkData, fc.array(fc.tuple(fc.nat(), hostileText), { minLength: 1, maxLength: 8 }))
	.map(([data, replacements]) => {
		const texts = textsIn(data);
		for (const [n, hostile] of replacements) texts[n % Math.max(texts.length, 1)]?.replace(hostile);
		return data;
	});

function textsIn(value: object): { replace(text: string): void }[] {
	const holder = value as Record<string, unknown>;
	return Object.entries(holder).flatMap(([key, member]) => {
		if (typeof member === "object" && member !== null) return textsIn(member);
		if (typeof member !== "string") return [];
		const replace = (text: string) => {
			holder[key] = text;
		};
		return [{ replace }];
	});
}

/** The content of one link of a sound document. The numbers give distinct addresses. */
const soundShape = fc.record({
	addresses4: fc.nat({ max: 3 }),
	addresses6: fc.nat({ max: 3 }),
	dynamic: fc.uniqueArray(fc.constantFrom(...NETWORK_TYPES.filter((type) => type !== "ipv4" && type !== "ipv6"))),
	defaultVia: fc.constantFrom(undefined, "inside", "outside", "link-local"),
	routes: fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 4 }),
	dns: fc.nat({ max: 2 }),
	search: fc.uniqueArray(fc.domain(), { maxLength: 2 }),
	mtu: fc.option(fc.integer({ min: 1280, max: 1400 }), { nil: undefined }),
});
type SoundShape = typeof soundShape extends fc.Arbitrary<infer T> ? T : never;

/** A document without repetitions that a guest can apply completely. */
export const soundNetworkData: fc.Arbitrary<NetworkData> = fc
	.record({
		nics: fc.array(soundShape, { minLength: 1, maxLength: 3 }),
		bond: fc.option(fc.record({ shape: soundShape, mode: fc.constantFrom(...BOND_MODES) }), { nil: undefined }),
		vlans: fc.array(soundShape, { maxLength: 2 }),
	})
	.map(({ nics, bond, vlans }) => {
		const links: Link[] = [];
		const networks: NetworkEntry[] = [];
		const add = (link: Link, shape?: SoundShape) => {
			const number = links.push(link);
			if (shape) networks.push(...soundEntries(shape, link.id, number));
		};
		const macOf = (n: number) => `fa:16:3e:00:00:${n.toString().padStart(2, "0")}`;
		const mtuOf = (shape: SoundShape) => (shape.mtu === undefined ? {} : { mtu: shape.mtu });
		for (const [n, shape] of nics.entries()) {
			add({ id: `nic${n}`, type: "ovs", ...mtuOf(shape), ethernet_mac_address: macOf(10 + n) }, shape);
		}
		if (bond) {
			const members = ["member0", "member1"];
			for (const [n, id] of members.entries()) add({ id, type: "phy", ethernet_mac_address: macOf(20 + n) });
			const { mode, shape } = bond;
			const options = { bond_mode: mode, bond_links: members, bond_miimon: "100" };
			add({ id: "bond", type: "bond", ...mtuOf(shape), ethernet_mac_address: macOf(20), ...options }, shape);
		}
		for (const [n, shape] of vlans.entries()) {
			const tag = { vlan_id: 100 + n, vlan_link: bond ? "bond" : "nic0", vlan_mac_address: macOf(30 + n) };
			add({ id: `vlan${n}`, type: "vlan", ...tag }, shape);
		}
		return { links, networks, services: [] };
	});

function soundEntries(shape: SoundShape, link: string, number: number): NetworkEntry[] {
	const entry = (type: NetworkEntry["type"], more: Partial<NetworkEntry> = {}) => ({ id: "", type, link, ...more });
	const dns = Array.from({ length: shape.dns }, (_, n) => ({
		type: "dns" as const,
		address: `9.9.${number}.${n + 1}`,
	}));
	const four = Array.from({ length: shape.addresses4 }, (_, n) => n).map((n) =>
		entry("ipv4", {
			ip_address: `10.${number}.${n}.5`,
			netmask: "255.255.255.0",
			routes: n > 0 ? [] : soundRoutes(shape, 4, number),
			services: n > 0 ? [] : dns,
			dns_search: n > 0 ? [] : shape.search,
		}),
	);
	const six = Array.from({ length: shape.addresses6 }, (_, n) => n).map((n) =>
		entry("ipv6", {
			ip_address: `2001:db8:${number}:${n}::5`,
			netmask: "ffff:ffff:ffff:ffff::",
			routes: n > 0 ? [] : soundRoutes(shape, 6, number),
		}),
	);
	return [...four, ...six, ...shape.dynamic.map((type) => entry(type))].map((one, n) => ({
		...one,
		id: `network-${number}-${n}`,
	}));
}

function soundRoutes({ defaultVia, routes }: SoundShape, version: 4 | 6, number: number): Route[] {
	const inside = version === 4 ? `10.${number}.0.1` : `2001:db8:${number}::1`;
	const outside = version === 4 ? "169.254.1.1" : "2001:db8:ffff::1";
	const gateway = { inside, outside, "link-local": version === 4 ? outside : "fe80::1" };
	const any = version === 4 ? "0.0.0.0" : "::";
	// The third is on the link.
	const hops = [inside, outside, any];
	const more = routes.map((n) =>
		version === 4
			? { network: `172.16.${n}.0`, netmask: "255.255.255.0", gateway: hops[n % 3] ?? any }
			: { network: `2001:db8:aa${n}::`, netmask: "ffff:ffff:ffff::", gateway: hops[n % 3] ?? any },
	);
	return defaultVia === undefined ? more : [{ network: any, netmask: any, gateway: gateway[defaultVia] }, ...more];
}
