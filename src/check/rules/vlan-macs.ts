/** The MAC address of a VLAN. */
import { isMac } from "../addressing.ts";
import { membersOf } from "../bond-members.ts";
import type { DocumentView, LinkView } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { FoundFault, Rule } from "../rule.ts";
import { parentOf, vlansOf } from "../vlans.ts";
import { onUnreadMember } from "./concerns.ts";

export const vlanMacRules: readonly Rule[] = [
	{
		id: "vlan-mac-missing",
		title: "A VLAN without `vlan_mac_address`",
		fix: "write vlan_mac_address; the parent's MAC address is fine",
		*find(document) {
			for (const link of vlansOf(document)) {
				if (Object.hasOwn(link.raw, "vlan_mac_address")) continue;
				yield { pointer: link.pointer, message: "the VLAN has no vlan_mac_address", link };
			}
		},
	},
	{
		id: "vlan-mac-null",
		title: "A VLAN whose `vlan_mac_address` is null",
		fix: "write a MAC address; the parent's is fine",
		*find(document) {
			for (const link of vlansOf(document)) {
				if (member(link.raw, "vlan_mac_address") !== null) continue;
				yield { pointer: `${link.pointer}/vlan_mac_address`, message: "the VLAN's MAC address is null", link };
			}
		},
	},
	{
		id: "vlan-mac-invalid",
		title: "A VLAN whose MAC address does not have the form `52:54:00:12:34:56`",
		fix: "write six pairs of hexadecimal digits, separated by colons",
		*find(document) {
			for (const link of vlansOf(document)) {
				const value = member(link.raw, "vlan_mac_address") ?? undefined;
				if (value === undefined || isMac(value)) continue;
				const pointer = `${link.pointer}/vlan_mac_address`;
				yield { pointer, message: `${show(value)} is not a valid MAC address`, value, link };
			}
		},
	},
	{
		id: "vlan-mac-own",
		title: "A VLAN with a MAC address of its own",
		fix: "in Neutron, give the subport its parent port's MAC address, or allow that address with allowed-address-pairs",
		concerns: onUnreadMember("links[].vlan_mac_address"),
		find: ownMacs,
	},
	{
		id: "vlan-mac-refused",
		title: "A VLAN with a MAC address of its own, for clients that cannot create such a VLAN",
		fix: "in Neutron, give the subport its parent port's MAC address",
		limitation: true,
		find: ownMacs,
	},
];

/**
 * The address that a link has: its own, or else that of a bond's first member or of a VLAN's parent. Undefined if the document
 * does not say it.
 */
function inheritedMac(link: LinkView, document: DocumentView): string | undefined {
	const seen = new Set<LinkView>();
	for (let at: LinkView | undefined = link; at && !seen.has(at); at = linkBelow(at, document)) {
		seen.add(at);
		const mac = member(at.raw, at.kind === "vlan" ? "vlan_mac_address" : "ethernet_mac_address");
		if (!isBlank(mac)) return typeof mac === "string" && isMac(mac) ? mac.toLowerCase() : undefined;
	}
	return undefined;
}

function linkBelow(link: LinkView, document: DocumentView): LinkView | undefined {
	if (link.kind === "bond") return membersOf(link, document)[0]?.link;
	return link.kind === "vlan" ? parentOf(link, document) : undefined;
}

/** The VLANs whose MAC addresses are not their parents'. */
function* ownMacs(document: DocumentView): Iterable<FoundFault> {
	for (const link of vlansOf(document)) {
		const parent = parentOf(link, document);
		const mac = member(link.raw, "vlan_mac_address");
		const parentMac = parent && inheritedMac(parent, document);
		if (typeof mac !== "string" || !isMac(mac) || !parentMac || parentMac === mac.toLowerCase()) continue;
		const message = `the VLAN's MAC address ${mac.toLowerCase()} is not that of ${parent.pointer}, ${parentMac}`;
		yield { pointer: `${link.pointer}/vlan_mac_address`, message, value: mac, link, otherLink: parent };
	}
}
