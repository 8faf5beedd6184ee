/** The MTU of a link: its form, and what the kernel accepts. */

import { configures } from "../clients/cell.ts";
import { dynamicNetworkOf, isNeutronPort, type LinkView } from "../document-view.ts";
import { isDigits, isWhole, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { parentOf, vlansOf } from "../vlans.ts";
import { onMember, onUnreadMember } from "./concerns.ts";

/** IPv4's minimum (RFC 791): Linux refuses less on an Ethernet NIC. */
const MIN_IPV4 = 68;
/** IPv6's minimum (RFC 8200): below it, Linux turns IPv6 off on the NIC. */
const MIN_IPV6 = 1280;
const MAX = 65535;
const KINDS = { nic: "NIC", bond: "bond", vlan: "VLAN" } as const;

export const mtuRules: readonly Rule[] = [
	{
		id: "mtu-text",
		title: "An MTU as text",
		fix: "write it as a number",
		*find({ links }) {
			for (const { pointer, value, link } of links.flatMap(mtuOf)) {
				if (isDigits(value)) yield { pointer, message: `the MTU is the text ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "mtu-invalid",
		title: "An MTU that is not a number of bytes up to 65535",
		fix: "write a number from 68 to 65535, or leave the MTU out",
		*find({ links }) {
			for (const { pointer, value, link } of links.flatMap(mtuOf)) {
				const number = mtuNumber(value);
				if (isWhole(number) && number <= MAX) continue;
				yield { pointer, message: `the MTU is ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "mtu-tiny",
		title: "An MTU of less than 68 bytes, or 0 for unknown",
		fix: "leave out an unknown MTU, or write null",
		concerns: onMember("links[].mtu"),
		*find({ links }) {
			for (const { pointer, value, link } of links.flatMap(mtuOf)) {
				const number = mtuNumber(value);
				if (isWhole(number) && number < MIN_IPV4) yield { pointer, message: `the MTU is ${number}`, value, link };
			}
		},
	},
	{
		id: "mtu-below-ipv6",
		title: "An MTU of less than 1280 bytes on a link with IPv6",
		fix: "raise the MTU to 1280 or more, that of a VLAN's parent first, or leave IPv6 out",
		// A VLAN's MTU cannot be above its parent's.
		isLimitation: ({ link, otherLink }) => isNeutronPort(link) && otherLink !== undefined,
		concerns: (cell, fault) =>
			onMember("links[].mtu")(cell, fault) &&
			(fault.link?.networks.some((network) => network.version === 6 && configures(cell, network)) ?? false),
		*find(document) {
			for (const { pointer, value, link } of document.links.flatMap(mtuOf)) {
				const number = mtuNumber(value);
				if (!isBelowIpv6(number)) continue;
				if (!link.networks.some(({ version }) => version === 6)) continue;
				const parent = link.kind === "vlan" ? parentOf(link, document) : undefined;
				const isLimited = parent !== undefined && isBelowIpv6(mtuNumber(member(parent.raw, "mtu")));
				const message = `the MTU is ${number}, and the link has IPv6`;
				yield { pointer, message, value, link, ...(isLimited && { otherLink: parent }) };
			}
		},
	},
	{
		id: "mtu-above-parent",
		title: "A VLAN with a larger MTU than its parent",
		fix: "lower the VLAN's MTU, or raise the parent's",
		*find(document) {
			for (const { pointer, value, link } of document.links.flatMap(mtuOf)) {
				const parent = link.kind === "vlan" ? parentOf(link, document) : undefined;
				const mtu = mtuNumber(value);
				const parentMtu = mtuNumber(parent && member(parent.raw, "mtu"));
				if (!parent || !isWhole(mtu) || !isWhole(parentMtu) || mtu <= parentMtu || parentMtu < MIN_IPV4) continue;
				const message = `the VLAN's MTU is ${mtu}, that of ${parent.pointer} is ${parentMtu}`;
				yield { pointer, message, value, link, otherLink: parent };
			}
		},
	},
	{
		id: "mtu-unread",
		title: "An MTU other than the one that the link would have without it",
		fix: "set the MTU in the image, let DHCP bring it, or keep the parent's MTU no larger than the VLAN's",
		concerns: onUnreadMember("links[].mtu"),
		// Nova and KubeVirt give a virtual machine's NIC the network's MTU.
		isLimitation: ({ link }) => link?.kind === "nic",
		*find(document) {
			const parents = new Set(vlansOf(document).map((vlan) => parentOf(vlan, document)));
			for (const { pointer, value, link } of document.links.flatMap(mtuOf)) {
				const mtu = mtuNumber(value);
				if (!isWhole(mtu) || mtu < MIN_IPV4 || mtu > MAX) continue;
				// A bond gives its members its own MTU, and a NIC may get one by DHCP.
				const isUsed = link.kind !== "nic" || link.networks.length > 0 || parents.has(link);
				if (!isUsed || (link.kind === "nic" && dynamicNetworkOf(link, 4))) continue;
				const parent = link.kind === "vlan" ? parentOf(link, document) : undefined;
				const parentMtu = mtuNumber(parent && member(parent.raw, "mtu"));
				const inherited = isWhole(parentMtu) && parentMtu > 0 && parentMtu <= MAX ? parentMtu : 1500;
				// A VLAN cannot have more than its parent (mtu-above-parent).
				if (mtu === inherited || (isWhole(parentMtu) && mtu > parentMtu)) continue;
				const other = link.kind === "nic" ? " unless the host gives it another" : "";
				const message = `the ${KINDS[link.kind]}'s MTU is ${mtu}, without it the MTU is ${inherited}${other}`;
				yield { pointer, message, value, link };
			}
		},
	},
];

/** The link's MTU, if it has one: null means that it is unknown. */
function mtuOf(link: LinkView): { pointer: string; value: unknown; link: LinkView }[] {
	const value = member(link.raw, "mtu");
	return value === undefined || value === null ? [] : [{ pointer: `${link.pointer}/mtu`, value, link }];
}

/** An MTU as text counts as its number: most clients read it so. */
function mtuNumber(value: unknown): unknown {
	return isDigits(value) ? Number(value) : value;
}

/** Enough for IPv4. */
function isBelowIpv6(mtu: unknown): boolean {
	return isWhole(mtu) && mtu >= MIN_IPV4 && mtu < MIN_IPV6;
}
