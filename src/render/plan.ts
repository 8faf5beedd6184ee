/**
 * The normal form that every file is written from: one record per interface, with everything that belongs to it.
 *
 * Every text in it is safe to write: addresses are parsed and canonical, names and domains are validated, and free text
 * of the document (ids) does not occur. What no guest can do is a remark instead.
 */
import type { Remark } from "../documents/reading.ts";
import { anyAddress } from "../instance/addresses.ts";
import type { BondHashPolicy, BondMode, BondOption, LacpRate } from "../instance/bonding.ts";
import type { IpVersion } from "../instance/instance.ts";

export interface PlannedAddress {
	readonly version: 4 | 6;
	/** Canonical text. */
	readonly address: string;
	readonly prefixLength: number;
}

export interface PlannedRoute {
	readonly version: 4 | 6;
	/** JSON pointer. */
	readonly pointer: string;
	/** Network address of the destination, host bits zero. A default route is `0.0.0.0` or `::` with prefix length 0. */
	readonly network: string;
	readonly prefixLength: number;
	/** Of the same IP version as the destination. May be IPv6 link-local. Absent if the destination is on the link. */
	readonly gateway?: string;
	/** The gateway is outside the interface's subnets and not IPv6 link-local: it has to be declared on-link. */
	readonly onLink: boolean;
	/** The document's. Else set on a default route that must rank after or before others. Lower wins. */
	readonly metric?: number;
}

/** The metric of routes by router advertisements, in the kernel and in systemd-networkd. */
export const ROUTER_METRIC = 1024;

export interface LearnedMetrics {
	readonly ipv4?: number;
	readonly ipv6?: number;
}

/** How an interface gets its addresses, routes and name servers. */
export interface Addressing {
	/** Static addresses, in document order. */
	readonly addresses: readonly PlannedAddress[];
	readonly dhcp4: boolean;
	/** `stateful`: addresses and options. `stateless`: only options, and the address comes by SLAAC. */
	readonly dhcp6?: "stateful" | "stateless";
	/** Addresses that the document says a DHCP server gives, in document order. Of IPv6 each is alone (/128), as in a lease. */
	readonly leased?: readonly PlannedAddress[];
	/** Whether the interface accepts router advertisements: it has SLAAC or DHCPv6. Otherwise they are turned off. */
	readonly routerAdvertisements: boolean;
	/** At most one per destination and metric, only for IP versions in which the interface has an address or a way to get one. */
	readonly routes: readonly PlannedRoute[];
	/**
	 * The metric of the routes that DHCP servers and routers hand out on this link, by IP version: the document's. Else set
	 * where default routes of several links must be ranked.
	 */
	readonly learnedMetrics?: LearnedMetrics;
	/** Name servers of both IP versions. */
	readonly dns: readonly string[];
	/** Search domains, without a trailing dot. */
	readonly search: readonly string[];
}

interface LinkPlanBase {
	/** Unique, at most 15 characters of `A-Za-z0-9._-`: the interface's name in the configuration. */
	readonly name: string;
	/** JSON pointer of the link. */
	readonly pointer: string;
	/** 6 bytes, lower case, with colons. Absent only if the document has none: the kernel decides then. */
	readonly macAddress?: string;
	/** Bytes. */
	readonly mtu?: number;
}

/** A NIC. The guest finds it by its MAC address, or by its name if the address is unknown. */
export interface PhysicalLinkPlan extends LinkPlanBase {
	readonly kind: "physical";
	/** Whether `name` is the NIC's real name in the guest. Otherwise it is `eth0`, `eth1` … in link order. */
	readonly nameKnown: boolean;
	/** The name of the bond that the NIC is a member of. A member has no addresses of its own. */
	readonly bond?: string;
}

/** The bond asks hosts for replies. The kernel has it in the modes without link state of their own. */
export interface ArpMonitoring {
	/** Milliseconds, above 0. */
	readonly interval: number;
	/** IPv4 addresses, from 1 to 16. */
	readonly targets: readonly string[];
}

export interface BondOptions {
	readonly mode: BondMode;
	/** How the bond notices a dead member: by the members' link state, or by ARP. Milliseconds, above 0. */
	readonly miimon?: number;
	readonly arp?: ArpMonitoring;
	/** Milliseconds. */
	readonly updelay?: number;
	/** Milliseconds. */
	readonly downdelay?: number;
	/** Only in mode `802.3ad`. */
	readonly lacpRate?: LacpRate;
	readonly hashPolicy?: BondHashPolicy;
	/** The member that is in use whenever it can be. */
	readonly primary?: Pick<PhysicalLinkPlan, "name" | "nameKnown">;
	/** Other options by the driver's names, with its values: by name where they have one, switches as 1 or 0. */
	readonly further: FurtherOptions;
}

export type FurtherOptions = Readonly<Partial<Record<BondOption, string>>>;

export interface BondLinkPlan extends LinkPlanBase {
	readonly kind: "bond";
	/** The names of the members, which are physical interfaces. */
	readonly members: readonly string[];
	readonly options: BondOptions;
}

export interface VlanLinkPlan extends LinkPlanBase {
	readonly kind: "vlan";
	/** 1 to 4094. */
	readonly vlanId: number;
	/** The name of the interface below: a NIC, a bond or another VLAN. */
	readonly parent: string;
}

export type LinkPlan = PhysicalLinkPlan | BondLinkPlan | VlanLinkPlan;
export type PlannedPhysical = PhysicalLinkPlan & Addressing;
export type PlannedBond = BondLinkPlan & Addressing;
export type PlannedVlan = VlanLinkPlan & Addressing;
export type PlannedInterface = PlannedPhysical | PlannedBond | PlannedVlan;

export interface Plan {
	/** In an order in which they can be created: NICs, then bonds, then VLANs, each after its parent. */
	readonly interfaces: readonly PlannedInterface[];
	readonly remarks: readonly Remark[];
}

/** The gateway, or what stands for none in formats in which every route has a next hop: `0.0.0.0` or `::`. */
export function nextHop({ gateway, version }: PlannedRoute): string {
	return gateway ?? anyAddress(version);
}

/** The names of NICs that may have another name in the guest. */
export function assumedNames(interfaces: readonly LinkPlan[]): ReadonlySet<string> {
	return new Set(interfaces.filter((one) => one.kind === "physical" && !one.nameKnown).map(({ name }) => name));
}

/** The names of bonds' primary members, as far as they are known. */
export function primaryNames(interfaces: readonly PlannedInterface[]): ReadonlySet<string | undefined> {
	return new Set(interfaces.map((one) => (one.kind === "bond" ? one.options.primary?.name : undefined)));
}

/** Whether a DHCP server or a router may hand out routes of the IP version. */
export function learnsRoutes(one: Addressing, version: IpVersion): boolean {
	return version === 4 ? one.dhcp4 : one.routerAdvertisements;
}

export function isDefault(route: PlannedRoute, version: IpVersion): boolean {
	return route.version === version && route.prefixLength === 0;
}

/** Whether the interface is a bond member, which has no addresses and no routes. */
export function isMember(one: LinkPlan): boolean {
	return one.kind === "physical" && one.bond !== undefined;
}
