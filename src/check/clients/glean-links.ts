/** What glean makes of faults in links. */
import { COMMON_HASH_POLICIES, membersOf } from "../bond-members.ts";
import { member, numberOf } from "../json.ts";
import type { Fault } from "../rule.ts";
import { crash, ignored, keepsOwnMtu, lost, type Reaction, wrong } from "./client.ts";
import {
	any,
	hasVlan,
	isAt,
	isDashedMac,
	isEmptyText,
	isMissing,
	isNoMode,
	isOnlySpelling,
	isUsed,
	not,
} from "./conditions.ts";

export const stops = "stops: no NIC is configured";
const dhcpOnNic = "finds no NIC with that address: DHCP on the NIC";
const noParent = "the VLAN has no parent";

export const DEBIAN = "debian";
export const IFCFG = ["redhat", "suse"];
export const KEYFILES = "redhat-keyfiles";
export const NETWORKD = "networkd";
export const GENTOO = "gentoo";

export const emptyOption = lost("ifupdown leaves out the rest of the file, from the empty option on", {
	renderers: [DEBIAN],
	when: isEmptyText,
});
/** systemd reads a MAC address with dashes, too. */
const refusedMac = (renderers: readonly string[]) => [
	lost("the system refuses it", { renderers }),
	lost("the system refuses it", { renderers: [NETWORKD], when: not(isDashedMac) }),
];

export const gleanLinkReactions: Readonly<Record<string, readonly Reaction[]>> = {
	// A reaction "crash" holds only where `gleanStop` says so: the next one is what happens otherwise.
	"link-id-missing": [
		crash(stops),
		lost("creates a bond without a name: the system refuses it", {
			when: ({ link, value }) => value === "" && link?.kind === "bond",
		}),
	],
	"link-id-repeated": [crash(stops), lost("the last of them gets every network, the others DHCP")],
	"link-type-missing": [crash(stops)],
	"nic-mac-missing": [crash(stops), lost(dhcpOnNic)],
	"nic-mac-invalid": [crash(stops), lost(dhcpOnNic)],
	"nic-mac-infiniband": [],
	"nic-profile-unbound": [
		wrong("writes the address under a name that NetworkManager does not know: any profile may be used for any NIC", {
			renderers: [KEYFILES],
		}),
	],
	"nic-mac-repeated": [
		lost("the last link's addresses replace the others'", { renderers: [...IFCFG, KEYFILES, GENTOO] }),
	],
	"nic-not-in-guest": [crash(stops), ignored("leaves the link out")],
	"bond-links-missing": [crash(stops), lost("leaves the bond out")],
	"bond-empty": [crash(stops), lost("leaves the bond out")],
	"bond-link-unknown": [crash(stops)],
	"bond-link-type": [crash(stops)],
	"bond-link-shared": [lost("one bond gets it, the others go without")],
	"bond-member-network": [lost("the address is on a NIC that the bond has taken")],
	"bond-mode-missing": [crash(stops), lost("treats the bond as a NIC", { when: isMissing }), emptyOption],
	"bond-mode-unknown": [lost("the bond cannot be made")],
	"bond-mode-number": [
		lost("systemd ignores it: the bond is balance-rr", { renderers: [NETWORKD] }),
		lost("the kernel refuses it: the bond is balance-rr", { renderers: [DEBIAN, GENTOO], when: isNoMode }),
	],
	"bond-mode-number-text": [lost("systemd ignores it: the bond is balance-rr", { renderers: [NETWORKD] })],
	"bond-miimon-invalid": [
		emptyOption,
		wrong("the system ignores it: the bond does not notice a dead link", { renderers: [DEBIAN, GENTOO, NETWORKD] }),
	],
	"bond-hash-policy-unknown": [
		emptyOption,
		wrong("systemd ignores it: the policy is layer2", { renderers: [NETWORKD] }),
		wrong("the system ignores it: the policy is layer2", { renderers: [DEBIAN], when: not(isKnownPolicy) }),
	],
	"bond-lacp-rate-invalid": [
		emptyOption,
		wrong("the system ignores it: the rate is slow", { renderers: [DEBIAN], when: not(isRate) }),
	],
	"bond-option-spelling": [wrong("does not read this spelling: the option has its default", { when: isOnlySpelling })],
	"bond-monitoring-missing": [
		wrong("writes bond-miimon 0: the bond does not notice a dead link", { renderers: [DEBIAN] }),
		wrong("the bond does not notice a dead link", { renderers: [NETWORKD, GENTOO] }),
	],
	"bond-arp-monitoring": [
		wrong("does not read it: the bond does not notice a dead link", { renderers: [DEBIAN, NETWORKD, GENTOO] }),
	],
	"bond-mac-missing": [crash(stops), lost("the system refuses it", { renderers: ["suse"], when: isEmptyText })],
	"bond-mac-invalid": [crash(stops), ...refusedMac([DEBIAN, ...IFCFG, GENTOO])],
	"bond-id-long": [
		lost("the kernel allows names of 15 characters: the bond is missing", {
			when: ({ link }) => String(link?.id).length > 15,
		}),
		lost("cuts the parent's file name at the dash: a VLAN on the bond has no parent", {
			renderers: [NETWORKD],
			when: hasVlan,
		}),
	],
	"bond-unsupported": [
		lost("writes no bond options: the bond is balance-rr without link monitoring, and LACP does not come up", {
			renderers: IFCFG,
		}),
		lost("writes a connection that is not a bond", { renderers: [KEYFILES] }),
		lost("writes mode and members only: no link monitoring, hash policy or LACP rate", {
			renderers: [GENTOO],
			when: hasBondOptions,
		}),
		lost("treats a bond with one member as the member, which then has no address", {
			renderers: [NETWORKD, GENTOO],
			when: hasOneMember,
		}),
		wrong("reads bond_miimon as seconds: a dead link is noticed late", { renderers: [NETWORKD], when: isMonitored }),
		ignored("asks for the fast LACP rate, whatever the document says", { renderers: [NETWORKD], when: isSlow }),
	],
	"number-fraction": [
		lost("writes 101.0 for the tag: the VLAN is missing", { when: isAt("vlan_id") }),
		lost("the kernel refuses it: the bond is balance-rr", { renderers: [DEBIAN, GENTOO], when: isAt("bond_mode") }),
		wrong("writes it as it is: the option has its default", {
			renderers: [DEBIAN],
			when: any(isAt("bond_miimon"), isAt("bond_lacp_rate"), isAt("bond_xmit_hash_policy")),
		}),
	],
	"vlan-mac-null": [crash(stops)],
	"vlan-mac-invalid": [crash(stops), ...refusedMac([...IFCFG, GENTOO])],
	"vlan-mac-own": [
		wrong("does not set it: the VLAN has its parent's address, and port security drops its frames", {
			renderers: [DEBIAN],
			when: isUsed,
		}),
	],
	"vlan-mac-refused": [
		lost("asks for a device that has this address already: the VLAN does not come up", {
			renderers: ["redhat"],
			when: isUsed,
		}),
	],
	"vlan-unsupported": [
		lost("writes a profile for a NIC: there is no VLAN", {
			renderers: [KEYFILES],
			when: isUsed,
		}),
		lost("gives the VLAN's routes to the link below it", {
			renderers: [GENTOO],
			when: ({ link }) => link?.networks.some(({ type, routes }) => type === "ipv4" && routes.length > 0) === true,
		}),
	],
	"mtu-unread": [wrong(keepsOwnMtu)],
	"vlan-link-unknown": [crash(stops), lost(noParent)],
	"vlan-over-vlan": [crash(stops), lost(noParent)],
	"vlan-id-missing": [crash(stops), lost("treats the VLAN as the NIC below it")],
	"vlan-id-invalid": [crash(stops), lost("the kernel refuses the VLAN")],
	"vlan-id-repeated": [lost("one VLAN for both: the settings of one are dropped")],
	"vlan-name-long": [
		lost("the VLAN is missing: the kernel allows names of 15 characters", { when: isNamedById(".") }),
		lost("the VLAN is missing: the kernel allows names of 15 characters", {
			renderers: [NETWORKD],
			when: isNamedById("-vlan"),
		}),
	],
};

