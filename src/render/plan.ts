/**
 * The normal form that every target file is written from: one record per interface, with all that belongs to it.
 *
 * Every text in it is safe to write out: addresses are parsed and canonical, names and domains are checked, and nothing
 * of the document's free text (ids) is in it. What the document says and no guest can do is a warning, and not here.
 */
import type { BondLink } from "../documents/network-data.ts";

/** What a rendering leaves out or changes, and why. */
export interface Warning {
	/** JSON pointer into the document: `/networks/2/routes/0`; empty for the document as a whole. */
	readonly place: string;
	/** One sentence for a person, without the document's free text. */
	readonly reason: string;
}

export type Warn = (place: Warning["place"], reason: Warning["reason"]) => void;

export interface PlannedAddress {
	readonly version: 4 | 6;
	/** Canonical text. */
	readonly address: string;
	readonly prefixLength: number;
}

export interface PlannedRoute {
	readonly version: 4 | 6;
	/** JSON pointer. */
	readonly place: string;
	/** Network address of the destination, host bits zero: `0.0.0.0` or `::` with prefix 0 for a default route. */
	readonly network: string;
	readonly prefixLength: number;
	/** Of the same version as the destination; may be IPv6 link-local. */
	readonly gateway: string;
	/** The gateway is in no subnet of the interface and not IPv6 link-local: it has to be declared reachable. */
	readonly onLink: boolean;
	/** Set on a default route that must rank behind another interface's, or before a router's own: higher is worse. */
	readonly metric?: number;
}

/** How an interface comes to its addresses, routes and name servers. */
export interface Addressing {
	/** Static addresses, in the document's order. */
	readonly addresses: readonly PlannedAddress[];
	readonly dhcp4: boolean;
	/** `stateful`: addresses and options; `stateless`: options alone, the address comes by SLAAC. */
	readonly dhcp6?: "stateful" | "stateless";
	/** Whether router advertisements are listened to: the interface has SLAAC or DHCPv6. Off means off. */
	readonly routerAdvertisements: boolean;
	/** At most one per destination, of IP versions in which the interface has an address or a way to get one. */
	readonly routes: readonly PlannedRoute[];
	/** Name servers, both versions. */
	readonly dns: readonly string[];
	/** Search domains, without a dot at the end. */
	readonly search: readonly string[];
}

interface WiredBase {
	/** Unique, at most 15 characters of `A-Za-z0-9._-`: what the configuration calls the interface. */
	readonly name: string;
	/** JSON pointer of the link. */
	readonly place: string;
	/** Lower case with colons, 6 bytes. */
	readonly macAddress: string;
	/** Bytes. */
	readonly mtu?: number;
}

/** A NIC, found in the guest by its MAC address. */
export interface WiredPhysical extends WiredBase {
	readonly kind: "physical";
	/** Whether `name` is what the guest really calls the NIC; else it is `eth0`, `eth1` … in the links' order. */
	readonly nameKnown: boolean;
	/** Name of the bond it is a member of; then it has no addresses of its own. */
	readonly bond?: string;
}

export type BondMode = BondLink["bond_mode"];
/** In the order of the bonding driver's numbers. */
export const BOND_HASH_POLICIES = ["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"] as const;
export type BondHashPolicy = (typeof BOND_HASH_POLICIES)[number];

export interface BondOptions {
	readonly mode: BondMode;
	/** Milliseconds. */
	readonly miimon?: number;
	/** Milliseconds; only with a `miimon`. */
	readonly updelay?: number;
	/** Milliseconds; only with a `miimon`. */
	readonly downdelay?: number;
	/** With mode `802.3ad` only. */
	readonly lacpRate?: "slow" | "fast";
	readonly hashPolicy?: BondHashPolicy;
}

export interface WiredBond extends WiredBase {
	readonly kind: "bond";
	/** Names of the members, each a physical interface. */
	readonly members: readonly string[];
	readonly options: BondOptions;
}

export interface WiredVlan extends WiredBase {
	readonly kind: "vlan";
	/** 1 to 4094. */
	readonly vlanId: number;
	/** Name of the interface that carries it: physical, bond or another VLAN. */
	readonly parent: string;
}

export type WiredInterface = WiredPhysical | WiredBond | WiredVlan;
export type PlannedPhysical = WiredPhysical & Addressing;
export type PlannedBond = WiredBond & Addressing;
export type PlannedVlan = WiredVlan & Addressing;
export type PlannedInterface = PlannedPhysical | PlannedBond | PlannedVlan;

export interface Plan {
	/** In an order in which they can be made: NICs, then bonds, then VLANs each after its parent. */
	readonly interfaces: readonly PlannedInterface[];
	readonly warnings: readonly Warning[];
}

/** The names of NICs that the guest may call something else. */
export function guessedNames(interfaces: readonly WiredInterface[]): ReadonlySet<string> {
	return new Set(interfaces.filter((one) => one.kind === "physical" && !one.nameKnown).map(({ name }) => name));
}

/** Whether the interface is a bond's member: then it has no addresses, and takes no part in anything above its link. */
export function isMember(one: WiredInterface): boolean {
	return one.kind === "physical" && one.bond !== undefined;
}
