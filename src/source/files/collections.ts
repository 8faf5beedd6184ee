/** The collections of an inventory: their names, their schemas, and rules that a schema can't express. */
import Type, { type Static, type TSchema } from "typebox";
import type { JsonPath } from "../../checked-text.ts";
import { addressVersion, type Cidr, canonicalAddress, canonicalMac, parseCidr } from "../../instance/addresses.ts";
import { BareMetalNodeFacts, BareMetalPortFacts, PortGroupFacts } from "../../instance/bare-metal-facts.ts";
import {
	FloatingIpFacts,
	InterfaceAttachmentFacts,
	KeypairFacts,
	NetworkFacts,
	PortFacts,
	SecurityGroupFacts,
	ServerFacts,
	ShareFacts,
	SubnetFacts,
	TrunkFacts,
	VersionFacts,
	VolumeAttachmentFacts,
} from "../../instance/facts.ts";
import { findInvalidSshKey } from "../../instance/keypairs.ts";

/** Rejects a resource because of the value at a path within it. */
export type Complain = (place: JsonPath, what: string) => never;

interface Collection<S extends TSchema> {
	/** The key of a single resource in an API's answer. */
	readonly singular: string;
	readonly schema: S;
	/** Two resources with the same identity are the same resource. */
	identity(resource: Static<S>): string;
	/** Makes a resource's text canonical and fills in what is missing, or complains. */
	refine?(resource: Static<S>, complain: Complain): void;
}

const collection = <S extends TSchema>(definition: Collection<S>): Collection<S> => definition;
const byId = ({ id }: { readonly id: string }) => id;
const byUuid = ({ uuid }: { readonly uuid: string }) => uuid;

const optionalText = Type.Optional(Type.String());

/** A port in a file: members with only one possible value may be missing. */
export const PortEntry = Type.Object({
	...PortFacts.properties,
	network_id: optionalText,
	mac_address: optionalText,
	device_id: optionalText,
	fixed_ips: Type.Array(Type.Object({ subnet_id: optionalText, ip_address: Type.String() }), { default: [] }),
});
export type PortEntry = Static<typeof PortEntry>;

/** Nova's answer is about one server, which it does not name. */
export const ShareEntry = Type.Object({ ...ShareFacts.properties, server_id: optionalText });
export type ShareEntry = Static<typeof ShareEntry>;

export const SubnetEntry = Type.Object({ ...SubnetFacts.properties, network_id: optionalText });
export type SubnetEntry = Static<typeof SubnetEntry>;

/** The id of the version with microversions, among those that a compute API lists. */
export const COMPUTE_API = "v2.1";

/** Every collection, by its key in the plural. */
export const COLLECTIONS = {
	servers: collection({
		singular: "server",
		schema: ServerFacts,
		identity: byId,
		refine(server, complain) {
			server.id = server.id.toLowerCase();
			// Nova's request to create a server has this member; its answers, and inventories, do not.
			if ("user_data" in server) {
				complain(
					["user_data"],
					'is not a member of a server: name it "OS-EXT-SRV-ATTR:user_data", with base64 as its value',
				);
			}
			if (!isBase64(server["OS-EXT-SRV-ATTR:user_data"] ?? "")) {
				complain(["OS-EXT-SRV-ATTR:user_data"], 'must be base64: encode the text, for example with "base64 -w0"');
			}
		},
	}),
	keypairs: collection({
		singular: "keypair",
		schema: KeypairFacts,
		identity: ({ user_id, name }) => JSON.stringify([user_id, name]),
		refine(keypair, complain) {
			const wrong = keypair.type === "ssh" && findInvalidSshKey(keypair.public_key);
			if (typeof wrong !== "string") return;
			const line = `${wrong.slice(0, 20)}${wrong.length > 20 ? "…" : ""}`;
			complain(["public_key"], `has the line "${line}", which is not an SSH key: write one key per line`);
		},
	}),
	ports: collection({ singular: "port", schema: PortEntry, identity: byId, refine: refinePort }),
	networks: collection({ singular: "network", schema: NetworkFacts, identity: byId }),
	subnets: collection({ singular: "subnet", schema: SubnetEntry, identity: byId, refine: refineSubnet }),
	trunks: collection({ singular: "trunk", schema: TrunkFacts, identity: byId, refine: refineTrunk }),
	floatingips: collection({
		singular: "floatingip",
		schema: FloatingIpFacts,
		identity: byId,
		refine(floatingIp, complain) {
			floatingIp.floating_ip_address = addressOr(floatingIp.floating_ip_address, ["floating_ip_address"], complain);
		},
	}),
	security_groups: collection({ singular: "security_group", schema: SecurityGroupFacts, identity: byId }),
	baremetal_nodes: collection({
		singular: "baremetal_node",
		schema: BareMetalNodeFacts,
		identity: byUuid,
		refine(node) {
			node.instance_uuid = node.instance_uuid?.toLowerCase() ?? null;
		},
	}),
	baremetal_ports: collection({
		singular: "baremetal_port",
		schema: BareMetalPortFacts,
		identity: byUuid,
		refine(port, complain) {
			port.address = macOr(port.address, ["address"], complain);
		},
	}),
	portgroups: collection({
		singular: "portgroup",
		schema: PortGroupFacts,
		identity: byUuid,
		refine(group, complain) {
			if (group.address !== null) group.address = macOr(group.address, ["address"], complain);
		},
	}),
	interfaceAttachments: collection({
		singular: "interfaceAttachment",
		schema: InterfaceAttachmentFacts,
		identity: ({ port_id }) => port_id,
	}),
	shares: collection({
		singular: "share",
		schema: ShareEntry,
		identity: ({ server_id, share_id }) => JSON.stringify([server_id, share_id]),
		refine(share) {
			if (share.server_id !== undefined) share.server_id = share.server_id.toLowerCase();
		},
	}),
	versions: collection({ singular: "version", schema: VersionFacts, identity: byId }),
	volumeAttachments: collection({
		singular: "volumeAttachment",
		schema: VolumeAttachmentFacts,
		identity: ({ serverId, volumeId }) => JSON.stringify([serverId, volumeId]),
		refine(attachment) {
			attachment.serverId = attachment.serverId.toLowerCase();
		},
	}),
};

