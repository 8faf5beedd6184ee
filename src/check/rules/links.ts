/** What every link needs: an id, a type and, for a NIC, its MAC address. */
import { isEthernetMac, isNicMac } from "../../instance/addresses.ts";
import { isMac } from "../addressing.ts";
import { allMembers } from "../bond-members.ts";
import { isNeutronPort, type LinkView, macOf, memberPointer } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { onMember } from "./concerns.ts";

export const linkRules: readonly Rule[] = [
	{
		id: "link-id-missing",
		title: "A link without a text id",
		fix: "give each link an id of its own, as text",
		*find({ links }) {
			for (const link of links) {
				const { pointer, id } = link;
				if (id === undefined) yield { pointer, message: "the link has no id", link };
				else if (typeof id !== "string") {
					yield { pointer: `${pointer}/id`, message: `the link's id is ${show(id)}, not text`, value: id, link };
				} else if (id === "") yield { pointer: `${pointer}/id`, message: "the link's id is empty", value: id, link };
			}
		},
	},
	{
		id: "link-id-repeated",
		title: "Two links with the same id",
		fix: "give each link an id of its own",
		*find({ links, linkById }) {
			for (const link of links) {
				const first = linkById(link.id);
				if (first === link || first === undefined || typeof link.id !== "string") continue;
				const message = `${first.pointer} has the id ${show(link.id)} already`;
				yield { pointer: `${link.pointer}/id`, message, link, otherLink: first };
			}
		},
	},
	{
		id: "link-type-missing",
		title: "A link without a text type",
		fix: 'write "phy", or what the link is',
		*find({ links }) {
			for (const link of links) {
				const { pointer, raw } = link;
				const type = member(raw, "type");
				if (type === undefined) yield { pointer, message: "the link has no type", link };
				else if (typeof type !== "string") {
					const message = `the link's type is ${show(type)}, not text`;
					yield { pointer: `${pointer}/type`, message, value: type, link };
				}
			}
		},
	},
	{
		id: "link-type-unknown",
		title: "A link type that not every client accepts (`dvs`, `hyperv`, `cascading`, `linux_bridge` …)",
		fix: 'write "phy": guests need no other type',
		concerns: ({ client }, { value }) => client.nicTypes?.includes(value as string) === false,
		*find({ links }) {
			for (const link of links) {
				const type = member(link.raw, "type");
				if (link.kind !== "nic" || typeof type !== "string") continue;
				yield { pointer: `${link.pointer}/type`, message: `the link's type is ${show(type)}`, value: type, link };
			}
		},
	},
	{
		id: "nic-name",
		title: "A NIC with a `name`",
		fix: "leave the name out, unless the NIC is to be renamed",
		*find({ links }) {
			for (const link of links) {
				const name = member(link.raw, "name");
				if (link.kind !== "nic" || typeof name !== "string") continue;
				yield { pointer: `${link.pointer}/name`, message: `the NIC has the name ${show(name)}`, value: name, link };
			}
		},
	},
	{
		id: "nic-name-invalid",
		title: "A NIC's `name` that is empty or not text",
		fix: "leave the name out, or write the NIC's name as text",
		*find({ links }) {
			for (const link of links) {
				const value = member(link.raw, "name");
				if (link.kind !== "nic" || !Object.hasOwn(link.raw, "name")) continue;
				if (typeof value === "string" && value !== "") continue;
				yield { pointer: `${link.pointer}/name`, message: `the NIC's name is ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "bond-name-invalid",
		title: "A bond's `name` that is empty or not text",
		fix: "leave the name out, or write the bond's name as text",
		concerns: onMember("links[].name"),
		*find({ links }) {
			for (const link of links) {
				const value = member(link.raw, "name");
				if (link.kind !== "bond" || value === undefined || (typeof value === "string" && value !== "")) continue;
				yield { pointer: `${link.pointer}/name`, message: `the bond's name is ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "nic-mac-missing",
		title: "A NIC without a MAC address",
		fix: "set ethernet_mac_address to the NIC's MAC address",
		*find({ links }) {
			for (const link of links) {
				const value = member(link.raw, "ethernet_mac_address");
				if (link.kind !== "nic" || !isBlank(value)) continue;
				const pointer = memberPointer(link, "ethernet_mac_address");
				yield { pointer, message: "the NIC has no MAC address", value, link };
			}
		},
	},
	{
		id: "nic-mac-invalid",
		title: "A NIC whose MAC address does not have the form `52:54:00:12:34:56`",
		fix: "write six pairs of hexadecimal digits, separated by colons",
		*find({ links }) {
			for (const link of links) {
				const mac = member(link.raw, "ethernet_mac_address");
				if (link.kind !== "nic" || isBlank(mac) || isMac(mac)) continue;
				const pointer = memberPointer(link, "ethernet_mac_address");
				yield { pointer, message: `${show(mac)} is not a valid MAC address`, value: mac, link };
			}
		},
	},
	{
		id: "nic-mac-upper-case",
		title: "A NIC's MAC address in capital letters, for clients that compare it with the NIC's own",
		fix: "write it in lower case",
		*find({ links }) {
			for (const link of links) {
				const mac = member(link.raw, "ethernet_mac_address");
				if (link.kind !== "nic" || macOf(link) === undefined || macOf(link) === mac) continue;
				const pointer = `${link.pointer}/ethernet_mac_address`;
				yield { pointer, message: `the MAC address is ${show(mac)}`, value: mac, link };
			}
		},
	},
	{
		id: "nic-mac-unusable",
		title: "A NIC with a MAC address that no NIC has: zeros, or a multicast address",
		fix: "write the NIC's own MAC address",
		effect: { outcome: "lost", text: "no NIC has that address: the NIC is not configured" },
		*find({ links }) {
			for (const link of links) {
				const mac = link.kind === "nic" ? macOf(link) : undefined;
				if (mac === undefined || !isEthernetMac(mac) || isNicMac(mac)) continue;
				const pointer = `${link.pointer}/ethernet_mac_address`;
				yield { pointer, message: `no NIC has the MAC address ${mac}`, value: mac, link };
			}
		},
	},
	{
		id: "nic-mac-infiniband",
		title: "A NIC with an InfiniBand address of 20 bytes",
		fix: "write the NIC's address of six bytes, which cloud-init finds InfiniBand NICs by as well",
		*find({ links }) {
			for (const link of links) {
				const mac = member(link.raw, "ethernet_mac_address");
				if (link.kind !== "nic" || !isMac(mac) || isEthernetMac(mac)) continue;
				const message = "the MAC address has 20 bytes";
				yield { pointer: `${link.pointer}/ethernet_mac_address`, message, value: mac, link };
			}
		},
	},
	{
		id: "nic-mac-repeated",
		title: "Two NICs with the same MAC address",
		fix: "list each NIC once; for several addresses, write several networks on one link",
		// Both are NICs, and every client finds NICs by their addresses.
		isLimitation: ({ link, otherLink }) => isNeutronPort(link) && isNeutronPort(otherLink),
		*find({ links }) {
			const seen = new Map<string, LinkView>();
			for (const link of links) {
				const mac = link.kind === "nic" ? macOf(link) : undefined;
				if (mac === undefined) continue;
				const first = seen.get(mac);
				if (!first) {
					seen.set(mac, link);
					continue;
				}
				const pointer = memberPointer(link, "ethernet_mac_address");
				const message = `${first.pointer} has the MAC address ${mac} already`;
				yield { pointer, message, link, otherLink: first };
			}
		},
	},
	{
		id: "nic-profile-unbound",
		title: "Several links, for clients whose profiles do not say which NIC they are for",
		fix: "nothing in the document helps: use an image with another client, or with one NIC",
		limitation: true,
		*find({ links }) {
			const [first, ...others] = links.filter(({ kind, networks }) => kind !== "vlan" || networks.length > 0);
			const second = others[0];
			if (!first || !second) return;
			yield { pointer: second.pointer, message: `the document has another link, ${first.pointer}`, link: second };
		},
	},
	{
		id: "link-without-network",
		title: "A link without networks, for clients that then ask for DHCP on it",
		fix: "nothing in the document helps: use another renderer in the image, or keep DHCP servers off the link",
		*find(document) {
			const members = new Set(allMembers(document).map(({ link }) => link));
			for (const link of document.links) {
				if (link.networks.length > 0 || members.has(link)) continue;
				yield { pointer: link.pointer, message: "no network is on the link", link };
			}
		},
	},
	{
		id: "nic-not-in-guest",
		title: "A NIC that the guest does not have (with `--nics`)",
		fix: "list only the NICs that the guest has, each with the MAC address it has there",
		*find({ links, nics }) {
			for (const link of nics ? links : []) {
				const mac = link.kind === "nic" ? macOf(link) : undefined;
				if (mac === undefined || nics?.has(mac)) continue;
				const pointer = `${link.pointer}/ethernet_mac_address`;
				yield { pointer, message: `the guest has no NIC with the MAC address ${mac}`, link };
			}
		},
	},
];
