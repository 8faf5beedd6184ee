/** What cloud-init makes of faults in links. */

import { BOND_MODES } from "../../instance/port-group.ts";
import { member, numberOf } from "../json.ts";
import type { Fault } from "../rule.ts";
import { crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import {
	all,
	any,
	hasMember,
	isBlankValue,
	isEmptyText,
	isListedBeforeParent,
	isMissing,
	isNonEmptyText,
	isText,
	isUnhashable,
	isUnjoinableList,
	not,
} from "./conditions.ts";
import { conversionReactions } from "./conversion.ts";

const conversion = conversionReactions;

const typeError = "TypeError: no NIC is configured";

/** netplan's generator reads the whole file or nothing. */
export const netplanRefuses = "netplan refuses the whole file: no NIC comes up";
/** cloud-init validates its own network configuration since 24.2 as it converts it, and reports what does not fit. */
const isDegraded = "status is degraded and cloud-init status --wait exits with 2";
export const degradedStatus = `its ${isDegraded}`;
export const degraded = `networking is right, but cloud-init's ${isDegraded}`;
export const NETPLAN = { renderers: ["netplan"] } as const;
export const SCHEMA = { since: "24.2" } as const;

export const cloudInitLinkReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": conversion["document-type"],
	"document-empty": [lost("an empty configuration counts as one: no NIC comes up, and its own DHCP fallback is off")],
	"list-type": conversion["list-type"],
	"item-type": conversion["item-type"],
	"link-id-missing": conversion["link-id-missing"],
	"link-id-repeated": conversion["link-id-repeated"],
	"link-type-missing": [crash("KeyError: no NIC is configured", { when: isMissing })],
	"link-type-unknown": [ignored("warns that it does not know the type, and takes the link for a NIC")],
	"nic-name": [ignored("renames the NIC to it")],
	"nic-name-invalid": [
		crash("TypeError: no NIC is configured", { when: isUnhashable }),
		crash("TypeError: no NIC is configured", { renderers: ["network-manager"], when: not(isText) }),
		crash("TypeError: no NIC is configured", { renderers: ["networkd"], until: "25.2", when: not(isText) }),
		// It sorts the names.
		crash("TypeError: no NIC is configured", {
			renderers: ["eni"],
			when: all(not(isText), ({ document }) => document.links.length > 1),
		}),
		lost(netplanRefuses, { ...NETPLAN, when: isEmptyText }),
		lost("ifupdown finds no NIC of that name", { renderers: ["eni"], when: not(isNonEmptyText) }),
		ignored(degraded, { ...SCHEMA, when: not(isText) }),
	],
	"nic-mac-missing": [...conversion["nic-mac-missing"], ignored(degraded, SCHEMA)],
	"nic-mac-invalid": [
		lost(netplanRefuses, { ...NETPLAN, when: all(isText, hasMember("link", "name")) }),
		lost("no NIC has that address: the NIC is not configured", {
			renderers: ["networkd", "network-manager", "sysconfig"],
			when: all(isText, hasMember("link", "name"), not(hasDashes)),
		}),
		...conversion["nic-mac-invalid"],
	],
	"nic-mac-repeated": conversion["nic-mac-repeated"],
	"nic-not-in-guest": conversion["nic-not-in-guest"],
	"mtu-text": [ignored(degraded, SCHEMA)],
	"mtu-invalid": [
		crash(typeError, { renderers: ["eni"], when: isUnjoinableList }),
		ignored(degraded, { ...SCHEMA, when: isEmptyText }),
		lost(netplanRefuses, { ...NETPLAN, when: ({ value }) => value !== "" && !isWhole(value) }),
		wrong(`passes it to the system, which refuses it; ${degradedStatus}`, { ...SCHEMA, when: not(isInteger) }),
		wrong("passes it to the system, which refuses it", { when: not(isEmptyText) }),
	],
	"mtu-tiny": [wrong("passes it to the system, which refuses it (cloud-init issue 6239)")],
	"mtu-below-ipv6": [lost("the kernel turns IPv6 off on the link")],
	"mtu-above-parent": [
		wrong("the VLAN keeps its parent's MTU", { renderers: ["network-manager"] }),
		lost("systemd-networkd makes no such VLAN, and its parent counts as failed", {
			renderers: ["netplan", "networkd"],
		}),
		wrong("the kernel refuses it: the VLAN keeps its parent's MTU", { renderers: ["sysconfig", "eni"] }),
	],
	"bond-links-missing": conversion["bond-links-missing"],
	"bond-empty": conversion["bond-empty"],
	"bond-link-unknown": conversion["bond-link-unknown"],
	"bond-link-shared": conversion["bond-link-shared"],
	"bond-member-network": conversion["bond-member-network"],
	"bond-mode-number": [
		lost(netplanRefuses, NETPLAN),
		lost("the system does not make the bond", { renderers: ["network-manager"], since: "24.2", when: isNoMode }),
		lost("the bond is balance-rr, which does not work on an LACP switch port", {
			renderers: ["sysconfig", "eni"],
			when: isNoMode,
		}),
		lost("systemd-networkd ignores it: the bond is balance-rr", { renderers: ["networkd"], since: "26.1" }),
		ignored(degraded, SCHEMA),
	],
	"bond-mode-number-text": [
		lost(netplanRefuses, NETPLAN),
		lost("systemd-networkd ignores it: the bond is balance-rr", { renderers: ["networkd"], since: "26.1" }),
		ignored(degraded, SCHEMA),
	],
	"bond-mode-unknown": [
		crash(typeError, { renderers: ["sysconfig", "eni"], when: isUnjoinableList }),
		lost(netplanRefuses, NETPLAN),
		lost("the system ignores it, or does not make the bond", { renderers: ["network-manager", "sysconfig", "eni"] }),
		lost("systemd-networkd ignores it: the bond is balance-rr", { renderers: ["networkd"], since: "26.1" }),
		ignored(degraded, SCHEMA),
	],
	"bond-miimon-text": [wrong(degradedStatus, SCHEMA)],
	"bond-miimon-invalid": [
		crash(typeError, { renderers: ["sysconfig", "eni"], when: isUnjoinableList }),
		lost(netplanRefuses, { ...NETPLAN, when: isUnhashable }),
		...invalidOption("the bond has no link monitoring"),
	],
	"bond-monitoring-missing": [
		fine({ until: "24.2", when: isMonitoredWithDashes }),
		wrong("the bond does not notice a dead link", { renderers: ["netplan", "sysconfig", "eni"] }),
		wrong("the bond does not notice a dead link", { renderers: ["networkd"], since: "26.1" }),
	],
	"bond-arp-monitoring": [
		lost("writes arp-ip-target, which netplan does not know: netplan refuses the whole file: no NIC comes up", NETPLAN),
		wrong("does not read it: the bond does not notice a dead link", { renderers: ["network-manager"], until: "24.3" }),
		wrong("does not read it: the bond does not notice a dead link", { renderers: ["sysconfig"], since: "24.2" }),
		wrong("does not read the targets: the bond does not notice a dead link", {
			renderers: ["networkd"],
			since: "26.1",
		}),
	],
	"bond-hash-policy-unknown": [
		fine({ when: all(isBlankValue, not(isUnhashable)) }),
		crash(typeError, { renderers: ["eni"], when: isUnjoinableList }),
		crash(typeError, { renderers: ["sysconfig"], until: "24.2", when: isUnjoinableList }),
		lost(netplanRefuses, { ...NETPLAN, when: isRefusedPolicy }),
		// The kernel has this one too, but systemd does not know it.
		fine({ renderers: ["network-manager", "sysconfig", "eni"], when: ({ value }) => value === "vlan+srcmac" }),
		...invalidOption("the policy is layer2"),
	],
	"bond-lacp-rate-invalid": [
		crash(typeError, { renderers: ["eni"], when: isUnjoinableList }),
		crash(typeError, { renderers: ["sysconfig"], until: "24.2", when: isUnjoinableList }),
		lost(netplanRefuses, { ...NETPLAN, when: isUnhashable }),
		// netplan checks the value since 1.0.
		lost(netplanRefuses, { ...NETPLAN, since: "25.1" }),
		wrong(`systemd-networkd ignores the number: the rate is slow; ${degradedStatus}`, {
			...SCHEMA,
			...NETPLAN,
			when: all(isFastNumber, not(isText)),
		}),
		// Zero and one are the kernel's numbers for slow and fast.
		ignored(degraded, { ...SCHEMA, when: all(not(isText), any(isRateNumber, isBlankValue)) }),
		wrong("systemd-networkd ignores the number: the rate is slow", { ...NETPLAN, when: isFastNumber }),
		fine({ when: any(isRateNumber, isRateNumberText, isBlankValue) }),
		wrong(`the system ignores it: the rate is slow; ${degradedStatus}`, {
			...SCHEMA,
			renderers: ["netplan", "networkd", "sysconfig", "eni"],
			when: not(isText),
		}),
		...invalidOption("the rate is slow"),
	],
	"bond-option-spelling": [
		wrong("does not read this spelling: the option has its default", {
			renderers: ["sysconfig"],
			until: "24.2",
			when: isOnlySpelling,
		}),
		ignored(degraded, SCHEMA),
	],
	"bond-mode-unread": [
		lost("the bond is balance-rr, which does not work on an LACP switch port", { renderers: ["network-manager"] }),
	],
	"bond-miimon-unread": [wrong("the bond has no link monitoring", { renderers: ["network-manager"] })],
	"bond-hash-policy-unread": [
		wrong("the policy is layer2", { renderers: ["network-manager", "sysconfig"] }),
		wrong("the policy is layer2", { renderers: ["networkd"], since: "26.1" }),
	],
	"bond-lacp-rate-unread": [
		wrong("the rate is slow", { renderers: ["network-manager", "sysconfig"] }),
		wrong("the rate is slow", { renderers: ["networkd"], since: "26.1" }),
	],
	"bond-mac-unread": [wrong("does not set it: the bond has a random address", { renderers: ["network-manager"] })],
	"bond-member-macs": [
		// Debian 12 has the repair (22.4.2-1+deb12u4).
		lost("gives every member the bond's address: the bond comes up with one member", { since: "23.1", until: "24.2" }),
	],
	"bond-mac-invalid": [
		crash("AttributeError: no NIC is configured", { when: not(isText) }),
		lost(netplanRefuses, NETPLAN),
		lost("the system refuses it"),
	],
	"bond-mode-missing": [
		lost(netplanRefuses, { ...NETPLAN, when: not(isMissingOrNull) }),
		ignored(degraded, { ...SCHEMA, when: not(isMissingOrNull) }),
	],
	"vlan-mac-missing": conversion["vlan-mac-missing"],
	"vlan-mac-null": [ignored(degraded, { since: "25.1.1" })],
	"vlan-mac-invalid": [
		fine({ renderers: ["netplan", "eni"], since: "24.2", until: "25.1.1" }),
		crash("AttributeError: no NIC is configured", { ...NETPLAN, when: not(isText) }),
		crash("AttributeError: no NIC is configured", { since: "25.3", when: not(any(isText, isFalse)) }),
		crash(typeError, { renderers: ["eni"], when: isUnjoinableList }),
		lost(netplanRefuses, NETPLAN),
		lost("the system refuses the address", { when: isText }),
		ignored(degraded, { since: "25.1.1" }),
	],
	"vlan-link-unknown": conversion["vlan-link-unknown"],
	"vlan-mac-own": [wrong("does not set it: the VLAN has its parent's address, and port security drops its frames")],
	"mtu-unread": [wrong("does not set it", { renderers: ["network-manager"] })],
	"vlan-over-vlan": [
		lost("names a parent that does not exist: netplan refuses the whole file, no NIC comes up", NETPLAN),
		lost("names a parent that does not exist: the VLAN is missing", {
			renderers: ["networkd", "network-manager", "sysconfig", "eni"],
			when: any(isListedBeforeParent, isOwnParent),
		}),
	],
	"vlan-id-missing": conversion["vlan-id-missing"],
	"vlan-id-invalid": [
		fine({ when: ({ value }) => value === 0 }),
		crash("ValueError: no NIC is configured", { renderers: ["sysconfig"], when: isNoPythonInteger }),
		crash(typeError, { renderers: ["eni"], when: isUnjoinableList }),
		lost(netplanRefuses, { ...NETPLAN, when: not(isEmptyText) }),
		lost("the kernel refuses the VLAN"),
	],
	"vlan-id-text": [ignored(degraded, SCHEMA)],
	"vlan-id-repeated": [lost("the last one's addresses replace the others'")],
	"vlan-name-long": [
		// It numbers bonds without a name, and takes a NIC's name from the guest unless the document gives one.
		lost("the VLAN is missing: the kernel allows names of 15 characters", { when: parentIsNamed }),
	],
	"virtual-link-unrendered": [
		lost("creates no such link (cloud-init issue 6534)", { renderers: ["networkd"], until: "26.1" }),
	],
	"virtual-link-static6": [ignored(degraded, { ...SCHEMA, until: "26.1" })],
};

