/**
 * Facts in the form of OpenStack's APIs, limited to the members that Guestwire reads, under the APIs' own names. Every
 * source provides them; `assemble` turns them into an `Instance`. Each schema is also what sources validate an answer or
 * a file with; members without a place here are dropped, which keeps memory small.
 */

import Type, { type Static } from "typebox";
import type { BareMetalPortFacts, PortGroupFacts } from "./bare-metal-facts.ts";

const text = Type.String({ default: "" });
const textOrNull = Type.Union([Type.String(), Type.Null()], { default: null });
const optional = Type.Optional;

/** An address of a port: empty where only the subnet's DHCP server or router knows it. Neutron always does. */
export const FixedIpFacts = Type.Object({ subnet_id: Type.String(), ip_address: Type.String() });

/** A Neutron port. https://docs.openstack.org/api-ref/network/v2/#ports */
export const PortFacts = Type.Object({
	id: Type.String(),
	name: text,
	network_id: Type.String(),
	mac_address: Type.String(),
	device_id: text,
	device_owner: text,
	project_id: optional(Type.String()),
	created_at: optional(Type.String()),
	fixed_ips: Type.Array(FixedIpFacts, { default: [] }),
	"binding:vif_type": optional(Type.String()),
	"binding:vnic_type": optional(Type.String()),
	"binding:vif_details": optional(
		Type.Union([
			Type.Object({ vlan: optional(Type.Union([Type.Integer(), Type.String(), Type.Null()])) }),
			Type.Null(),
		]),
	),
	"binding:profile": optional(
		Type.Union([
			Type.Object({ trusted: optional(Type.Union([Type.Boolean(), Type.String(), Type.Null()])) }),
			Type.Null(),
		]),
	),
	security_groups: Type.Array(Type.String(), { default: [] }),
	allowed_address_pairs: Type.Array(Type.Object({ ip_address: Type.String(), mac_address: optional(Type.String()) }), {
		default: [],
	}),
	port_security_enabled: optional(Type.Boolean()),
	dns_name: optional(textOrNull),
	dns_domain: optional(textOrNull),
	/** Search domains. Only of a node's network data: a port of Neutron has one domain. */
	dns_search: optional(Type.Array(Type.String())),
	dns_assignment: optional(
		Type.Array(Type.Object({ ip_address: Type.String(), hostname: Type.String(), fqdn: Type.String() })),
	),
	description: optional(textOrNull),
	tags: Type.Array(Type.String(), { default: [] }),
});
export type PortFacts = Static<typeof PortFacts>;

/** A Neutron network. */
export const NetworkFacts = Type.Object({
	id: Type.String(),
	name: text,
	mtu: optional(Type.Union([Type.Integer({ minimum: 0, maximum: 65535 }), Type.Null()])),
	dns_domain: optional(textOrNull),
	tags: Type.Array(Type.String(), { default: [] }),
	"provider:network_type": optional(textOrNull),
	"provider:physical_network": optional(textOrNull),
	"provider:segmentation_id": optional(Type.Union([Type.Integer(), Type.Null()])),
});
export type NetworkFacts = Static<typeof NetworkFacts>;

/** A Neutron subnet. */
export const SubnetFacts = Type.Object({
	id: Type.String(),
	name: text,
	network_id: Type.String(),
	ip_version: optional(Type.Union([Type.Literal(4), Type.Literal(6)])),
	cidr: Type.String(),
	gateway_ip: textOrNull,
	enable_dhcp: Type.Boolean({ default: true }),
	ipv6_ra_mode: optional(textOrNull),
	ipv6_address_mode: optional(textOrNull),
	dns_nameservers: Type.Array(Type.String(), { default: [] }),
	host_routes: Type.Array(Type.Object({ destination: Type.String(), nexthop: Type.String() }), { default: [] }),
	tags: Type.Array(Type.String(), { default: [] }),
});
export type SubnetFacts = Static<typeof SubnetFacts>;

/** A Neutron trunk: its parent port and its subports. */
export const TrunkFacts = Type.Object({
	id: Type.String(),
	name: text,
	port_id: Type.String(),
	sub_ports: Type.Array(
		Type.Object({
			port_id: Type.String(),
			segmentation_type: Type.String({ default: "vlan" }),
			segmentation_id: optional(Type.Union([Type.Integer(), Type.Null()])),
		}),
		{ default: [] },
	),
});
export type TrunkFacts = Static<typeof TrunkFacts>;

/** A Neutron floating IP. */
export const FloatingIpFacts = Type.Object({
	id: Type.String(),
	floating_ip_address: Type.String(),
	floating_network_id: optional(Type.String()),
	fixed_ip_address: textOrNull,
	port_id: textOrNull,
});
export type FloatingIpFacts = Static<typeof FloatingIpFacts>;

/** A Neutron security group with its rules. */
export const SecurityGroupFacts = Type.Object({
	id: Type.String(),
	name: text,
	description: optional(textOrNull),
	stateful: optional(Type.Boolean()),
	security_group_rules: Type.Array(
		Type.Object({
			id: optional(Type.String()),
			direction: Type.String(),
			ethertype: optional(textOrNull),
			protocol: optional(Type.Union([Type.String(), Type.Integer(), Type.Null()])),
			port_range_min: optional(Type.Union([Type.Integer(), Type.Null()])),
			port_range_max: optional(Type.Union([Type.Integer(), Type.Null()])),
			remote_ip_prefix: optional(textOrNull),
			remote_group_id: optional(textOrNull),
			description: optional(textOrNull),
		}),
		{ default: [] },
	),
});
export type SecurityGroupFacts = Static<typeof SecurityGroupFacts>;

