/** The options of a bond: its mode, its policies, its link monitoring. */
import { BOND_MODES, isMonitoredMode } from "../../instance/bonding.ts";
import { bondsOf, COMMON_HASH_POLICIES, modeOf } from "../bond-members.ts";
import type { DocumentView, LinkView } from "../document-view.ts";
import { memberPointer } from "../document-view.ts";
import { isBlank, isDigits, member, show } from "../json.ts";
import type { FoundFault, Rule } from "../rule.ts";
import { vlansOn } from "../vlans.ts";
import { onMember, onUnreadMember } from "./concerns.ts";

export const bondRules: readonly Rule[] = [
	{
		id: "bond-mode-missing",
		title: "A bond without a mode",
		fix: "write bond_mode, for example active-backup",
		*find(document) {
			for (const link of bondsOf(document)) {
				const value = member(link.raw, "bond_mode");
				if (!isBlank(value) || value === 0) continue;
				yield { pointer: memberPointer(link, "bond_mode"), message: "the bond has no mode", value, link };
			}
		},
	},
	{
		id: "bond-mode-number",
		title: "A bond mode as the driver's number",
		fix: "write the mode's name",
		*find(document) {
			for (const fault of optionFaults(document, "bond_mode", (mode) => typeof mode === "number")) {
				const name = BOND_MODES[fault.value as number];
				yield { ...fault, message: `the mode is ${fault.value}${name ? `, which is ${name}` : ""}` };
			}
		},
	},
	{
		id: "bond-mode-number-text",
		title: "A bond mode as the driver's number, in text",
		fix: "write the mode's name",
		*find(document) {
			for (const fault of optionFaults(document, "bond_mode", isModeNumber)) {
				const name = BOND_MODES[Number(fault.value)];
				const message = `the kernel knows ${show(fault.value)} as ${name}, but netplan, Windows and Talos need the name`;
				yield { ...fault, message };
			}
		},
	},
	{
		id: "bond-mode-unknown",
		title: "A bond mode that the kernel does not have (`802.1ad` …)",
		fix: `write one of ${BOND_MODES.join(", ")}`,
		*find(document) {
			const isUnknown = (mode: unknown) =>
				!isBlank(mode) &&
				typeof mode !== "number" &&
				!isModeNumber(mode) &&
				!BOND_MODES.some((known) => known === mode);
			for (const fault of optionFaults(document, "bond_mode", isUnknown)) {
				yield { ...fault, message: `the kernel has no bond mode ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-broadcast",
		title: "A bond in mode `broadcast`",
		fix: "use another mode for Windows guests",
		limitation: true,
		*find(document) {
			for (const fault of optionFaults(document, "bond_mode", (mode) => mode === "broadcast")) {
				yield { ...fault, message: "the bond's mode is broadcast" };
			}
		},
	},
	{
		id: "bond-miimon-number",
		title: "`bond_miimon` as a number",
		fix: 'for Talos, write it as text, "100"; cloud-init since 24.2 expects a number',
		*find(document) {
			for (const fault of optionFaults(document, "bond_miimon", (value) => typeof value === "number")) {
				yield { ...fault, message: `bond_miimon is the number ${fault.value}` };
			}
		},
	},
	{
		id: "bond-miimon-text",
		title: "`bond_miimon` as text",
		fix: "write it as a number, 100; only Talos needs text",
		*find(document) {
			for (const fault of optionFaults(document, "bond_miimon", isDigits)) {
				yield { ...fault, message: `bond_miimon is the text ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-miimon-invalid",
		title: "`bond_miimon` that is not a number of milliseconds",
		fix: "write the milliseconds as a number, 100",
		*find(document) {
			const isInvalid = (value: unknown) =>
				value !== undefined && value !== null && !isDigits(value) && !(Number.isInteger(value) && Number(value) >= 0);
			for (const fault of optionFaults(document, "bond_miimon", isInvalid)) {
				yield { ...fault, message: `bond_miimon is ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-monitoring-missing",
		title: "A bond without link monitoring",
		fix: 'write bond_miimon: 100 (for Talos as text, "100")',
		concerns: ({ client, renderer }, { link, value }) =>
			client.setsMonitoring === "always" ||
			(client.setsMonitoring === "by-document" && !isMonitoredMode(link && modeOf(link))) ||
			((value === 0 || value === "0") && client.setsNoMonitoring?.[renderer] !== undefined) ||
			(value === undefined && client.setsNoMonitoring?.[renderer] === "if 0 or missing"),
		*find(document) {
			for (const link of bondsOf(document)) {
				const value = member(link.raw, "bond_miimon");
				if (!isBlank(value) && value !== "0") continue;
				// By ARP the kernel monitors nothing without a target.
				if (isPositive(optionOf(link, "bond_arp_interval")) && !isBlank(optionOf(link, "bond_arp_ip_target"))) continue;
				yield { pointer: memberPointer(link, "bond_miimon"), message: "the bond has no link monitoring", value, link };
			}
		},
	},
	{
		id: "bond-monitoring-twice",
		title: "Link monitoring by ARP (`bond_arp_interval`) beside `bond_miimon`",
		fix: "leave one of them out",
		concerns: onMember("links[].bond_arp_interval"),
		*find(document) {
			for (const fault of optionFaults(document, "bond_arp_interval", isPositive)) {
				if (!isPositive(member(fault.link.raw, "bond_miimon"))) continue;
				yield { ...fault, message: "the bond has bond_arp_interval and bond_miimon" };
			}
		},
	},
	{
		id: "bond-arp-monitoring",
		title: "Link monitoring by ARP (`bond_arp_ip_target`), for clients that cannot pass it on",
		fix: "write bond_miimon: 100 in its place, if the links show their state",
		limitation: true,
		*find(document) {
			for (const fault of optionFaults(document, "bond_arp_ip_target", (value) => value !== undefined)) {
				yield { ...fault, message: "the bond monitors its links by ARP" };
			}
		},
	},
	{
		id: "bond-hash-policy-unknown",
		title: "A transmit hash policy that not every client knows",
		fix: `write one of ${COMMON_HASH_POLICIES.join(", ")}, or leave it out`,
		*find(document) {
			const isUnknown = (policy: unknown) =>
				policy !== undefined && policy !== null && !COMMON_HASH_POLICIES.includes(policy);
			for (const fault of optionFaults(document, "bond_xmit_hash_policy", isUnknown)) {
				yield { ...fault, message: `the transmit hash policy is ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-lacp-rate-invalid",
		title: "An LACP rate that is neither `slow` nor `fast`",
		fix: "write slow or fast, or leave it out",
		*find(document) {
			const isInvalid = (rate: unknown) => rate !== undefined && rate !== null && rate !== "slow" && rate !== "fast";
			for (const fault of optionFaults(document, "bond_lacp_rate", isInvalid)) {
				yield { ...fault, message: `the LACP rate is ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-lacp-rate-mode",
		title: "A fast LACP rate in another mode than `802.3ad`",
		fix: "leave bond_lacp_rate out, or write the mode 802.3ad",
		*find(document) {
			const isFast = (rate: unknown) => rate === "fast" || rate === 1 || rate === "1";
			for (const fault of optionFaults(document, "bond_lacp_rate", isFast)) {
				if (modeOf(fault.link) === "802.3ad") continue;
				const mode = member(fault.link.raw, "bond_mode");
				yield { ...fault, message: `the LACP rate is fast, and the mode is ${show(mode)}` };
			}
		},
	},
	{
		id: "bond-mode-unread",
		title: "A bond mode that some versions of a client read under another name",
		fix: 'repeat it as "bond-mode"',
		concerns: onUnreadMember("links[].bond_mode"),
		*find(document) {
			for (const fault of optionFaults(document, "bond_mode", (mode) => BOND_MODES.some((known) => known === mode))) {
				if (fault.value !== "balance-rr") yield { ...fault, message: `the mode is ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-hash-policy-unread",
		title: "A transmit hash policy that some versions of a client read under another name",
		fix: 'repeat it as "bond-xmit-hash-policy" and "bond_xmit-hash-policy"',
		concerns: onUnreadMember("links[].bond_xmit_hash_policy"),
		*find(document) {
			const matters = (policy: unknown) => COMMON_HASH_POLICIES.includes(policy) && policy !== "layer2";
			for (const fault of optionFaults(document, "bond_xmit_hash_policy", matters)) {
				yield { ...fault, message: `the transmit hash policy is ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-lacp-rate-unread",
		title: "An LACP rate that some versions of a client read under another name",
		fix: 'repeat it as "bond-lacp-rate" and "bond_lacp-rate"',
		concerns: onUnreadMember("links[].bond_lacp_rate"),
		*find(document) {
			for (const fault of optionFaults(document, "bond_lacp_rate", (rate) => rate === "fast" || rate === 1)) {
				yield { ...fault, message: "the LACP rate is fast" };
			}
		},
	},
	{
		id: "bond-option-spelling",
		title: "A bond option that is spelled with dashes (`bond-mode`, `bond_xmit-hash-policy`)",
		fix: "leave it out, unless guests need it (bond-mode-unread, bond-hash-policy-unread, bond-lacp-rate-unread)",
		*find(document) {
			for (const link of bondsOf(document)) {
				const name = Object.keys(link.raw).find((key) => /^bond[-_].*-|^bond-/.test(key));
				if (name === undefined) continue;
				const message = `the bond has the option ${show(name)}`;
				yield { pointer: link.pointer, message, value: name, link };
			}
		},
	},
	{
		id: "bond-miimon-unread",
		title: "Link monitoring that some versions of a client do not read",
		fix: "nothing in the document helps: set it in the image",
		limitation: true,
		concerns: onUnreadMember("links[].bond_miimon"),
		*find(document) {
			for (const fault of optionFaults(document, "bond_miimon", isPositive)) {
				yield { ...fault, message: `bond_miimon is ${show(fault.value)}` };
			}
		},
	},
	{
		id: "bond-unsupported",
		title: "A bond, for clients that cannot set one up",
		fix: "nothing in the document helps: set up the bond in the image",
		limitation: true,
		*find(document) {
			for (const link of bondsOf(document)) {
				const isBelow = vlansOn(link, document).some(({ networks }) => networks.length > 0);
				if (link.networks.length > 0 || isBelow) yield { pointer: link.pointer, message: "the link is a bond", link };
			}
		},
	},
];

/** Each bond's option whose value passes the test; `message` is for the rule to write. */
function* optionFaults(
	document: DocumentView,
	name: string,
	isFault: (value: unknown) => boolean,
): Iterable<FoundFault & { readonly link: LinkView }> {
	for (const link of bondsOf(document)) {
		const value = member(link.raw, name);
		if (isFault(value)) yield { pointer: memberPointer(link, name), message: "", value, link };
	}
}

/** An option under its own name, or with dashes for underscores. */
function optionOf({ raw }: LinkView, name: string): unknown {
	const key = Object.keys(raw).find((one) => one.replaceAll("-", "_") === name);
	return key === undefined ? undefined : raw[key];
}

function isPositive(value: unknown): boolean {
	return (typeof value === "number" || typeof value === "string" || value === true) && Number(value) > 0;
}

function isModeNumber(mode: unknown): boolean {
	return typeof mode === "string" && /^[0-6]$/.test(mode);
}
