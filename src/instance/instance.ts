/**
 * The normalized model: an instance as all documents read it. Plain frozen data. Addresses are in canonical form (IPv6
 * compressed and lower case), MAC addresses are lower case with colons, and absent facts are absent members, never `null`.
 */
import type { NovaRelease } from "./nova-release.ts";

/** The address family. */
export type IpVersion = 4 | 6;

/** A route of a subnet, from Neutron's `host_routes`. */
export interface HostRoute {
	/** The destination as CIDR. */
	readonly destination: string;
	readonly nexthop: string;
}

/** How a subnet assigns IPv6 addresses: Neutron's `ipv6_address_mode` and `ipv6_ra_mode`. */
export type Ipv6AddressMode = "slaac" | "dhcpv6-stateful" | "dhcpv6-stateless";

/** A subnet of a network, with everything that a guest may know about it. */
export interface Subnet {
	readonly id: string;
	readonly name: string;
	readonly version: IpVersion;
	readonly cidr: string;
	/** In bits, from 0 to 32 or 128. */
	readonly prefixLength: number;
	readonly gateway?: string;
	readonly dhcp: boolean;
	/** Address of the `network:dhcp` port on this subnet, if there is one. */
	readonly dhcpServer?: string;
	readonly addressMode?: Ipv6AddressMode;
	readonly raMode?: Ipv6AddressMode;
	readonly dnsServers: readonly string[];
	readonly hostRoutes: readonly HostRoute[];
	readonly tags: readonly string[];
}

/** A network that a port is connected to. */
export interface Network {
	readonly id: string;
	readonly name: string;
	/** In bytes. Absent if Neutron does not know it. */
	readonly mtu?: number;
	readonly dnsDomain?: string;
	readonly tags: readonly string[];
	readonly provider?: { readonly type?: string; readonly physicalNetwork?: string; readonly segmentationId?: number };
}

/** An address of a port, with its subnet. */
export interface FixedIp {
	/** Absent where only the subnet's DHCP server or router knows it; nothing is known of the subnet then. */
	readonly address?: string;
	readonly subnet: Subnet;
}

/** A floating IP that leads to an address of the port. */
export interface FloatingIp {
	readonly id: string;
	readonly address: string;
	readonly fixedAddress?: string;
	readonly networkId?: string;
}

/** One rule of a security group, as Neutron has it. */
export interface SecurityGroupRule {
	readonly direction: string;
	readonly ethertype?: string;
	readonly protocol?: string;
	readonly portRangeMin?: number;
	readonly portRangeMax?: number;
	readonly remoteIpPrefix?: string;
	readonly remoteGroupId?: string;
	readonly description?: string;
}

/** A security group of a port. */
export interface SecurityGroup {
	readonly id: string;
	readonly name: string;
	readonly description?: string;
	readonly stateful?: boolean;
	readonly rules: readonly SecurityGroupRule[];
}

/** A VLAN of a trunk: the subport's port, and the VLAN id on the parent port. */
export interface Subport {
	/** 1 to 4094. */
	readonly vlanId: number;
	readonly port: Port;
}

/** A trunk: the VLANs that a parent port carries. */
export interface Trunk {
	readonly id: string;
	readonly name: string;
	readonly subports: readonly Subport[];
}

/** The bond of a bare-metal port: an Ironic port group. */
export interface PortGroup {
	readonly id: string;
	/** The mode of the bonding driver, as stored by Ironic. */
	readonly mode: string;
	/** Further options of the driver. Keys start with `bond_`, values are text. */
	readonly options: Readonly<Record<string, string>>;
	readonly members: readonly { readonly id: string; readonly macAddress: string }[];
}

