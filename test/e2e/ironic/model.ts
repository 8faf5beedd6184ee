/** What a document has to say, written down independently from what Ironic answers. */
import type { Json } from "./api.ts";

export interface Wanted {
	readonly links: Json[];
	readonly networks: Json[];
}

type Records = { readonly node: Json; readonly ports: readonly Json[]; readonly groups: readonly Json[] };

/** For a node whose network data names links by the MAC address of any NIC, and a bond by that of its first member. */
export function wantedOf({ node, ports, groups }: Records): Wanted {
	const { links, networks } = node["network_data"] as { links: Json[]; networks: Json[] };
	const wanted: Wanted = { links: [], networks: [] };
	const written = (port: Json) => links.find((link) => link["ethernet_mac_address"] === port["address"]);
	for (const port of ports) {
		const group = groups.find(({ uuid }) => uuid === port["portgroup_uuid"]);
		const members = group ? ports.filter((other) => other["portgroup_uuid"] === group["uuid"]) : [port];
		if (members[0] !== port) continue;
		const link = written(port) as Json;
		const mtu = link["mtu"];
		for (const member of members) wanted.links.push({ type: "phy", ethernet_mac_address: member["address"], mtu });
		if (group) wanted.links.push({ type: "bond", mtu, ...bondOf(group, port) });
		const above = links.filter((other) => other["vlan_link"] === link["id"]);
		for (const { vlan_id, vlan_mac_address } of above) {
			wanted.links.push({ type: "vlan", vlan_id, vlan_mac_address, mtu });
		}
		const ids = [link, ...above].map(({ id }) => id);
		for (const { link: on, type, ip_address, netmask } of networks) {
			if (ids.includes(on)) wanted.networks.push({ type, ip_address, netmask });
		}
	}
	return wanted;
}

function bondOf(group: Json, first: Json): Json {
	const properties = group["properties"] as Json;
	const hasPolicy = "xmit_hash_policy" in properties;
	return {
		ethernet_mac_address: group["address"] ?? first["address"],
		bond_mode: group["mode"],
		bond_miimon: properties["miimon"] ?? 100,
		...(hasPolicy && {
			bond_xmit_hash_policy: properties["xmit_hash_policy"],
			bond_lacp_rate: properties["lacp-rate"],
		}),
	};
}
