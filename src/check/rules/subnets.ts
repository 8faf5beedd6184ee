/** The guest's addresses side by side: what each client and the kernel make of all of them. */
import ipaddr from "ipaddr.js";
import { type Cidr, parseCidr } from "../../instance/addresses.ts";
import { broadcastOf, specialUseOf } from "../addressing.ts";
import { defaultRoutesOf } from "../default-routes.ts";
import { type DocumentView, dynamicNetworkOf, type LinkView, type NetworkView } from "../document-view.ts";
import { show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { onBothNetworks, onNetwork } from "./concerns.ts";
import { LEARNED } from "./default-routes.ts";

export const subnetRules: readonly Rule[] = [
	{
		id: "address-unusable",
		title: "An address that no host can have (the subnet's own, broadcast, multicast, loopback …)",
		fix: "write an address that only this guest has",
		effect: { outcome: "lost", text: "the system refuses the address, or no one can reach it" },
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const use = network.isStatic ? specialUse(network) : undefined;
				if (use === undefined) continue;
				const message = `${show(network.raw["ip_address"])} is ${use}`;
				yield { pointer: `${network.pointer}/ip_address`, message, network };
			}
		},
	},
	{
		id: "address-repeated",
		title: "The same address on two links",
		fix: "give each link its own address",
		effect: { outcome: "wrong", text: "the guest answers for the address on both links" },
		concerns: onBothNetworks,
		*find({ networks }) {
			const seen = new Map<string, NetworkView>();
			for (const network of networks.filter(({ isStatic }) => isStatic)) {
				if (!network.address) continue;
				const first = seen.get(network.address.address);
				if (!first) seen.set(network.address.address, network);
				else if (first.link !== network.link) {
					const message = `${first.pointer} has the address already`;
					yield { pointer: `${network.pointer}/ip_address`, message, network, otherNetwork: first };
				}
			}
		},
	},
	{
		id: "subnets-overlap",
		title: "Overlapping subnets on two links",
		fix: "give each link a subnet of its own",
		effect: { outcome: "wrong", text: "answers may leave through the other link, where port security drops them" },
		concerns: onBothNetworks,
		*find(document) {
			for (const [network, other] of overlaps(document)) {
				const message = `the subnet ${textOf(network.subnet)} overlaps ${textOf(other.subnet)} of ${other.pointer}`;
				yield { pointer: network.pointer, message, network, otherNetwork: other };
			}
		},
	},
	{
		id: "several-addresses",
		title: "Several addresses of a family on a link",
		fix: "nothing, unless such guests need all of them",
		limitation: true,
		concerns: onBothNetworks,
		*find({ links }) {
			for (const link of links) {
				for (const version of [4, 6] as const) {
					const [first, ...others] = addressesOf(link, version);
					const second = others.find(({ address }) => !address || address.address !== first?.address?.address);
					if (!first || !second) continue;
					const message = `another IPv${version} address beside ${first.pointer}`;
					yield { pointer: second.pointer, message, link, network: second, otherNetwork: first };
				}
			}
		},
	},
	{
		id: "dhcp-beside-static",
		title: "DHCP and a static address of a family on a link",
		fix: "make all of them static, if such guests need them",
		limitation: true,
		concerns: onBothNetworks,
		*find({ links }) {
			for (const { networks } of links) {
				for (const version of [4, 6] as const) {
					const [first, ...others] = networks.filter((network) => network.version === version);
					for (const network of first ? others : []) {
						if (network.isStatic === first?.isStatic) continue;
						const message = `${first?.pointer} is ${first?.isStatic ? "static" : "dynamic"}`;
						yield { pointer: network.pointer, message, network, ...(first && { otherNetwork: first }) };
					}
				}
			}
		},
	},
	{
		id: "gateway-not-last",
		title: "Several addresses of a family on a link, and the default route not on the last of them",
		fix: "put the network with the default route after the link's other networks",
		limitation: true,
		concerns: onNetwork,
		*find({ links }) {
			for (const link of links) {
				for (const version of [4, 6] as const) {
					const addresses = addressesOf(link, version).filter(({ isStatic }) => isStatic);
					const last = addresses.at(-1);
					const routed = addresses.findLast((network) => defaultRoutesOf(network).some(({ key }) => key === "routes"));
					if (!last || !routed || routed === last) continue;
					const message = `the default route is on ${routed.pointer}, before this network`;
					yield { pointer: last.pointer, message, link, network: last, otherNetwork: routed };
				}
			}
		},
	},
	{
		id: "static6-stops-slaac",
		title: "A static IPv6 address beside SLAAC or stateless DHCPv6 on a link",
		fix: "make all IPv6 addresses of the link static, for guests with cloud-init",
		limitation: true,
		*find({ links }) {
			for (const link of links) {
				const automatic = link.networks.find(({ type }) => type === "ipv6_slaac" || type === "ipv6_dhcpv6-stateless");
				const fixed = link.networks.find(({ isStatic, version }) => isStatic && version === 6);
				const [last] = link.networks.filter(setsAcceptRa).slice(-1);
				if (!automatic || !fixed || !last?.isStatic) continue;
				const message = `the link also has the static ${fixed.pointer}`;
				yield { pointer: `${automatic.pointer}/type`, message, link, network: automatic, otherNetwork: fixed };
			}
		},
	},
	{
		id: "static6-after-dhcp6",
		title: "A static IPv6 network after one with DHCPv6 on a link",
		fix: "put the static network before the one with DHCPv6",
		*find({ links }) {
			for (const link of links) {
				const dhcp = link.networks.find(({ type }) => type === "ipv6_dhcp" || type === "ipv6_dhcpv6-stateful");
				const [last] = link.networks.filter(setsAcceptRa).slice(-1);
				if (!dhcp || !last?.isStatic) continue;
				const message = `the static network comes after ${dhcp.pointer}`;
				yield { pointer: last.pointer, message, link, network: last, otherNetwork: dhcp };
			}
		},
	},
	{
		id: "ipv6-default-route-missing",
		title: "Static IPv6 addresses and no IPv6 default route",
		fix: "if the router is known only by its advertisements, write a default route through its link-local address",
		limitation: true,
		*find({ networks }) {
			const inFamily = networks.filter(({ link, version }) => link && version === 6);
			const [first] = inFamily;
			if (!first || inFamily.some((network) => !network.isStatic)) return;
			if (inFamily.some((network) => defaultRoutesOf(network).some(({ version }) => version === 6))) return;
			yield { pointer: first.pointer, message: "no link has an IPv6 default route", network: first };
		},
	},
	{
		id: "static6-takes-ra",
		title: "A static IPv6 address without SLAAC, for clients that leave router advertisements on",
		fix: "nothing, unless a router advertises other prefixes or routes on the link",
		limitation: true,
		concerns: onNetwork,
		*find({ links }) {
			for (const { networks } of links) {
				const inFamily = networks.filter(({ version }) => version === 6);
				const [network] = inFamily;
				if (!network || !inFamily.every(({ isStatic }) => isStatic)) continue;
				yield { pointer: network.pointer, message: "all IPv6 addresses of the link are static", network };
			}
		},
	},
	{
		id: "dhcp-on-two-links",
		title: "DHCP or SLAAC of a family on two links",
		fix: "let one subnet have no router (no gateway in Neutron), or rank the routes in the image",
		concerns: onBothNetworks,
		*find({ links }) {
			for (const version of [4, 6] as const) {
				const [first, ...others] = links.flatMap((link) => dynamicNetworkOf(link, version) ?? []);
				for (const network of first ? others : []) {
					const message = `${first?.pointer} has ${LEARNED[version]} too, on another link`;
					yield { pointer: `${network.pointer}/type`, message, network, ...(first && { otherNetwork: first }) };
				}
			}
		},
	},
];

