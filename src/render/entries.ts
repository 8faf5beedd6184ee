import type { NetworkType } from "../documents/network-data.ts";
import { type DescribedNetwork, isStaticType } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import type { Cidr } from "../instance/addresses.ts";
import type { LinkPlans } from "./links.ts";
import { type Addressing, isMember } from "./plan.ts";
import { parseAddress, parseNetwork } from "./values.ts";

/** An address and the subnet that it is on. */
export interface EntryAddress {
	/** Canonical. */
	readonly text: string;
	readonly subnet: Cidr;
}

/** A network of an interface that can be set up, and where it stands in the document. */
export interface LocatedEntry {
	readonly entry: DescribedNetwork;
	readonly pointer: string;
	readonly version: 4 | 6;
	/** Absent if the document does not say, or not validly. */
	readonly address?: EntryAddress;
}

/** Whether the guest sets this address itself. */
export function isStatic({ entry }: LocatedEntry): boolean {
	return isStaticType(entry.type);
}

/** How an interface gets addresses from the network. */
export type Dynamic = Pick<Addressing, "dhcp4" | "dhcp6" | "routerAdvertisements">;

/** What each network type turns on. */
export const DYNAMIC: Readonly<Record<NetworkType, Partial<Dynamic>>> = {
	ipv4: {},
	ipv4_dhcp: { dhcp4: true },
	ipv6: {},
	ipv6_slaac: { routerAdvertisements: true },
	"ipv6_dhcpv6-stateless": { dhcp6: "stateless", routerAdvertisements: true },
	"ipv6_dhcpv6-stateful": { dhcp6: "stateful", routerAdvertisements: true },
	// A subnet with DHCP and without modes: the address comes by DHCPv6, the default route by router advertisements.
	ipv6_dhcp: { dhcp6: "stateful", routerAdvertisements: true },
};

export function locateEntries(
	networks: readonly DescribedNetwork[],
	linkPlans: LinkPlans,
	remark: AddRemark,
): LocatedEntry[] {
	return networks.flatMap((entry, i) => {
		const pointer = `/networks/${i}`;
		const link = linkPlans.get(entry.link);
		if (link === undefined) remark(`${pointer}/link`, "no usable link has this id: the network is dropped", entry.link);
		else if (isMember(link)) {
			remark(`${pointer}/link`, "a bond member has no addresses of its own: the network is dropped", entry.link);
		} else if (!Object.hasOwn(DYNAMIC, entry.type))
			remark(`${pointer}/type`, "unknown type: the network is dropped", entry.type);
		else {
			const version = entry.type.startsWith("ipv6") ? 6 : 4;
			const address = addressOf(entry, version);
			return [{ entry, pointer, version, ...(address !== undefined && { address }) }];
		}
		return [];
	});
}

function addressOf(entry: DescribedNetwork, version: 4 | 6): EntryAddress | undefined {
	const text = parseAddress(entry.ip_address);
	const subnet = parseNetwork(text, entry.netmask);
	// A netmask without a bit would put every address on the link. netplan rejects such a file.
	if (text === undefined || subnet?.version !== version || subnet.prefixLength === 0) return undefined;
	return { text, subnet };
}
