/** The id and the MAC address of a bond. */
import { isMac } from "../addressing.ts";
import { bondsOf, membersOf } from "../bond-members.ts";
import { isNeutronPort, macOf, memberPointer } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";

/** The kernel's limit for the name of an interface, IFNAMSIZ without its final zero. */
export const LONGEST_NAME = 15;

export const bondMacRules: readonly Rule[] = [
	{
		id: "bond-mac-missing",
		title: "A bond without a MAC address",
		fix: "set ethernet_mac_address to a member's MAC address",
		*find(document) {
			for (const link of bondsOf(document)) {
				const value = member(link.raw, "ethernet_mac_address");
				if (!isBlank(value)) continue;
				const pointer = memberPointer(link, "ethernet_mac_address");
				yield { pointer, message: "the bond has no MAC address", value, link };
			}
		},
	},
	{
		id: "bond-mac-invalid",
		title: "A bond whose MAC address does not have the form `52:54:00:12:34:56`",
		fix: "write six pairs of hexadecimal digits, separated by colons",
		*find(document) {
			for (const link of bondsOf(document)) {
				const value = member(link.raw, "ethernet_mac_address");
				if (isBlank(value) || isMac(value)) continue;
				const pointer = `${link.pointer}/ethernet_mac_address`;
				yield { pointer, message: `${show(value)} is not a valid MAC address`, value, link };
			}
		},
	},
	{
		id: "bond-mac-foreign",
		title: "A bond whose MAC address belongs to none of its members",
		fix: "write a member's MAC address, if the network accepts it: in Ironic, give the port group a NIC's address",
		// The network answers the port's address alone.
		isLimitation: ({ link }) => isNeutronPort(link),
		*find(document) {
			for (const link of bondsOf(document)) {
				const mac = macOf(link);
				const members = membersOf(link, document).flatMap((bondMember) => bondMember.link ?? []);
				if (mac === undefined || members.length === 0 || members.some((one) => macOf(one) === mac)) continue;
				const pointer = `${link.pointer}/ethernet_mac_address`;
				yield { pointer, message: `no member of the bond has the MAC address ${mac}`, value: mac, link };
			}
		},
	},
	{
		id: "bond-mac-unread",
		title: "A bond's MAC address, for clients that do not set it",
		fix: "set MACAddressPolicy=none for bonds in the image, so that the bond takes its first member's address",
		limitation: true,
		*find(document) {
			for (const link of bondsOf(document)) {
				if (macOf(link) === undefined) continue;
				const pointer = `${link.pointer}/ethernet_mac_address`;
				yield { pointer, message: "the bond has a MAC address", link };
			}
		},
	},
	{
		id: "bond-member-macs",
		title: "A bond with a MAC address and several members, for clients that give the address to the members too",
		fix: "leave the bond's MAC address out for such guests, or update the client",
		limitation: true,
		*find(document) {
			for (const link of bondsOf(document)) {
				if (macOf(link) === undefined || membersOf(link, document).length < 2) continue;
				const pointer = `${link.pointer}/ethernet_mac_address`;
				yield { pointer, message: "the bond has a MAC address and several members", link };
			}
		},
	},
	{
		id: "bond-id-long",
		title: "A bond whose id is longer than 15 characters, or has a dash",
		fix: 'give the bond a short id, "bond0"',
		*find(document) {
			for (const link of bondsOf(document)) {
				if (typeof link.id !== "string" || (link.id.length <= LONGEST_NAME && !link.id.includes("-"))) continue;
				yield { pointer: `${link.pointer}/id`, message: `the bond's id is ${show(link.id)}`, value: link.id, link };
			}
		},
	},
];
