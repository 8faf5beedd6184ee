/** The guest's addresses beside each other: what each client and the kernel make of all of them. */
import ipaddr from "ipaddr.js";
import { type Cidr, parseCidr } from "../../instance/addresses.ts";
import { inBoth } from "../clients.ts";
import { defaultRoutesOf } from "../default-routes.ts";
import type { DocumentView, LinkView, NetworkView } from "../document-view.ts";
import { show } from "../json.ts";
import { type Hit, inEveryClient, lost, type Rule, wrong } from "../rule.ts";

export const subnetRules: readonly Rule[] = [
	{
		id: "address-unusable",
		title: "An address that no host can have (the subnet's own, broadcast, multicast, loopback …)",
		fix: "write an address that is the guest's alone",
		effects: inEveryClient(lost("the system refuses the address, or nobody can reach it")),
		*find({ networks }) {
			for (const network of networks) {
				const use = network.isStatic ? specialUse(network) : undefined;
				if (use === undefined) continue;
				const message = `${show(network.raw["ip_address"])} is ${use}`;
				yield { pointer: `${network.pointer}/ip_address`, message, only: network.readBy };
			}
		},
	},
	{
		id: "address-repeated",
		title: "One address on two links",
		fix: "give each link its own address",
		effects: inEveryClient(wrong("the guest answers for the address on both links")),
		*find({ networks }) {
			const seen = new Map<string, NetworkView>();
			for (const network of networks.filter(({ isStatic }) => isStatic)) {
				if (!network.address) continue;
				const first = seen.get(network.address.address);
				if (!first) seen.set(network.address.address, network);
				else if (first.link !== network.link)
					yield alike(network, first, "/ip_address", "the address is", "'s already");
			}
		},
	},
	{
		id: "subnets-overlap",
		title: "Overlapping subnets on two links",
		fix: "give each link a subnet of its own",
		effects: inEveryClient(wrong("answers may leave by the other link, where port security drops them")),
		*find(document) {
			for (const [network, other] of overlaps(document)) {
				yield alike(network, other, "", `the subnet ${textOf(network.subnet)} overlaps`, `'s, ${textOf(other.subnet)}`);
			}
		},
	},
	{
		id: "several-addresses",
		title: "Several addresses of a family on a link",
		fix: "nothing, unless such guests are to have all of them",
		limitation: true,
		effects: {
			"cloudbase-init": wrong("keeps the last of them"),
			glean: wrong("keeps the last of them on Red Hat"),
			nuageinit: wrong("keeps the last of them"),
		},
		*find({ links }) {
			for (const link of links) {
				for (const version of [4, 6] as const) {
					const [first, second] = addressesOf(link, version);
					if (!first || !second) continue;
					const only = inBoth(first.readBy, second.readBy);
					yield { pointer: second.pointer, message: `another IPv${version} address beside ${first.pointer}`, only };
				}
			}
		},
	},
	{
		id: "gateway-not-last",
		title: "Several addresses of a family on a link, and the default route not with the last",
		fix: "for guests with Windows, put the network with the default route behind the link's others",
		limitation: true,
		effects: { "cloudbase-init": lost("keeps the last address, and with it no default route") },
		*find({ links }) {
			for (const link of links) {
				for (const version of [4, 6] as const) {
					const addresses = addressesOf(link, version).filter(({ isStatic }) => isStatic);
					const last = addresses.at(-1);
					const routed = addresses.findLast((network) => defaultRoutesOf(network).some(({ key }) => key === "routes"));
					if (!last || !routed || routed === last) continue;
					const message = `the default route stands on ${routed.pointer}, before this network`;
					yield { pointer: last.pointer, message, only: last.readBy };
				}
			}
		},
	},
	{
		id: "static6-stops-slaac",
		title: "A static IPv6 address beside SLAAC or stateless DHCPv6 on a link",
		fix: "make all of the link's IPv6 addresses static, for guests with cloud-init",
		limitation: true,
		effects: {
			"cloud-init": lost("writes accept-ra: false for the link: no address and no route by router advertisement"),
		},
		*find({ links }) {
			for (const { networks } of links) {
				const automatic = networks.find(({ type }) => type === "ipv6_slaac" || type === "ipv6_dhcpv6-stateless");
				const fixed = networks.find(({ isStatic, version }) => isStatic && version === 6);
				const [last] = networks.filter(setsAcceptRa).slice(-1);
				if (!automatic || !fixed || !last?.isStatic) continue;
				yield { pointer: `${automatic.pointer}/type`, message: `the link has the static ${fixed.pointer} too` };
			}
		},
	},
	{
		id: "static6-after-dhcp6",
		title: "A static IPv6 network behind one with DHCPv6 on a link",
		fix: "put the static network before the one with DHCPv6",
		effects: {
			"cloud-init": lost(
				"the last decides: accept-ra: false, so no route by router advertisement, and with old systemd no DHCPv6",
			),
		},
		*find({ links }) {
			for (const { networks } of links) {
				const dhcp = networks.find(({ type }) => type === "ipv6_dhcp" || type === "ipv6_dhcpv6-stateful");
				const [last] = networks.filter(setsAcceptRa).slice(-1);
				if (!dhcp || !last?.isStatic) continue;
				yield { pointer: last.pointer, message: `the static network stands behind ${dhcp.pointer}` };
			}
		},
	},
];

