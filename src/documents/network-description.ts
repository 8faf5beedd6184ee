/**
 * The content of a `network_data.json` from any program in one form: that of `NetworkData`, plus members that other
 * producers write and Guestwire never emits. Every `NetworkData` is a `NetworkDescription`.
 */
import type { BondLink, NetworkEntry, PhysicalLink, Route, Service, VlanLink } from "./network-data.ts";

/** A NIC. It has a MAC address, a name, or both. */
export interface DescribedNic extends Omit<PhysicalLink, "ethernet_mac_address"> {
	/** Absent if the guest can find the NIC only by `name`. */
	ethernet_mac_address?: string;
	/** The NIC's name in the guest. Only where there is no MAC address: a NIC is not renamed. */
	name?: string;
}

/** A bond. */
export interface DescribedBond {
	id: string;
	vif_id?: string;
	type: "bond";
	mtu?: number;
	/** Absent if the bond gets the address of its first member, and that is unknown. */
	ethernet_mac_address?: string;
	bond_mode: BondLink["bond_mode"];
	/** Ids of the member links. */
	bond_links: string[];
	/** The interface's name. */
	name?: string;
	/** Further options of the bonding driver. */
	[option: `bond_${string}`]: string | number | string[];
	/** The same options under other names, for clients that need them. */
	[alias: `bond-${string}`]: string | string[];
}

/** A VLAN. */
export interface DescribedVlan extends Omit<VlanLink, "vlan_mac_address"> {
	/** Absent if the VLAN has the address of its parent, and that is unknown. */
	vlan_mac_address?: string;
}

/** An interface: a NIC, a bond or a VLAN. */
export type DescribedLink = DescribedNic | DescribedBond | DescribedVlan;

/** A route, with its metric if the document gives one. */
export interface DescribedRoute extends Route {
	/** Lower wins. */
	metric?: number;
}

/** One address of a link, or one way in which the link gets addresses. */
export interface DescribedNetwork extends Omit<NetworkEntry, "routes"> {
	routes?: DescribedRoute[];
	/** That of the routes that the DHCP server or the routers of the network hand out. Absent for static networks. */
	metric?: number;
}

/** A document, read: unique ids, valid references, values in the types and forms of `NetworkData`. */
export interface NetworkDescription {
	links: DescribedLink[];
	networks: DescribedNetwork[];
	services: Service[];
}

/** Whether the guest sets the address of a network of this type itself. */
export function isStaticType(type: unknown): type is "ipv4" | "ipv6" {
	return type === "ipv4" || type === "ipv6";
}