/** What the address is for, if it cannot be a host's. */
function specialUse({ address, subnet }: NetworkView): string | undefined {
	if (!address) return undefined;
	const special = specialUseOf(address.address);
	if (special !== undefined) return special;
	if (ipaddr.parse(address.address).range() === "loopback") return "a loopback address";
	// IPv6 has no broadcast, and the first address is the routers' (RFC 4291 2.6.1).
	const broadcast = subnet && broadcastOf(subnet);
	if (broadcast === undefined) return undefined;
	if (address.address === subnet?.network) return "the address of the subnet itself";
	return address.address === broadcast ? "the subnet's broadcast address" : undefined;
}

/** Each network whose subnet lies inside one on another link, with that network; of two equal subnets, the later one. */
function* overlaps({ networks }: DocumentView): Iterable<[NetworkView, NetworkView]> {
	const onSubnets = networks.filter(({ isStatic, link, subnet }) => isStatic && link && subnet);
	const lengths = [...new Set(onSubnets.map(({ subnet }) => subnet?.prefixLength ?? 0))];
	const bySubnet = Map.groupBy(onSubnets, ({ subnet }) => textOf(subnet));
	for (const [index, network] of onSubnets.entries()) {
		const { subnet, link } = network;
		const around = lengths
			.filter((length) => subnet && length <= subnet.prefixLength)
			.flatMap((length) => bySubnet.get(textOf(parseCidr(`${subnet?.network}/${length}`))) ?? []);
		const isEarlier = (other: NetworkView) =>
			textOf(other.subnet) !== textOf(subnet) || onSubnets.indexOf(other) < index;
		const other = around.find((candidate) => candidate.link !== link && isEarlier(candidate));
		if (other) yield [network, other];
	}
}

function textOf(subnet: Cidr | undefined): string {
	return `${subnet?.network}/${subnet?.prefixLength}`;
}

/** The networks that give the link an address of the family. */
function addressesOf({ networks }: LinkView, version: 4 | 6): NetworkView[] {
	return networks.filter((network) => network.version === version && (network.isStatic || version === 4));
}

/** Whether the network decides if cloud-init lets the link accept router advertisements: the last such network wins. */
function setsAcceptRa({ isStatic, version, type }: NetworkView): boolean {
	return (isStatic && version === 6) || type === "ipv6_dhcp" || type === "ipv6_dhcpv6-stateful";
}