export type CollectionName = keyof typeof COLLECTIONS;
export type ResourceOf<N extends CollectionName> = Static<(typeof COLLECTIONS)[N]["schema"]>;
/** The resources of one file, in its order. */
export type Collections = { readonly [N in CollectionName]: ResourceOf<N>[] };

export const COLLECTION_NAMES = Object.keys(COLLECTIONS) as readonly CollectionName[];

function refinePort(port: PortEntry, complain: Complain): void {
	if (port.device_id !== undefined) port.device_id = port.device_id.toLowerCase();
	if (port.mac_address !== undefined) port.mac_address = macOr(port.mac_address, ["mac_address"], complain);
	for (const [index, fixedIp] of port.fixed_ips.entries()) {
		// A snapshot of bare metal has such an address where only the DHCP server knows it.
		if (fixedIp.ip_address === "" && fixedIp.subnet_id !== undefined) continue;
		fixedIp.ip_address = addressOr(fixedIp.ip_address, ["fixed_ips", index, "ip_address"], complain);
	}
	for (const [index, { ip_address: pair }] of port.allowed_address_pairs.entries()) {
		const place = ["allowed_address_pairs", index, "ip_address"];
		if (!parseCidr(pair)) addressOr(pair, place, complain);
	}
}

/** Neutron's rule: a subnet's gateway and routes belong to its address family. Clients reject others. */
function refineSubnet(subnet: SubnetEntry, complain: Complain): void {
	const { version } = cidrOr(subnet.cidr, ["cidr"], complain);
	const ofFamily = (text: string, place: JsonPath) => {
		const address = addressOr(text, place, complain);
		return addressVersion(address) === version ? address : complain(place, otherFamily(text, subnet.cidr));
	};
	if (subnet.gateway_ip !== null) subnet.gateway_ip = ofFamily(subnet.gateway_ip, ["gateway_ip"]);
	for (const [index, server] of subnet.dns_nameservers.entries()) {
		subnet.dns_nameservers[index] = addressOr(server, ["dns_nameservers", index], complain);
	}
	for (const [index, route] of subnet.host_routes.entries()) {
		const place = ["host_routes", index, "destination"];
		const destination = cidrOr(route.destination, place, complain);
		if (destination.version !== version) complain(place, otherFamily(route.destination, subnet.cidr));
		route.nexthop = ofFamily(route.nexthop, ["host_routes", index, "nexthop"]);
	}
}

function otherFamily(text: string, cidr: string): string {
	return `"${text}" and the subnet (${cidr}) belong to different address families: correct one of them`;
}

function refineTrunk(trunk: TrunkFacts, complain: Complain): void {
	for (const [index, { segmentation_type: type, segmentation_id: id }] of trunk.sub_ports.entries()) {
		if (type === "vlan" && !(id && id >= 1 && id <= 4094)) {
			complain(["sub_ports", index], 'needs "segmentation_id", a VLAN from 1 to 4094: add it');
		}
	}
}

function addressOr(text: string, place: JsonPath, complain: Complain): string {
	return canonicalAddress(text) ?? complain(place, `"${text}" is not an IP address: correct it`);
}

function cidrOr(text: string, place: JsonPath, complain: Complain): Cidr {
	return (
		parseCidr(text) ?? complain(place, `"${text}" is not a CIDR such as 192.0.2.0/24 or 2001:db8::/64: correct it`)
	);
}

function macOr(text: string, place: JsonPath, complain: Complain): string {
	return canonicalMac(text) ?? complain(place, `"${text}" is not a MAC address such as 52:54:00:12:34:56: correct it`);
}

/** Base64 in either alphabet, with or without line breaks and padding. Node's decoder skips everything else. */
function isBase64(text: string): boolean {
	const characters = text.replaceAll(/\s/g, "");
	if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(characters) || /\S[ \t]+\S/.test(text)) return false;
	// Four characters are three bytes, so a single one cannot remain.
	return characters.replaceAll("=", "").length % 4 !== 1;
}
