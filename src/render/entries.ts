import type { NetworkEntry, NetworkType } from "../documents/network-data.ts";
import type { Wiring } from "./links.ts";
import { type Addressing, isMember, type Warn } from "./plan.ts";
import { type Ip, parseIp, parseNetmask, versionOf } from "./values.ts";

export interface Subnet {
	/** Any address in it. */
	readonly ip: Ip;
	readonly prefixLength: number;
}

/** A network that stands on an interface, with its place in the document. */
export interface PlacedEntry {
	readonly entry: NetworkEntry;
	readonly place: string;
	readonly version: 4 | 6;
	/** Absent when the document doesn't tell it, or tells nonsense. */
	readonly subnet?: Subnet;
}

/** Whether the entry is an address that the guest sets by itself. */
export function isStatic({ entry }: PlacedEntry): boolean {
	return entry.type === "ipv4" || entry.type === "ipv6";
}

/** Ways to get addresses from the network. */
export type Dynamic = Pick<Addressing, "dhcp4" | "dhcp6" | "routerAdvertisements">;

/** What each type of network switches on. */
export const DYNAMIC: Readonly<Record<NetworkType, Partial<Dynamic>>> = {
	ipv4: {},
	ipv4_dhcp: { dhcp4: true },
	ipv6: {},
	ipv6_slaac: { routerAdvertisements: true },
	"ipv6_dhcpv6-stateless": { dhcp6: "stateless", routerAdvertisements: true },
	"ipv6_dhcpv6-stateful": { dhcp6: "stateful", routerAdvertisements: true },
	// A subnet with DHCP and without modes: the address by DHCPv6, the default route by router advertisements.
	ipv6_dhcp: { dhcp6: "stateful", routerAdvertisements: true },
};

export function placeEntries(networks: readonly NetworkEntry[], wiring: Wiring, warn: Warn): PlacedEntry[] {
	return networks.flatMap((entry, i) => {
		const place = `/networks/${i}`;
		const link = wiring.get(entry.link);
		if (link === undefined) warn(`${place}/link`, "names no link that can be made: the network is left out");
		else if (isMember(link)) {
			warn(`${place}/link`, "a bond's member has no addresses of its own: the network is left out");
		} else if (!Object.hasOwn(DYNAMIC, entry.type)) warn(`${place}/type`, "an unknown type: the network is left out");
		else {
			const version = entry.type.startsWith("ipv6") ? 6 : 4;
			const subnet = toldSubnet(entry, version);
			return [{ entry, place, version, ...(subnet !== undefined && { subnet }) }];
		}
		return [];
	});
}

function toldSubnet(entry: NetworkEntry, version: 4 | 6): Subnet | undefined {
	const ip = parseIp(entry.ip_address);
	const prefixLength = parseNetmask(entry.netmask, version);
	// A mask of no bit would put every address on the link; netplan refuses the file.
	if (ip === undefined || !prefixLength || versionOf(ip) !== version) return undefined;
	return { ip, prefixLength };
}
