/**
 * Reads `network_data` of an Ironic node: a `network_data.json` by hand, for which Ironic has a schema
 * (ironic/api/controllers/v1/network-data-schema.json) that lets further members pass.
 */
import { GuestwireError } from "../errors.ts";
import { addressVersion, canonicalAddress, canonicalMac, parseCidr, prefixLengthOf } from "./addresses.ts";
import type { BareMetalNodeFacts } from "./bare-metal-facts.ts";
import type { HostRoute, IpVersion } from "./instance.ts";
import { isMap } from "./is-map.ts";
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

/** An address on a link, or how to get one. */
export interface NodeAddress {
	readonly link: string;
	readonly version: IpVersion;
	readonly assigned: "static" | "dhcp" | "slaac";
	/** Always known if it is static. */
	readonly address?: string;
	readonly prefixLength?: number;
	readonly gateway?: string;
	readonly routes: readonly HostRoute[];
	readonly dnsServers: readonly string[];
	readonly name?: string;
}

export interface NodeNetworkData {
	readonly links: ReadonlyMap<string, NodeLink>;
	readonly addresses: readonly NodeAddress[];
	readonly dnsServers: readonly string[];
}

/** As many as documents may have (limits.ts). */
const MOST = { links: 500, networks: 2000, services: 100 } as const;

type Json = Readonly<Record<string, unknown>>;
/** Rejects a value at a place in the document. */
type Fail = (place: string, what: string) => never;

const TYPES: Readonly<Record<string, Pick<NodeAddress, "version" | "assigned">>> = {
	ipv4: { version: 4, assigned: "static" },
	ipv6: { version: 6, assigned: "static" },
	ipv4_dhcp: { version: 4, assigned: "dhcp" },
	ipv6_dhcp: { version: 6, assigned: "dhcp" },
	"ipv6_dhcpv6-stateful": { version: 6, assigned: "dhcp" },
	"ipv6_dhcpv6-stateless": { version: 6, assigned: "slaac" },
	ipv6_slaac: { version: 6, assigned: "slaac" },
};

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
	const addresses = mapsIn(data["networks"]).flatMap((network, at) => readAddress(network, `networks[${at}]`, fail));
	for (const { link } of addresses)
		if (!links.has(link)) fail("links", `has no link "${link}", which a network refers to`);
	if (links.size === 0) return undefined;
	return { links, addresses, dnsServers: serversIn(data["services"], "services", fail) };
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

function mapsIn(list: unknown): Json[] {
	return Array.isArray(list) ? list.filter(isMap) : [];
}

function readLink(link: Json, place: string, fail: Fail): [string, NodeLink] {
	const { id, type } = link;
	const mtu = mtuOf(link["mtu"]);
	if (typeof id !== "string") return fail(`${place}.id`, "must be text");
	const macText = link["ethernet_mac_address"] ?? link["vlan_mac_address"];
	const mac = typeof macText === "string" ? canonicalMac(macText) : undefined;
	if (macText !== undefined && mac === undefined) fail(place, "has an invalid MAC address");
	const common = {
		id,
		...(mac && { mac }),
		...(mtu !== undefined && { mtu }),
	};
	if (type === "vlan") {
		const [vlan, parent] = [Number(link["vlan_id"]), link["vlan_link"]];
		if (!Number.isInteger(vlan) || vlan < 1 || vlan > 4094) fail(`${place}.vlan_id`, "must be a number from 1 to 4094");
		if (typeof parent !== "string") return fail(`${place}.vlan_link`, "must be the id of a link");
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

function readAddress(network: Json, place: string, fail: Fail): NodeAddress[] {
	const type = TYPES[String(network["type"])];
	// "manual" and other types: nothing to set up.
	if (type === undefined) return [];
	const { link, ip_address: text, netmask, network_id: name } = network;
	if (typeof link !== "string") return fail(`${place}.link`, "must be the id of a link");
	const { version } = type;
	const ofFamily = (value: unknown, member: string): string => {
		const address = typeof value === "string" ? canonicalAddress(value) : undefined;
		if (address === undefined || addressVersion(address) !== version) {
			return fail(`${place}.${member}`, `is not an IPv${version} address`);
		}
		return address;
	};
	const [own, bits] = typeof text === "string" ? text.split("/") : [];
	const address = own === undefined ? undefined : ofFamily(own, "ip_address");
	if (address === undefined && type.assigned === "static") return fail(`${place}.ip_address`, "is missing");
	const prefixLength = prefixLengthOf(version, bits ?? (typeof netmask === "string" ? netmask : ""));
	if (address !== undefined && prefixLength === undefined) return fail(`${place}.netmask`, "is missing or invalid");
	const all = mapsIn(network["routes"]).map((route, at) => readRoute(route, version, `${place}.routes[${at}]`, fail));
	const isDefault = ({ destination }: HostRoute) => destination.endsWith("/0");
	const gateway =
		network["gateway"] === undefined ? all.find(isDefault)?.nexthop : ofFamily(network["gateway"], "gateway");
	return [
		{
			...{ ...type, link, routes: all.filter((route) => !isDefault(route)) },
			...(address !== undefined && { address }),
			...(address !== undefined && prefixLength !== undefined && { prefixLength }),
			...(gateway !== undefined && { gateway }),
			...(typeof name === "string" && { name }),
			dnsServers: [
				...serversIn(network["services"], `${place}.services`, fail),
				...serversIn(network["dns_nameservers"], `${place}.dns_nameservers`, fail),
			],
		},
	];
}

function readRoute(route: Json, version: IpVersion, place: string, fail: Fail): HostRoute {
	const { network, netmask, gateway } = route;
	const [base = "", bits] = String(network).split("/");
	const length = prefixLengthOf(version, bits ?? String(netmask));
	const cidr = length === undefined ? undefined : parseCidr(`${base}/${length}`);
	const nexthop = canonicalAddress(String(gateway));
	if (cidr?.version !== version || nexthop === undefined || addressVersion(nexthop) !== version) {
		return fail(place, `is not an IPv${version} route with network, netmask and gateway`);
	}
	return { destination: `${cidr.network}/${cidr.prefixLength}`, nexthop };
}

/** The servers in a list of services, or of addresses. */
function serversIn(list: unknown, place: string, fail: Fail): string[] {
	if (!Array.isArray(list)) return [];
	return list.flatMap((item, at) => {
		if (isMap(item) && item["type"] !== "dns") return [];
		const address = canonicalAddress(String(isMap(item) ? item["address"] : item));
		return address ?? fail(`${place}[${at}]`, "is not the address of a name server");
	});
}