/** A Nova server, as `GET /servers/{id}` returns it to an administrator. https://docs.openstack.org/api-ref/compute/ */
export const ServerFacts = Type.Object({
	id: Type.String(),
	name: text,
	tenant_id: optional(Type.String()),
	user_id: optional(Type.String()),
	created: optional(Type.String()),
	/** A list only in an inventory. */
	key_name: optional(Type.Union([Type.String(), Type.Null(), Type.Array(Type.String())])),
	/** Keys that are numbers have a mark (key-order.ts), in `addresses`, too. */
	metadata: Type.Record(Type.String(), Type.String(), { default: {} }),
	addresses: Type.Record(
		Type.String(),
		Type.Array(
			Type.Object({
				addr: Type.String(),
				version: optional(Type.Integer()),
				"OS-EXT-IPS-MAC:mac_addr": optional(Type.String()),
				"OS-EXT-IPS:type": optional(Type.String()),
			}),
		),
		{ default: {} },
	),
	image: optional(Type.Union([Type.Object({ id: Type.String() }), Type.String(), Type.Null()])),
	flavor: optional(Type.Object({ original_name: optional(Type.String()), name: optional(Type.String()) })),
	security_groups: Type.Array(Type.Object({ name: Type.String() }), { default: [] }),
	/** Only in an inventory: Nova has another call for them. */
	dedicated_cpus: optional(Type.Array(Type.Integer({ minimum: 0 }))),
	"OS-EXT-AZ:availability_zone": optional(textOrNull),
	"OS-SRV-USG:launched_at": optional(textOrNull),
	"OS-EXT-SRV-ATTR:hostname": optional(textOrNull),
	"OS-EXT-SRV-ATTR:instance_name": optional(textOrNull),
	"OS-EXT-SRV-ATTR:launch_index": optional(Type.Union([Type.Integer(), Type.Null()])),
	"OS-EXT-SRV-ATTR:reservation_id": optional(textOrNull),
	"OS-EXT-SRV-ATTR:kernel_id": optional(textOrNull),
	"OS-EXT-SRV-ATTR:ramdisk_id": optional(textOrNull),
	"OS-EXT-SRV-ATTR:root_device_name": optional(textOrNull),
	"OS-EXT-SRV-ATTR:user_data": optional(textOrNull),
});
export type ServerFacts = Static<typeof ServerFacts>;

/** A Nova key pair. */
export const KeypairFacts = Type.Object({
	name: Type.String(),
	user_id: optional(Type.String()),
	type: Type.String({ default: "ssh" }),
	public_key: Type.String(),
});
export type KeypairFacts = Static<typeof KeypairFacts>;

/** A NIC's attachment, as `GET /servers/{id}/os-interface` returns it; only its device tag is used. */
export const InterfaceAttachmentFacts = Type.Object({ port_id: Type.String(), tag: optional(textOrNull) });
export type InterfaceAttachmentFacts = Static<typeof InterfaceAttachmentFacts>;

/** A volume's attachment, as `GET /servers/{id}/os-volume_attachments` returns it. */
export const VolumeAttachmentFacts = Type.Object({
	serverId: Type.String(),
	volumeId: Type.String(),
	device: optional(textOrNull),
	tag: optional(textOrNull),
});
export type VolumeAttachmentFacts = Static<typeof VolumeAttachmentFacts>;

/** The attachment of a Manila share, as `GET /servers/{id}/shares` returns it. The guest mounts the share by its tag. */
export const ShareFacts = Type.Object({
	share_id: Type.String(),
	status: Type.String({ default: "active" }),
	tag: optional(textOrNull),
});
export type ShareFacts = Static<typeof ShareFacts>;

/** One of the versions that an API's root names; the compute API's `v2.1` has Nova's newest microversion. */
export const VersionFacts = Type.Object({ id: Type.String(), version: text });
export type VersionFacts = Static<typeof VersionFacts>;

/**
 * Everything a source knows about one instance. Lists keep the source's order. Objects that instances share (networks,
 * subnets, security groups) may be the same in several of these. `emptyFacts` makes one with empty lists.
 */
export interface InstanceFacts {
	/** Lower case. */
	readonly id: string;
	/** The project that owns the instance, where it is known without the server. */
	readonly projectId?: string;
	/** Absent if only the wiring was asked for and the server was not needed for it. */
	readonly server?: ServerFacts;
	readonly keypairs?: readonly KeypairFacts[];
	/** The guest's CPUs that are pinned to a dedicated host CPU, from Nova's topology API. */
	readonly dedicatedCpus?: readonly number[];
	readonly shares?: readonly ShareFacts[];
	/** The newest microversion of the cloud's Nova; only read for Nova's own profile. */
	readonly novaMicroversion?: string;
	/** Ports whose `device_id` is the instance, and which belong to it (source/ownership.ts). */
	readonly ports: readonly PortFacts[];
	/** The trunks' subports, named by `trunks[].sub_ports[].port_id`. */
	readonly subports: readonly PortFacts[];
	readonly trunks: readonly TrunkFacts[];
	readonly networks: readonly NetworkFacts[];
	readonly subnets: readonly SubnetFacts[];
	/** Ports with owner `network:dhcp` on these networks: only the profile `nova` needs them. */
	readonly dhcpPorts: readonly PortFacts[];
	readonly floatingIps: readonly FloatingIpFacts[];
	readonly securityGroups: readonly SecurityGroupFacts[];
	readonly interfaceAttachments: readonly InterfaceAttachmentFacts[];
	readonly volumeAttachments: readonly VolumeAttachmentFacts[];
	readonly bareMetalPorts: readonly BareMetalPortFacts[];
	readonly portGroups: readonly PortGroupFacts[];
}
