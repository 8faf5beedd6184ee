/**
 * Reads `network_data` of an Ironic node: a `network_data.json` by hand, for which Ironic has a schema
 * (ironic/api/controllers/v1/network-data-schema.json) that lets further members pass.
 */
import { GuestwireError } from "../errors.ts";
import { canonicalMac } from "./addresses.ts";
import type { BareMetalNodeFacts } from "./bare-metal-facts.ts";
import { searchDomainsIn } from "./foreign-words.ts";
import { isMap } from "./is-map.ts";
import { type Fail, idOf, type Json, mapsIn, type NodeAddress, readAddresses, serversIn } from "./node-addresses.ts";
import { mtuOf } from "./switch-side.ts";

/** A link by its id. */
export interface NodeLink {
	readonly id: string;
	/** Lower case. */
	readonly mac?: string;
	readonly mtu?: number;
	/** The ids of a bond's members. */
	readonly members?: readonly string[];
	/** Of a VLAN. */
	readonly vlan?: { readonly id: number; readonly link: string };
	/** A bond's mode and options. */
	readonly bond?: { readonly mode: string; readonly properties: Readonly<Record<string, unknown>> };
}

export interface NodeNetworkData {
	readonly links: ReadonlyMap<string, NodeLink>;
	readonly addresses: readonly NodeAddress[];
	readonly dnsServers: readonly string[];
	readonly searchDomains: readonly string[];
}

/** As many as documents may have (limits.ts). */
const MOST = { links: 500, networks: 2000, services: 100 } as const;

/**
 * Undefined if the node has none.
 *
 * @throws GuestwireError `cloud-answer`: it contains something that is not an address, a link of a network is missing …
 */
export function readNodeNetworkData(node: BareMetalNodeFacts): NodeNetworkData | undefined {
	const isGiven = (value: unknown): value is Json => isMap(value) && Object.keys(value).length > 0;
	const [found] = placesOf(node).flatMap(([at, value]) => (isGiven(value) ? [[at, value] as const] : []));
	if (found === undefined) return undefined;
	const [at, data] = found;
	const fail: Fail = (place, what) => {
		throw new GuestwireError("cloud-answer", `node ${node.uuid}: ${at}.${place} ${what}: correct it in Ironic`);
	};
	for (const [name, most] of Object.entries(MOST)) {
		if (mapsIn(data[name]).length > most) fail(name, `has more than ${most} entries`);
	}
	const links = new Map(mapsIn(data["links"]).map((link, at) => readLink(link, `links[${at}]`, fail)));
	const addresses = readAddresses(data["networks"], fail);
	for (const { link } of addresses)
		if (!links.has(link)) fail("links", `has no link "${link}", which a network refers to`);
	if (links.size === 0) return undefined;
	const { services } = data;
	const dnsServers = serversIn(services, "services", fail);
	return { links, addresses, dnsServers, searchDomains: searchDomainsIn(mapsIn(services)) };
}

/** Where the instance's network data may be, by precedence. The node's own is meant for its ramdisk. */
function placesOf({ instance_info: info, extra, network_data }: BareMetalNodeFacts): [place: string, value: unknown][] {
	const own = (value: unknown) => (isMap(value) ? value["network_data"] : undefined);
	return [
		["instance_info.guestwire.network_data", own(info?.guestwire)],
		["instance_info.network_data", info?.network_data],
		["extra.guestwire.network_data", own(extra?.guestwire)],
		["network_data", network_data],
	];
}

function readLink(link: Json, place: string, fail: Fail): [string, NodeLink] {
	const { type } = link;
	const id = idOf(link["id"]);
	const mtu = mtuOf(link["mtu"]);
	if (id === undefined) return fail(`${place}.id`, "must be text");
	const macText = link["ethernet_mac_address"] ?? link["vlan_mac_address"];
	const mac = typeof macText === "string" ? canonicalMac(macText) : undefined;
	if (macText !== undefined && mac === undefined) fail(place, "has an invalid MAC address");
	const common = {
		id,
		...(mac && { mac }),
		...(mtu !== undefined && { mtu }),
	};
	if (type === "vlan") {
		const [vlan, parent] = [Number(link["vlan_id"]), idOf(link["vlan_link"])];
		if (!Number.isInteger(vlan) || vlan < 1 || vlan > 4094) fail(`${place}.vlan_id`, "must be a number from 1 to 4094");
		if (parent === undefined) return fail(`${place}.vlan_link`, "must be the id of a link");
		return [id, { ...common, vlan: { id: vlan, link: parent } }];
	}
	if (type !== "bond") return mac ? [id, common] : fail(`${place}.ethernet_mac_address`, "is missing");
	const members = Array.isArray(link["bond_links"]) ? link["bond_links"].map(String) : [];
	const options = Object.entries(link).filter(
		([name]) => /^bond[_-]/.test(name) && !/^bond[_-](links|mode)$/.test(name),
	);
	// Ironic's schema has this misspelling of 802.3ad.
	const mode = String(link["bond_mode"] ?? "active-backup").replace("802.1ad", "802.3ad");
	return [id, { ...common, members, bond: { mode, properties: Object.fromEntries(options) } }];
}