/** What the system makes of an option that it does not know. networkd makes bonds since cloud-init 26.1. */
function invalidOption(result: string): Reaction[] {
	return [
		lost("NetworkManager refuses the profile: the bond is missing", { renderers: ["network-manager"], since: "24.3" }),
		wrong(`the system ignores it: ${result}`, { renderers: ["netplan", "sysconfig", "eni"] }),
		wrong(`systemd-networkd ignores it: ${result}`, { renderers: ["networkd"], since: "26.1" }),
	];
}

/** The kernel has modes 0 to 6. */
function isNoMode({ value }: Fault): boolean {
	return BOND_MODES[numberOf(value)] === undefined;
}

/** An option that is written as bond_xmit-hash-policy or bond_lacp-rate alone. */
function isOnlySpelling({ link, value }: Fault): boolean {
	return (
		link !== undefined &&
		/^bond_.*-/.test(String(value)) &&
		!Object.hasOwn(link.raw, String(value).replaceAll("-", "_"))
	);
}

/** `bond-miimon`, which is passed on as it is. */
function isMonitoredWithDashes({ link }: Fault): boolean {
	return link !== undefined && numberOf(member(link.raw, "bond-miimon")) > 0;
}

function isFastNumber({ value }: Fault): boolean {
	return value === 1 || value === "1";
}

