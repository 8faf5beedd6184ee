/** Generated clouds: the facts of one instance with anything that Neutron allows, and ids as written by hand. */
import fc from "fast-check";
import { BOND_MODES, BOND_OPTIONS } from "../src/instance/bonding.ts";
import type { InstanceFacts, PortFacts, SubnetFacts } from "../src/instance/facts.ts";

const MODES = [null, "slaac", "dhcpv6-stateful", "dhcpv6-stateless"] as const;
const VIF_TYPES = ["ovs", "bridge", "dvs", "hyperv", "other", "unbound", "binding_failed", undefined] as const;

const anyId = fc.oneof(
	fc.uuid(),
	fc.stringMatching(/^web-server-eth[0-9]{1,2}$/),
	fc.string({ minLength: 1, maxLength: 20, unit: "binary" }),
);

interface SubnetShape {
	readonly version: 4 | 6;
	readonly dhcp: boolean;
	readonly gateway: "none" | NextHop;
	readonly mode: (typeof MODES)[number];
	/** Name servers, by family: the subnet's, or the other. */
	readonly dns: readonly ("own" | "other")[];
	readonly routes: readonly { readonly to: "everything" | "elsewhere" | "the next hop"; readonly via: NextHop }[];
}

/** A router's address, where it is, and addresses that no router has, which Neutron accepts too. */
type NextHop = "inside" | "outside" | "unspecified" | "multicast" | "loopback";

const anyNextHop: fc.Arbitrary<NextHop> = fc.oneof(
	{ weight: 3, arbitrary: fc.constant("inside" as const) },
	{ weight: 2, arbitrary: fc.constant("outside" as const) },
	fc.constantFrom("unspecified" as const, "multicast" as const, "loopback" as const),
);

const subnetShape: fc.Arbitrary<SubnetShape> = fc.record({
	version: fc.constantFrom(4 as const, 6 as const),
	dhcp: fc.boolean(),
	gateway: fc.oneof(fc.constant("none" as const), fc.constant("inside" as const), anyNextHop),
	mode: fc.constantFrom(...MODES),
	dns: fc.array(fc.constantFrom("own" as const, "own" as const, "other" as const), { maxLength: 3 }),
	routes: fc.array(
		fc.record({ to: fc.constantFrom("everything", "elsewhere", "elsewhere", "the next hop"), via: anyNextHop }),
		{ maxLength: 3 },
	),
});

const networkShape = fc.record({
	mtu: fc.option(fc.constantFrom(0, 68, 1280, 1442, 1500, 9000, 65535)),
	dnsDomain: fc.constantFrom("", "tenant.example.", "other.example"),
	segmentationId: fc.option(fc.integer({ min: 1, max: 4094 })),
	/** Whether its subnets are those of the first network: Neutron keeps only a network's own apart. */
	overlaps: fc.constantFrom(true, false, false),
	subnets: fc.array(subnetShape, { maxLength: 4 }),
});
type NetworkShape = typeof networkShape extends fc.Arbitrary<infer T> ? T : never;

/** Neutron refuses IPv6 on a network with a smaller MTU (RFC 8200). */
const isPossible = ({ mtu, subnets }: NetworkShape) =>
	!mtu || mtu >= 1280 || subnets.every(({ version }) => version === 4);

const portShape = fc.record({
	network: fc.nat(),
	/** Which of the network's subnets, and whether the address is one that ports of other networks may have too. */
	addresses: fc.array(fc.record({ subnet: fc.nat(), isCommon: fc.constantFrom(true, false, false) }), { maxLength: 5 }),
	/** Whether it has the first port's MAC address, which a port of another network can have. */
	sharesMac: fc.constantFrom(true, false, false),
	vifType: fc.constantFrom(...VIF_TYPES),
	dnsDomain: fc.constantFrom("", "port.example."),
	// A trunk has each VLAN only once.
	subports: fc.uniqueArray(
		fc.record({ network: fc.nat(), vlan: fc.integer({ min: 1, max: 4094 }), addresses: fc.nat({ max: 3 }) }),
		{ maxLength: 3, selector: ({ vlan }) => vlan },
	),
	bond: fc.option(
		fc.record({
			/** Which MAC address the port group has. */
			mac: fc.constantFrom("port" as const, "member" as const, "none" as const),
			mode: fc.constantFrom(...BOND_MODES, "4", null),
			properties: fc.oneof(
				fc.constantFrom<Record<string, unknown>>(
					{ miimon: 100, lacp_rate: "fast" },
					{ arp_interval: 200, arp_ip_target: "192.0.2.1" },
					{},
					{ "bond-miimon": "50", "xmit-hash-policy": "layer3+4" },
				),
				fc.dictionary(
					fc.constantFrom(...BOND_OPTIONS),
					fc.constantFrom<unknown>(0, 1, 2, "3", true, "one", "eno1", []),
				),
			),
		}),
		{ freq: 2 },
	),
	created: fc.option(fc.integer({ min: 0, max: 59 })),
});
type PortShape = typeof portShape extends fc.Arbitrary<infer T> ? T : never;

