/** How glean reads a document: the interfaces that it makes of links and networks (`get_config_drive_interfaces`). */
import { isBlank, isObject } from "../json.ts";
import { asKey, get, isIn, iterate, keyError, lower } from "./glean-python.ts";

/** A link with the members of its network, and what glean adds to it. */
export interface Interface {
	readonly pointer: string;
	/** The link's members, and those of its networks up to this one. */
	readonly members: Record<string, unknown>;
	macAddress?: string;
	/** The MAC addresses of the NICs below. */
	rawMacs?: string[];
}

type Links = Map<unknown, Interface>;

/** @throws GleanStop where glean would stop */
export function readInterfaces(document: unknown): [unknown, Interface][] {
	if (isBlank(document) || document === undefined) return [];
	if (isIn("services", document, "")) {
		for (const [index, service] of iterate(get(document, "services", ""), "/services").entries()) {
			const pointer = `/services/${index}`;
			if (get(service, "type", pointer) === "dns") get(service, "address", pointer);
		}
	}
	if (!isIn("networks", document, "") || !isIn("links", document, "")) return [];
	const networks = iterate(get(document, "networks", ""), "/networks").map((raw, index) => ({
		raw,
		pointer: `/networks/${index}`,
	}));
	const used = new Set(networks.map(({ raw, pointer }) => asKey(get(raw, "link", pointer), pointer)));
	const { nics, bonds, vlans } = readLinks(document);
	const interfaces = new Map<unknown, Interface>();
	for (const vlan of vlans.values()) readVlan(vlan, nics, bonds);
	for (const [id, bond] of bonds) {
		readBond(bond, nics);
		if (!used.has(id)) addManual(interfaces, bond);
	}
	for (const [id, nic] of nics) {
		nic.macAddress = lower(get(nic.members, "ethernet_mac_address", nic.pointer), nic.pointer);
		if (!used.has(id)) addManual(interfaces, nic);
	}
	for (const { raw, pointer } of networks) {
		const id = asKey(get(raw, "link", pointer), pointer);
		const link = vlans.get(id) ?? nics.get(id) ?? bonds.get(id);
		if (!link || !isObject(raw)) continue;
		Object.assign(link.members, raw);
		interfaces.set(asKey(get(raw, "id", pointer), pointer), { ...link, pointer, members: { ...link.members } });
	}
	return [...interfaces];
}

function addManual(interfaces: Map<unknown, Interface>, link: Interface): void {
	link.members["type"] = "manual";
	interfaces.set(asKey(link.members["id"], link.pointer), link);
}

function readLinks(document: unknown): { nics: Links; bonds: Links; vlans: Links } {
	const kinds = { nics: new Map(), bonds: new Map(), vlans: new Map() } as { nics: Links; bonds: Links; vlans: Links };
	for (const [index, raw] of iterate(get(document, "links", ""), "/links").entries()) {
		const pointer = `/links/${index}`;
		const type = get(raw, "type", pointer);
		const id = asKey(get(raw, "id", pointer), pointer);
		const links = type === "vlan" ? kinds.vlans : type === "bond" ? kinds.bonds : kinds.nics;
		links.set(id, { pointer, members: { ...(raw as object) } });
	}
	return kinds;
}

function readVlan(vlan: Interface, nics: Links, bonds: Links): void {
	const { members, pointer } = vlan;
	const id = asKey(get(members, "vlan_link", pointer), pointer);
	const macOf = (link: Interface) => lower(get(link.members, "ethernet_mac_address", link.pointer), link.pointer);
	const parent = nics.get(id) ?? bonds.get(id);
	if (!parent) return;
	vlan.rawMacs = nics.has(id)
		? [macOf(parent)]
		: iterate(get(parent.members, "bond_links", parent.pointer), parent.pointer).map((nic) =>
				macOf(linkOf(nics, nic, parent.pointer)),
			);
	const own = get(parent.members, "ethernet_mac_address", parent.pointer);
	vlan.macAddress = lower(Object.hasOwn(members, "vlan_mac_address") ? members["vlan_mac_address"] : own, pointer);
}

function readBond(bond: Interface, nics: Links): void {
	const { members, pointer } = bond;
	const below = iterate(get(members, "bond_links", pointer), pointer).map((id) => linkOf(nics, id, pointer));
	for (const nic of below) nic.members["bond_master"] = members["id"];
	bond.rawMacs = below.map((nic) => lower(get(nic.members, "ethernet_mac_address", nic.pointer), nic.pointer));
	bond.macAddress = lower(get(members, "ethernet_mac_address", pointer), pointer);
}

function linkOf(links: Links, id: unknown, pointer: string): Interface {
	const link = links.get(asKey(id, pointer));
	if (!link) throw keyError(id, pointer);
	return link;
}
