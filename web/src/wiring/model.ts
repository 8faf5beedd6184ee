/** The boxes of the picture: NICs, what is stacked on them, and what each link gets of a network. */
import type {
	DescribedLink,
	DescribedNetwork,
	NetworkDescription,
} from "../../../src/documents/network-description.ts";
import { plural } from "../lib/text.ts";

export interface BoxLine {
	readonly label: string;
	readonly value: string;
	/** The guest's default route. */
	readonly isDefault?: boolean;
}

export interface Box {
	readonly id: string;
	readonly kind: "nic" | "bond" | "vlan" | "network" | "nothing";
	readonly title: string;
	readonly lines: readonly BoxLine[];
}

export interface Edge {
	readonly from: string;
	readonly to: string;
}

export interface Picture {
	readonly boxes: readonly Box[];
	readonly edges: readonly Edge[];
	/** The same in one sentence, for those who can't see it. */
	readonly summary: string;
}

/** Names by the ids of networks. */
export type NetworkNames = ReadonlyMap<string, string>;

const ADDRESS_TYPES: Readonly<Record<DescribedNetwork["type"], string>> = {
	ipv4: "IPv4 static",
	ipv4_dhcp: "IPv4 DHCP",
	ipv6: "IPv6 static",
	ipv6_dhcp: "IPv6 DHCP",
	ipv6_slaac: "IPv6 SLAAC",
	"ipv6_dhcpv6-stateful": "IPv6 DHCP",
	"ipv6_dhcpv6-stateless": "IPv6 SLAAC+DHCP",
};

export function pictureOf({ links, networks }: NetworkDescription, names: NetworkNames): Picture {
	const boxes: Box[] = links.map(linkBox);
	const edges: Edge[] = [];
	const stacked: Edge[] = links.flatMap((link) => {
		if (link.type === "vlan") return [{ from: link.vlan_link, to: link.id }];
		return link.type === "bond" ? link.bond_links.map((member) => ({ from: member, to: link.id })) : [];
	});
	const carriers = new Set(stacked.map(({ from }) => from));
	for (const link of links) {
		const entries = networks.filter((entry) => entry.link === link.id);
		if (entries.length === 0 && !carriers.has(link.id)) {
			boxes.push({ id: `${link.id} nothing`, kind: "nothing", title: "no addresses", lines: [] });
			edges.push({ from: link.id, to: `${link.id} nothing` });
		}
		for (const [network, own] of Map.groupBy(entries, ({ network_id: id = "" }) => id)) {
			const id = `${link.id} ${network}`;
			boxes.push({
				id,
				kind: "network",
				title: names.get(network) || network || "network",
				lines: own.flatMap(linesOf),
			});
			edges.push({ from: link.id, to: id });
		}
	}
	// A link's own networks are above what is stacked on it.
	return { boxes, edges: [...edges, ...stacked], summary: summaryOf(links, networks) };
}

function linkBox(link: DescribedLink): Box {
	const { id, mtu } = link;
	const size: BoxLine[] = mtu === undefined || mtu === null ? [] : [{ label: "MTU", value: String(mtu) }];
	const mac = (value: string | undefined): BoxLine[] => (value === undefined ? [] : [{ label: "MAC", value }]);
	switch (link.type) {
		case "vlan":
			return {
				id,
				kind: "vlan",
				title: `VLAN ${link.vlan_id}`,
				lines: [{ label: "link", value: id }, ...mac(link.vlan_mac_address), ...size],
			};
		case "bond":
			return {
				id,
				kind: "bond",
				title: `bond ${link.bond_mode}`,
				lines: [{ label: "link", value: id }, ...mac(link.ethernet_mac_address), ...size],
			};
		default:
			return { id, kind: "nic", title: link.name ?? id, lines: [...mac(link.ethernet_mac_address), ...size] };
	}
}

function linesOf(entry: DescribedNetwork): BoxLine[] {
	const {
		type,
		ip_address: address = "",
		netmask = "",
		routes = [],
		gateway,
		services = [],
		dns_search: search = [],
	} = entry;
	const prefix = prefixLength(netmask);
	const value = address === "" ? "by the network" : `${address}${prefix === undefined ? "" : `/${prefix}`}`;
	return [
		{ label: ADDRESS_TYPES[type], value },
		...(gateway === undefined ? [] : [{ label: "default via", value: gateway, isDefault: true }]),
		...routes.map((route): BoxLine => {
			const length = prefixLength(route.netmask);
			const isDefault = length === 0;
			if (isDefault) return { label: "default via", value: route.gateway, isDefault };
			return { label: `${route.network}/${length} via`, value: route.gateway };
		}),
		...(services.length === 0 ? [] : [{ label: "DNS", value: services.map((service) => service.address).join(" ") }]),
		...(search.length === 0 ? [] : [{ label: "search", value: search.join(" ") }]),
	];
}

/** From a netmask, dotted or hexadecimal. */
export function prefixLength(netmask: string): number | undefined {
	if (netmask === "") return undefined;
	const groups = netmask.includes(":")
		? netmask.split(":").map((group) => Number.parseInt(group || "0", 16))
		: netmask.split(".").map(Number);
	return groups.reduce((sum, group) => sum + group.toString(2).replaceAll("0", "").length, 0);
}

function summaryOf(links: readonly DescribedLink[], networks: readonly DescribedNetwork[]): string {
	const count = (type: string) =>
		links.filter((link) => (type === "nic" ? link.type !== "bond" && link.type !== "vlan" : link.type === type)).length;
	const parts = [plural(count("nic"), "NIC"), plural(count("bond"), "bond"), plural(count("vlan"), "VLAN")].filter(
		(part) => !part.startsWith("0 "),
	);
	return `Wiring: ${parts.join(", ") || "no links"}, ${plural(networks.length, "address", "addresses")}.`;
}
