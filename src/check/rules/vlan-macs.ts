/** The MAC address of a VLAN. */
import { isMac } from "../addressing.ts";
import { type DocumentView, macOf } from "../document-view.ts";
import { member, show } from "../json.ts";
import type { FoundFault, Rule } from "../rule.ts";
import { onUnreadMember } from "./concerns.ts";
import { parentOf, vlansOf } from "./vlans.ts";

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

/** The VLANs whose MAC addresses are not their parents'. */
function* ownMacs(document: DocumentView): Iterable<FoundFault> {
	for (const link of vlansOf(document)) {
		const parent = parentOf(link, document);
		const mac = member(link.raw, "vlan_mac_address");
		if (!parent || typeof mac !== "string" || !isMac(mac) || macOf(parent) === mac.toLowerCase()) continue;
		const message = `the VLAN's MAC address ${mac.toLowerCase()} is not that of ${parent.pointer}`;
		yield { pointer: `${link.pointer}/vlan_mac_address`, message, value: mac, link, otherLink: parent };
	}
}