interface Pick {
	readonly subnet: number;
	readonly isCommon?: boolean;
}

/** Facts of one instance in a generated cloud. */
export const arbitraryFacts: fc.Arbitrary<InstanceFacts> = fc
	.record({
		networks: fc.array(networkShape.filter(isPossible), { minLength: 1, maxLength: 4 }),
		ports: fc.array(portShape, { maxLength: 5 }),
		ids: fc.uniqueArray(anyId, { minLength: 40, maxLength: 40 }),
	})
	.map(({ networks, ports, ids }) => build(networks, ports, ids));

function build(networks: readonly NetworkShape[], shapes: readonly PortShape[], ids: readonly string[]): InstanceFacts {
	const subnets = networks.flatMap((network, n) =>
		network.subnets.map((shape, s) => subnet(shape, n, s, network.overlaps ? 0 : n)),
	);
	const numbers = createNumbers(ids);
	const port = createPorts(subnets, numbers);
	const sharedMac = createSharedMac();
	const facts = {
		subports: [] as PortFacts[],
		trunks: [] as object[],
		portGroups: [] as object[],
		members: [] as object[],
	};
	const ports = shapes.map((shape, at) => {
		const n = shape.network % networks.length;
		const parent = port(n, shape.addresses, {
			...(shape.sharesMac && shape.bond === null && sharedMac.on(n)),
			dns_domain: shape.dnsDomain,
			...(shape.vifType !== undefined && { "binding:vif_type": shape.vifType }),
			...(shape.created !== null && { created_at: `2026-01-01T00:00:${String(shape.created).padStart(2, "0")}Z` }),
		});
		const subports = shape.subports.map((sub) => {
			const picks = Array.from({ length: sub.addresses }, (_, i) => ({ subnet: i }));
			const owner = { device_owner: "trunk:subport", device_id: "" };
			return port(sub.network % networks.length, picks, owner);
		});
		if (at === 0 && shape.bond === null) sharedMac.start(parent.mac_address, n);
		facts.subports.push(...subports);
		if (subports.length > 0) facts.trunks.push(trunkOf(shape, parent, subports));
		if (shape.bond) {
			const { group, members } = bondOf(shape.bond, parent, numbers);
			facts.members.push(...members);
			facts.portGroups.push(group);
		}
		return parent;
	});
	return {
		id: "instance",
		ports,
		networks: networks.map((network, n) => ({
			id: `net-${n}`,
			name: "",
			mtu: network.mtu,
			dns_domain: network.dnsDomain,
			tags: [],
			"provider:segmentation_id": network.segmentationId,
		})),
		subnets,
		subports: facts.subports,
		trunks: facts.trunks,
		portGroups: facts.portGroups,
		bareMetalPorts: facts.members,
		dhcpPorts: [],
		floatingIps: [],
		securityGroups: [],
		interfaceAttachments: [],
		volumeAttachments: [],
	} as unknown as InstanceFacts;
}

interface Numbers {
	newId(): string;
	newMac(): string;
}

function createNumbers(ids: readonly string[]): Numbers {
	let next = 0;
	let macs = 0;
	return {
		newId: () => ids[next++ % ids.length] ?? "id",
		newMac: () => `FA:16:3E:00:00:${(macs++).toString(16).padStart(2, "0")}`,
	};
}

/** Makes ports of the n-th network. */
function createPorts(subnets: readonly SubnetFacts[], { newId, newMac }: Numbers) {
	let hosts = 10;
	const taken = new Set<string | undefined>();
	const hostOn = (subnet: SubnetFacts | undefined, isCommon = false) => {
		if (!isCommon || taken.has(subnet?.id)) return hosts++;
		taken.add(subnet?.id);
		return 9;
	};
	return (n: number, picks: readonly Pick[], more: Partial<PortFacts>): PortFacts => {
		const choices = subnets.filter((candidate) => candidate.network_id === `net-${n}`);
		const addresses = choices.length === 0 ? [] : picks;
		return {
			id: newId(),
			name: "",
			network_id: `net-${n}`,
			mac_address: newMac(),
			device_id: "instance",
			device_owner: "compute:nova",
			fixed_ips: addresses.map(({ subnet, isCommon }) => {
				const choice = choices[subnet % choices.length];
				return addressOn(choice, hostOn(choice, isCommon));
			}),
			security_groups: [],
			allowed_address_pairs: [],
			tags: [],
			...more,
		};
	};
}