function optionOf({ link }: Fault, name: string): unknown {
	return link && member(link.raw, name);
}

function isLacp(fault: Fault): boolean {
	return ["802.3ad", 4, "4"].includes(optionOf(fault, "bond_mode") as string);
}

function isMonitored(fault: Fault): boolean {
	return numberOf(optionOf(fault, "bond_miimon")) > 0;
}

function isSlow(fault: Fault): boolean {
	return isLacp(fault) && optionOf(fault, "bond_lacp_rate") !== "fast";
}

/** An option beside the mode that changes something: with LACP, the kernel monitors every 100 ms on its own. */
function hasBondOptions(fault: Fault): boolean {
	const policy = optionOf(fault, "bond_xmit_hash_policy");
	const isOwnPolicy = policy !== "layer2" && COMMON_HASH_POLICIES.includes(policy);
	if (!isLacp(fault)) return isMonitored(fault) || isOwnPolicy;
	return isOwnPolicy || !isSlow(fault) || (isMonitored(fault) && numberOf(optionOf(fault, "bond_miimon")) !== 100);
}

function hasOneMember({ link, document }: Fault): boolean {
	return link !== undefined && membersOf(link, document).length === 1;
}

/** The name of the VLAN begins with the id of the bond below and this text. */
function isNamedById(separator: string): (fault: Fault) => boolean {
	return ({ value, otherLink }) =>
		otherLink?.kind === "bond" && String(value).startsWith(`${String(otherLink.id)}${separator}`);
}

function isKnownPolicy({ value }: Fault): boolean {
	return value === "vlan+srcmac" || COMMON_HASH_POLICIES.includes(value);
}

/** Zero and one are the kernel's numbers for slow and fast. */
function isRate({ value }: Fault): boolean {
	return value === 0 || value === 1 || value === "0" || value === "1";
}
