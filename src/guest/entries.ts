import { NETWORK_TYPES, type NetworkEntry } from "../documents/network-data.ts";
import type { Wiring } from "./links.ts";
import { isMember, type Warn } from "./plan.ts";
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
	/** Absent when the document doesn't tell it: it comes with the lease or the router advertisement. */
	readonly subnet?: Subnet;
}

export function placeEntries(networks: readonly NetworkEntry[], wiring: Wiring, warn: Warn): PlacedEntry[] {
	return networks.flatMap((entry, i) => {
		const place = `/networks/${i}`;
		const link = wiring.get(entry.link);
		if (link === undefined) warn(`${place}/link`, "names no link that can be made: the network is left out");
		else if (isMember(link)) {
			warn(`${place}/link`, "a bond's member has no addresses of its own: the network is left out");
		} else if (!NETWORK_TYPES.includes(entry.type)) warn(`${place}/type`, "an unknown type: the network is left out");
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
	if (ip === undefined || prefixLength === undefined || versionOf(ip) !== version) return undefined;
	return { ip, prefixLength };
}