/** A NIC of the instance, or a subport of a trunk. */
export interface Port {
	readonly id: string;
	readonly name: string;
	readonly macAddress: string;
	/**
	 * Whether the NIC is plugged into the guest: its binding is neither `unbound` nor `binding_failed`. A listed NIC that
	 * does not exist makes cloud-init drop all networking (cloud-init issue 3920).
	 */
	readonly plugged: boolean;
	/** Neutron's `binding:vif_type`, if visible. */
	readonly vifType?: string;
	readonly vnicType?: string;
	readonly network: Network;
	readonly fixedIps: readonly FixedIp[];
	readonly floatingIps: readonly FloatingIp[];
	readonly securityGroups: readonly SecurityGroup[];
	readonly allowedAddressPairs: readonly { readonly ip_address: string; readonly mac_address?: string }[];
	readonly portSecurity?: boolean;
	readonly dnsName?: string;
	readonly dnsDomain?: string;
	/** In place of `dnsDomain`, if there are several. */
	readonly searchDomains?: readonly string[];
	readonly dnsAssignment: readonly { readonly ip_address: string; readonly hostname: string; readonly fqdn: string }[];
	readonly description?: string;
	readonly tags: readonly string[];
	/** The device tag given at boot or attach. */
	readonly deviceTag?: string;
	/** The VLAN that the guest itself has to tag: that of a passed-through physical function. */
	readonly vlanOfFunction?: number;
	/** Whether a virtual function may change its MAC address and become promiscuous. */
	readonly trustedFunction?: boolean;
	readonly trunk?: Trunk;
	/** Present if the NIC is a bare-metal bond. */
	readonly portGroup?: PortGroup;
}

/** A public key that the server was created with. */
export interface Keypair {
	readonly name: string;
	readonly type: string;
	readonly publicKey: string;
}

/** What Nova knows besides the wiring. */
export interface Server {
	readonly name: string;
	/** Without domain. */
	readonly hostname: string;
	/** ISO 8601, UTC. */
	readonly created?: string;
	/** When it last started as a new guest: at its boot, a rebuild, a resize or an unshelving. */
	readonly launched?: Date;
	/** In the order of the API. */
	readonly metadata: ReadonlyMap<string, string>;
	/** In order. A public key is as Nova has it: byte for byte, and of several lines if somebody imported it so. */
	readonly keypairs: readonly Keypair[];
	readonly keyNames: readonly string[];
	/** The user that created the server, who also owns its key pairs. */
	readonly userId?: string;
	readonly imageId?: string;
	readonly flavorName?: string;
	readonly availabilityZone?: string;
	readonly launchIndex: number;
	readonly reservationId?: string;
	/** Nova's `instance-%08x`, which the EC2 id comes from. */
	readonly instanceName?: string;
	readonly kernelId?: string;
	readonly ramdiskId?: string;
	readonly rootDeviceName?: string;
	readonly userData?: Uint8Array;
	readonly securityGroupNames: readonly string[];
	readonly volumes: readonly { readonly id: string; readonly device?: string; readonly tag?: string }[];
	/** The attached shares that the guest can mount. */
	readonly shares: readonly { readonly id: string; readonly tag: string }[];
	readonly dedicatedCpus: readonly number[];
}

/**
 * How much of an instance is asked for: `wiring` is enough for `network_data.json`, `server` for `meta_data.json` and the
 * other documents about the server itself, `all` for every document.
 */
export type Detail = "wiring" | "server" | "all";

/** Where a port is on the network. */
export interface PortPlace {
	readonly networkId: string;
	readonly macAddress: string;
	readonly addresses: readonly string[];
}

/** One instance: its wiring, and its server if that was requested. */
export interface Instance {
	/** Nova's server id: lower case. */
	readonly id: string;
	/**
	 * The project that owns it: the server's, or, when only the wiring was asked for, the one project that all of its
	 * ports agree on. Absent when they don't: then the server has to be asked (a port's `device_id` is free text that
	 * anybody can write, CVE-2013-6419).
	 */
	readonly projectId?: string;
	/** In NIC order. Plugged or not; subports are under their parent's `trunk`. */
	readonly ports: readonly Port[];
	/** On bare metal, the MAC addresses of all NICs of the node. */
	readonly nicAddresses?: readonly string[];
	/** On bare metal, where Ironic's ramdisk is on the network. They are in no document. Absent when there are none. */
	readonly ramdiskPorts?: readonly PortPlace[];
	/** Absent when only the wiring was asked for. */
	readonly server?: Server;
	/** The release of the cloud's Nova, where it is known: profile `nova` answers as it does. */
	readonly novaRelease?: NovaRelease;
}