function isRateNumber({ value }: Fault): boolean {
	return value === 0 || value === 1;
}

function isRateNumberText({ value }: Fault): boolean {
	return value === "0" || value === "1";
}

/** systemd and NetworkManager read a MAC address with dashes, too. */
function hasDashes({ value }: Fault): boolean {
	return typeof value === "string" && /^([0-9a-f]{2}-){5}[0-9a-f]{2}$/i.test(value);
}

function isOwnParent({ link, otherLink }: Fault): boolean {
	return link !== undefined && otherLink === link;
}

function parentIsNamed({ otherLink }: Fault): boolean {
	return otherLink !== undefined && typeof member(otherLink.raw, "name") === "string";
}

function isWhole(value: unknown): boolean {
	return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** What JSON Schema takes for an integer. */
function isInteger({ value }: Fault): boolean {
	return Number.isInteger(value);
}

function isMissingOrNull({ value }: Fault): boolean {
	return value === undefined || value === null;
}

/** What Python takes for false. */
function isFalse({ value }: Fault): boolean {
	return !value || (typeof value === "object" && Object.keys(value).length === 0);
}

/** What Python's int() does not convert. */
function isNoPythonInteger({ value }: Fault): boolean {
	if (typeof value === "number" || typeof value === "boolean") return false;
	return typeof value !== "string" || !/^\s*[+-]?\d+\s*$/.test(value);
}

/** netplan accepts any text as a policy, also numbers and booleans, which are text in YAML. */
function isRefusedPolicy({ value }: Fault): boolean {
	return typeof value === "object" && value !== null;
}
