/** What cloud-init makes of faults in links. */

import { macOf } from "../document-view.ts";
import { isWhole, member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { LONGEST_NAME } from "../rules/bond-macs.ts";
import { hasNetplanPattern, isKernelName } from "../rules/link-names.ts";
import { crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { degraded, degradedStatus, NETPLAN, netplanRefuses, SCHEMA, typeError } from "./cloud-init-effects.ts";
import {
	all,
	any,
	hasMember,
	isBond,
	isDashedMac,
	isEmptyText,
	isInteger,
	isListedBeforeParent,
	isMissing,
	isNonEmptyText,
	isNull,
	isText,
	isUnhashable,
	isUnjoinableList,
	not,
} from "./conditions.ts";
import { conversionReactions, emptyApplied } from "./conversion.ts";

const conversion = conversionReactions;

export const cloudInitLinkReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": conversion["document-type"],
	"document-yaml": conversion["document-yaml"],
	"document-empty": [lost(emptyApplied)],
	"networks-missing": [
		// link-without-network says what happens there.
		fine({ renderers: ["network-manager"] }),
		ignored("brings the links up without an address; its own DHCP fallback is off"),
	],
	// Its profile has neither family, and NetworkManager takes a missing one for DHCP (`_normalize_ip_config` in
	// nm-connection.c). For bonds, cloud-init turns both off since 24.3 (commit 90a319046).
	"link-without-network": [
		fine({ since: "24.3", when: isBond }),
		wrong("NetworkManager asks for DHCP on the link: it may get an address and a default route", {
			renderers: ["network-manager"],
		}),
	],
	"list-type": conversion["list-type"],
	"item-type": conversion["item-type"],
	"link-id-missing": conversion["link-id-missing"],
	"link-id-repeated": conversion["link-id-repeated"],
	"link-type-missing": [crash("KeyError: no NIC is configured", { when: isMissing })],
	"link-type-unknown": [ignored("warns about the unknown type, and treats the link as a NIC")],
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
	"bond-name-invalid": [
		crash("TypeError: no NIC is configured", { when: isUnhashable }),
		// It then numbers the bond.
		fine({ when: isNull }),
		crash("TypeError: no NIC is configured", { renderers: ["network-manager"], when: not(isText) }),
		ignored(degraded, { when: not(isText) }),
		lost(netplanRefuses, NETPLAN),
		lost("creates a bond without a name: the system refuses it"),
	],
	"link-name-repeated": [
		// It reads a bond's name since 26.1.
		fine({ until: "26.1", when: any(isBond, ({ otherLink }) => otherLink?.kind === "bond") }),
		lost("the last link's settings replace the first's"),
	],
	"link-name-unusable": [
		fine({ until: "26.1", when: isBond }),
		crash('ValueError "invalid interpolation syntax": no NIC is configured', {
			renderers: ["network-manager"],
			when: hasLonePercent,
		}),
		lost(netplanRefuses, { ...NETPLAN, when: isTextWith(hasNetplanPattern) }),
		fine({ when: isTextWith(isKernelName) }),
		wrong(`the NIC keeps its own name; ${degradedStatus}`, {
			...SCHEMA,
			renderers: ["network-manager"],
			when: all(
				isFoundByMac,
				isTextWith(({ length }) => length > LONGEST_NAME),
			),
		}),
		wrong("the NIC keeps its own name", { renderers: ["network-manager"], when: isFoundByMac }),
		lost("the kernel refuses the name: the link is not configured"),
	],
	"nic-mac-missing": [...conversion["nic-mac-missing"], ignored(degraded, SCHEMA)],
	"nic-mac-invalid": [
		lost(netplanRefuses, { ...NETPLAN, when: all(isText, hasMember("link", "name")) }),
		lost("no NIC has that address: the NIC is not configured", {
			renderers: ["networkd", "network-manager", "sysconfig"],
			when: all(isText, hasMember("link", "name"), not(isDashedMac)),
		}),
		...conversion["nic-mac-invalid"],
	],
	"nic-mac-repeated": conversion["nic-mac-repeated"],
	"nic-mac-unusable": [
		// ifupdown finds the NIC by its name.
		fine({ renderers: ["eni"], when: hasMember("link", "name") }),
		...conversion["nic-mac-unusable"],
	],
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
		lost("systemd-networkd creates no such VLAN, and its parent counts as failed", {
			renderers: ["netplan", "networkd"],
		}),
		wrong("the kernel refuses it: the VLAN keeps its parent's MTU", { renderers: ["sysconfig", "eni"] }),
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
		fine({ until: "26.1", when: ({ otherLink }) => otherLink?.kind === "bond" }),
		lost("the VLAN is missing: the kernel allows names of 15 characters", { when: isNamedByParent }),
	],
	"virtual-link-unrendered": [
		lost("creates no such link (cloud-init issue 6534)", { renderers: ["networkd"], until: "26.1" }),
	],
	"virtual-link-static6": [ignored(degraded, { ...SCHEMA, until: "26.1" })],
};

function isTextWith(test: (text: string) => boolean): (fault: Fault) => boolean {
	return ({ value }) => typeof value === "string" && test(value);
}

/** Python's configparser reads a percent sign as the beginning of a reference. */
function hasLonePercent({ value }: Fault): boolean {
	return typeof value === "string" && value.replaceAll("%%", "").includes("%");
}

/** NetworkManager finds the NIC by its MAC address; a profile in a folder of its own is not read. */
function isFoundByMac({ link, value }: Fault): boolean {
	return link?.kind === "nic" && macOf(link) !== undefined && typeof value === "string" && !value.includes("/");
}

function isOwnParent({ link, otherLink }: Fault): boolean {
	return link !== undefined && otherLink === link;
}

function isNamedByParent({ otherLink, value }: Fault): boolean {
	const name = otherLink && member(otherLink.raw, "name");
	return typeof name === "string" && String(value).startsWith(`${name}.`);
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