const SPECIAL: Readonly<Record<string, string>> = {
	unspecified: "no address at all",
	broadcast: "the broadcast address",
	multicast: "a multicast address",
	loopback: "a loopback address",
};

/** What else the address is, where it can't be one host's. */
function specialUse({ address, subnet }: NetworkView): string | undefined {
	if (!address) return undefined;
	const special = SPECIAL[ipaddr.parse(address.address).range()];
	if (special !== undefined) return special;
	// In IPv6 the first address is the routers' (RFC 4291 2.6.1), and there is no broadcast.
	if (!subnet || subnet.version === 6 || subnet.prefixLength > 30) return undefined;
	if (address.address === subnet.network) return "the address of the subnet itself";
	const broadcast = ipaddr.IPv4.broadcastAddressFromCIDR(`${subnet.network}/${subnet.prefixLength}`);
	return address.address === broadcast.toString() ? "the subnet's broadcast address" : undefined;
}

/** Each network whose subnet lies in one of another link, with that one; of two equal ones the later. */
function* overlaps({ networks }: DocumentView): Iterable<[NetworkView, NetworkView]> {
	const placed = networks.filter(({ isStatic, link, subnet }) => isStatic && link && subnet);
	const lengths = [...new Set(placed.map(({ subnet }) => subnet?.prefixLength ?? 0))];
	const bySubnet = Map.groupBy(placed, ({ subnet }) => textOf(subnet));
	for (const [index, network] of placed.entries()) {
		const { subnet, link } = network;
		const around = lengths
			.filter((length) => subnet && length <= subnet.prefixLength)
			.flatMap((length) => bySubnet.get(textOf(parseCidr(`${subnet?.network}/${length}`))) ?? []);
		const isEarlier = (other: NetworkView) => textOf(other.subnet) !== textOf(subnet) || placed.indexOf(other) < index;
		const other = around.find((candidate) => candidate.link !== link && isEarlier(candidate));
		if (other) yield [network, other];
	}
}

function textOf(subnet: Cidr | undefined): string {
	return `${subnet?.network}/${subnet?.prefixLength}`;
}

function alike(network: NetworkView, other: NetworkView, member: string, before: string, after: string): Hit {
	const only = inBoth(network.readBy, other.readBy);
	return { pointer: `${network.pointer}${member}`, message: `${before} ${other.pointer}${after}`, only };
}

/** The entries that give the link an address of the family: each client has one place for all of them. */
function addressesOf({ networks }: LinkView, version: 4 | 6): NetworkView[] {
	return networks.filter(
		(network) => network.version === version && (network.isStatic || network.type === "ipv4_dhcp"),
	);
}

/** cloud-init lets each of these decide anew whether the link takes router advertisements. */
function setsAcceptRa({ isStatic, version, type }: NetworkView): boolean {
	return (isStatic && version === 6) || type === "ipv6_dhcp" || type === "ipv6_dhcpv6-stateful";
}
