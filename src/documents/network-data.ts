/**
 * The schema and types of `network_data.json` as Guestwire emits it, published as `schema/network_data.json`. What it
 * accepts from other producers is in accepted-network-data.ts. References (unique ids; `link`, `vlan_link` and
 * `bond_links` refer to links) are checked by `crossCheck`, because JSON Schema cannot express them.
 *
 * Sources: nova-specs `specs/liberty/implemented/metadata-service-network-info.rst`; nova's own
 * `doc/api_schemas/network_data.json`, which rejects what Nova emits (`{}`, the two DHCPv6 modes, every /32).
 */
import Type, { type Static, type TSchema } from "typebox";
import { MAC_PATTERN } from "../instance/addresses.ts";
import { BOND_MODES, type BondMode } from "../instance/bonding.ts";

const octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const ipv4 = `(${octet}\\.){3}${octet}`;
// Checks the characters only, since a full pattern would be unreadable. The code that emits addresses parses them.
const ipv6 = "[0-9a-f:]*:[0-9a-f:.]*";

const Id = Type.String({ minLength: 1 });
const MacAddress = Type.String({ pattern: MAC_PATTERN });
const Address = Type.String({ pattern: `^(${ipv4}|${ipv6})$` });
/** Dotted for IPv4 (`255.255.255.0`), full hexadecimal for IPv6 (`ffff:ffff:ffff:ffff::`). */
const Netmask = Address;
const Mtu = Type.Integer({ minimum: 68, maximum: 65535 });
const NullableMtu = Type.Union([Mtu, Type.Null()]);

/** A DNS server. cloud-init treats every service as one, so there is no other type. */
export const Service = Type.Object(
	{ type: Type.Literal("dns"), address: Address },
	{ additionalProperties: false, description: "A DNS server. cloud-init takes every entry for one, so only dns." },
);
export type Service = Static<typeof Service>;

/** A static route of a network entry. The netmask is dotted for IPv4 and full hexadecimal for IPv6. */
export const Route = Type.Object(
	{ network: Address, netmask: Netmask, gateway: Address },
	{ additionalProperties: false },
);
export type Route = Static<typeof Route>;

/** The types of a physical link that every client accepts (Talos drops any other). */
export const PHYSICAL_TYPES = ["phy", "bridge", "hw_veb", "ovs", "tap", "vhostuser", "vif"] as const;
/** Nova emits two more: its `LEGACY_EXPOSED_VIF_TYPES`. */
export const NOVA_PHYSICAL_TYPES = [...PHYSICAL_TYPES, "dvs", "hyperv"] as const;

const physicalLink = (types: readonly string[], mtu: TSchema) =>
	Type.Object(
		{
			id: Id,
			vif_id: Type.Optional(Id),
			type: Type.Enum([...types]),
			mtu: Type.Optional(mtu),
			ethernet_mac_address: MacAddress,
		},
		{ additionalProperties: false },
	);

/** A NIC. */
export interface PhysicalLink {
	id: string;
	vif_id?: string;
	type: (typeof PHYSICAL_TYPES)[number];
	/** Bytes. */
	mtu?: number;
	ethernet_mac_address: string;
}

const bondLink = (mtu: TSchema) =>
	Type.Object(
		{
			id: Id,
			vif_id: Type.Optional(Id),
			type: Type.Literal("bond"),
			mtu: Type.Optional(mtu),
			ethernet_mac_address: MacAddress,
			bond_mode: Type.Enum([...BOND_MODES]),
			bond_links: Type.Array(Id),
		},
		{ patternProperties: { "^bond[_-]": Type.Unknown() }, additionalProperties: false },
	);

/** A bond of several NICs. */
export interface BondLink {
	id: string;
	vif_id?: string;
	type: "bond";
	mtu?: number;
	ethernet_mac_address: string;
	bond_mode: BondMode;
	/** Ids of the member links. */
	bond_links: string[];
	/** Further options of the bonding driver. */
	[option: `bond_${string}`]: string | number | string[];
	/** The same options under other names, for clients that need them. */
	[alias: `bond-${string}`]: string | string[];
}

