/** What cloud-init makes of faults in bonds. */

import { member, numberOf } from "../json.ts";
import type { Fault } from "../rule.ts";
import { crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { degraded, degradedStatus, NETPLAN, netplanRefuses, SCHEMA, typeError } from "./cloud-init-effects.ts";
import {
	all,
	any,
	isBlankValue,
	isNoMode,
	isNull,
	isOnlySpelling,
	isText,
	isUnhashable,
	isUnjoinableList,
	not,
} from "./conditions.ts";
import { conversionReactions } from "./conversion.ts";

const conversion = conversionReactions;
/** It leaves out single values that it does not know, and refuses options that do not go together. */
const profileRefused = "NetworkManager refuses the profile: the bond is missing";

export const cloudInitBondReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"bond-links-missing": conversion["bond-links-missing"],
	"bond-empty": conversion["bond-empty"],
	"bond-link-unknown": conversion["bond-link-unknown"],
	"bond-link-shared": conversion["bond-link-shared"],
	"bond-member-network": conversion["bond-member-network"],
	"bond-mode-number": [
		lost(netplanRefuses, NETPLAN),
		lost("the system does not create the bond", { renderers: ["network-manager"], since: "24.2", when: isNoMode }),
		lost("the system does not know the mode: the bond is balance-rr", {
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
		lost("the system ignores it, or does not create the bond", { renderers: ["network-manager", "sysconfig", "eni"] }),
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
	"bond-monitoring-twice": [
		lost("systemd-networkd cannot create the bond: the kernel refuses both together", {
			renderers: ["netplan", "networkd"],
		}),
		wrong("the driver turns one of them off", { renderers: ["network-manager", "sysconfig", "eni"] }),
	],
	"bond-arp-target-missing": [lost(profileRefused, { renderers: ["network-manager"], since: "24.4" })],
	"bond-lacp-rate-mode": [lost(profileRefused, { renderers: ["network-manager"], since: "24.4" })],
	"bond-arp-monitoring": [
		lost("writes arp-ip-target, which netplan does not know: netplan refuses the whole file: no NIC comes up", {
			...NETPLAN,
			when: not(isNull),
		}),
		fine({ when: isNull }),
		lost(profileRefused, {
			renderers: ["network-manager"],
			since: "24.4",
			when: ({ link }) => !(numberOf(link && member(link.raw, "bond_arp_interval")) > 0),
		}),
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
		ignored(degraded, { ...SCHEMA, renderers: ["network-manager"], until: "24.3", when: not(isText) }),
		wrong(`NetworkManager leaves it out: the rate is slow; ${degradedStatus}`, {
			renderers: ["network-manager"],
			since: "24.3",
			when: not(isText),
		}),
		...invalidOption("the rate is slow"),
	],
	"bond-option-spelling": [
		wrong("does not read this spelling: the option has its default", {
			renderers: ["sysconfig"],
			until: "24.2",
			when: all(hasUnderscoreAndDash, isOnlySpelling),
		}),
		ignored(degraded, SCHEMA),
	],
	"bond-mode-unread": [
		lost("the bond is balance-rr, which does not work on an LACP switch port", {
			renderers: ["network-manager"],
			when: ({ value }) => value === "802.3ad",
		}),
		lost("the bond is balance-rr: the switches see its address on one port and then on another", {
			renderers: ["network-manager"],
		}),
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
};

/** What the system makes of an option that it does not know. networkd makes bonds since cloud-init 26.1. */
function invalidOption(result: string): Reaction[] {
	return [
		wrong(`NetworkManager leaves it out: ${result}`, { renderers: ["network-manager"], since: "24.3" }),
		wrong(`the system ignores it: ${result}`, { renderers: ["netplan", "sysconfig", "eni"] }),
		wrong(`systemd-networkd ignores it: ${result}`, { renderers: ["networkd"], since: "26.1" }),
	];
}

/** An option that is written with an underscore and a dash: bond_xmit-hash-policy, bond_lacp-rate. */
function hasUnderscoreAndDash({ value }: Fault): boolean {
	return /^bond_.*-/.test(String(value));
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

function isMissingOrNull({ value }: Fault): boolean {
	return value === undefined || value === null;
}

/** netplan accepts any text as a policy, also numbers and booleans, which are text in YAML. */
function isRefusedPolicy({ value }: Fault): boolean {
	return typeof value === "object" && value !== null;
}