/** The first port's MAC address, if it is a NIC, for one port of each other network. */
function createSharedMac() {
	let first: { readonly mac_address: string; readonly networks: Set<number> } | undefined;
	return {
		start(mac_address: string, network: number): void {
			first = { mac_address, networks: new Set([network]) };
		},
		on(network: number): { mac_address?: string } {
			if (first === undefined || first.networks.has(network)) return {};
			first.networks.add(network);
			return { mac_address: first.mac_address };
		},
	};
}

function trunkOf(shape: PortShape, parent: PortFacts, subports: readonly PortFacts[]): object {
	return {
		...{ id: `trunk-${parent.mac_address}`, name: "", port_id: parent.id },
		sub_ports: subports.map(({ id }, at) => ({
			port_id: id,
			segmentation_type: "vlan",
			segmentation_id: shape.subports[at]?.vlan,
		})),
	};
}

/** A port group of two members that the port is attached to. */
function bondOf(
	{ mac, mode, properties }: NonNullable<PortShape["bond"]>,
	port: PortFacts,
	{ newId, newMac }: Numbers,
): { readonly group: object; readonly members: readonly object[] } {
	const uuid = newId();
	const addresses = [newMac(), newMac()];
	const address = { none: null, port: port.mac_address, member: addresses[0] }[mac];
	const onNode = { node_uuid: "node" };
	return {
		members: addresses.map((member) => ({ uuid: newId(), address: member, portgroup_uuid: uuid, ...onNode })),
		group: { uuid, address, mode, properties, internal_info: { tenant_vif_port_id: port.id }, ...onNode },
	};
}

/** @param prefixOf the network whose addresses it has */
function subnet(shape: SubnetShape, n: number, s: number, prefixOf: number): SubnetFacts {
	const [own4, own6] = [`10.${prefixOf}.${s}.`, `2001:db8:${prefixOf}:${s}::`];
	const [prefix, bits, other] = shape.version === 4 ? [own4, 24, own6] : [own6, 64, own4];
	const everything = shape.version === 4 ? "0.0.0.0/0" : "::/0";
	const elsewhere = shape.version === 4 ? "192.0.2.0/24" : "2001:db8:ffff::/48";
	return {
		id: `subnet-${n}-${s}`,
		name: "",
		network_id: `net-${n}`,
		cidr: shape.version === 4 ? `${prefix}0/${bits}` : `${prefix}/${bits}`,
		gateway_ip: shape.gateway === "none" ? null : nextHop(shape.gateway, shape.version, prefix, 1),
		enable_dhcp: shape.dhcp,
		ipv6_address_mode: shape.version === 6 ? shape.mode : null,
		dns_nameservers: shape.dns.map((family, i) => `${family === "own" ? prefix : other}${i + 2}`),
		host_routes: shape.routes.map(({ to, via }, i) => {
			const nexthop = nextHop(via, shape.version, prefix, i + 6);
			const destinations = { everything, elsewhere, "the next hop": `${nexthop}/${shape.version === 4 ? 32 : 128}` };
			return { destination: destinations[to], nexthop };
		}),
		tags: [],
	};
}

/** @param host the last part of a router's address */
function nextHop(where: NextHop, version: 4 | 6, prefix: string, host: number): string {
	const is4 = version === 4;
	return {
		inside: `${prefix}${host}`,
		outside: is4 ? `10.200.0.${host}` : `2001:db8:200::${host}`,
		unspecified: is4 ? "0.0.0.0" : "::",
		multicast: is4 ? "224.0.0.5" : "ff02::5",
		loopback: is4 ? "127.0.0.1" : "::1",
	}[where];
}

function addressOn(subnet: SubnetFacts | undefined, host: number): PortFacts["fixed_ips"][number] {
	const cidr = subnet?.cidr ?? "";
	const address = cidr.includes(":")
		? `${cidr.split("/")[0]}${host.toString(16)}`
		: cidr.replace(/0\/24$/, String(host));
	return { subnet_id: subnet?.id ?? "", ip_address: address };
}