/** A VLAN on another link. */
export const VlanLink = Type.Object(
	{
		id: Id,
		vif_id: Type.Optional(Id),
		type: Type.Literal("vlan"),
		mtu: Type.Optional(Mtu),
		vlan_id: Type.Integer({ minimum: 1, maximum: 4094 }),
		vlan_link: Id,
		vlan_mac_address: MacAddress,
	},
	{ additionalProperties: false },
);

export interface VlanLink {
	id: string;
	vif_id?: string;
	type: "vlan";
	mtu?: number;
	vlan_id: number;
	/** Id of the parent link. */
	vlan_link: string;
	vlan_mac_address: string;
}

/** A link of the guest: a NIC, a bond or a VLAN. */
export type Link = PhysicalLink | BondLink | VlanLink;

/** Every `type` of a network entry. */
export const NETWORK_TYPES = [
	"ipv4",
	"ipv4_dhcp",
	"ipv6",
	"ipv6_dhcp",
	"ipv6_slaac",
	"ipv6_dhcpv6-stateful",
	"ipv6_dhcpv6-stateless",
] as const;
/** How a link gets an address: statically, or by DHCP or SLAAC. */
export type NetworkType = (typeof NETWORK_TYPES)[number];

/** One address of a link, or one way in which the link gets addresses. */
export const NetworkEntry = Type.Object(
	{
		id: Id,
		type: Type.Enum([...NETWORK_TYPES]),
		link: Id,
		network_id: Type.Optional(Id),
		subnet_id: Type.Optional(Id),
		ip_address: Type.Optional(Address),
		netmask: Type.Optional(Netmask),
		gateway: Type.Optional(Address),
		routes: Type.Optional(Type.Array(Route)),
		services: Type.Optional(Type.Array(Service)),
		dns_nameservers: Type.Optional(Type.Array(Address)),
		dns_search: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
	},
	{
		additionalProperties: false,
		if: { properties: { type: { enum: ["ipv4", "ipv6"] } } },
		// biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
		then: { required: ["ip_address", "netmask", "routes"] },
	},
);

/** One address of a link, or one way in which the link gets addresses. */
export interface NetworkEntry {
	id: string;
	type: NetworkType;
	/** Id of its link. */
	link: string;
	network_id?: string;
	subnet_id?: string;
	/** Present on every static entry. On other entries, the address that the guest will get. */
	ip_address?: string;
	netmask?: string;
	/** A default gateway outside the link's subnets. */
	gateway?: string;
	routes?: Route[];
	services?: Service[];
	/** The addresses of `services`: cloud-init before 23.2 reads a network's DNS servers only here. */
	dns_nameservers?: string[];
	dns_search?: string[];
}

/** A document of the profile `full`. */
export interface NetworkData {
	links: Link[];
	networks: NetworkEntry[];
	services: Service[];
}

/** Schema of the profile `full`: nothing is null, and the three lists are always present. */
export const NetworkDataSchema = Type.Object(
	{
		links: Type.Array(Type.Union([physicalLink(PHYSICAL_TYPES, Mtu), bondLink(Mtu), VlanLink])),
		networks: Type.Array(NetworkEntry),
		services: Type.Array(Service),
	},
	{ additionalProperties: false },
);

/** Schema of the profile `nova`: an unknown or DHCP-served MTU is `null`, an instance without NICs is `{}`. */
export const NovaNetworkDataSchema = Type.Union([
	Type.Object({}, { additionalProperties: false }),
	Type.Object(
		{
			links: Type.Array(Type.Union([physicalLink(NOVA_PHYSICAL_TYPES, NullableMtu), bondLink(NullableMtu)])),
			networks: Type.Array(NetworkEntry),
			services: Type.Array(Service),
		},
		{ additionalProperties: false },
	),
]);

/** Schema of everything that Guestwire emits, in either profile. This is the published one. */
export const EmittedNetworkDataSchema = Type.Union([NetworkDataSchema, NovaNetworkDataSchema], {
	$schema: "https://json-schema.org/draft/2020-12/schema",
	$id: "https://guestwire.org/schema/network_data.json",
	title: "network_data.json",
	description: "OpenStack's description of a guest's wiring, as Guestwire emits it.",
});
