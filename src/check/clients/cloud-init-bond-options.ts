/** The options of bonds beside mode, monitoring, policy and rate: where cloud-init reads them, and what it makes of faults. */
import { isEthernetMac } from "../../instance/addresses.ts";
import { type BondOption, bondModeOf } from "../../instance/bonding.ts";
import { driverValue } from "../bond-options.ts";
import { isBlank, member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { crash, fine, ignored, lost, type Part, type Reaction, type Reading, wrong } from "./client.ts";
import { degraded, NETPLAN, netplanRefuses, SCHEMA, typeError } from "./cloud-init-effects.ts";
import { all, any, isDashedMac, isEmptyText, isNull, isUnhashable, isUnjoinableList, not } from "./conditions.ts";

/** `NET_CONFIG_TO_V2` in net/network_state.py. The first three also for networkd, in net/networkd.py. */
const NETPLAN_SINCE_26_1: readonly BondOption[] = ["all_slaves_active", "arp_all_targets", "packets_per_slave"];
const NETPLAN_OPTIONS: readonly BondOption[] = [
	...(["ad_select", "arp_interval", "arp_validate", "downdelay", "fail_over_mac"] as const),
	...(["min_links", "num_grat_arp", "primary", "primary_reselect", "updelay"] as const),
];
/** `bond_tpl_opts` in net/sysconfig.py. */
const SYSCONFIG_OPTIONS: readonly BondOption[] = [...NETPLAN_OPTIONS, "arp_ip_target"];
/** `_prop_map` in net/network_manager.py. */
const NETWORK_MANAGER_SINCE_24_2: readonly BondOption[] = ["downdelay", "primary", "updelay"];
const NETWORK_MANAGER_SINCE_24_3: readonly BondOption[] = ["fail_over_mac", "num_grat_arp", "primary_reselect"];
const UNKNOWN_TO_NETWORK_MANAGER: readonly BondOption[] = ["arp_missed_max", "lacp_active", "ns_ip6_target"];

/** The link has a member of that name: cloud-init looks for some options under other names. */
export const hasSpelling =
	(name: string) =>
	({ link }: Part) =>
		link !== undefined && Object.hasOwn(link.raw, name);

/** What is in a name of `bond_` and dashes only is found; since 24.2 other names have both. */
function spelled(option: BondOption, where: Reading): Reading[] {
	if (!option.includes("_")) return [where];
	const name = `bond_${option.replaceAll("_", "-")}`;
	return [{ ...where, when: hasSpelling(name), note: `also written as ${name}` }];
}

function sysconfig(option: BondOption): Reading[] {
	const where = { renderers: ["sysconfig"] };
	if (!option.includes("_")) return [where];
	return [{ ...where, until: "24.2" }, ...spelled(option, { ...where, since: "24.2" })];
}

function networkManager(option: BondOption): Reading[] {
	if (UNKNOWN_TO_NETWORK_MANAGER.includes(option)) return [];
	const since = NETWORK_MANAGER_SINCE_24_2.includes(option)
		? "24.2"
		: NETWORK_MANAGER_SINCE_24_3.includes(option)
			? "24.3"
			: "24.4";
	return [{ renderers: ["network-manager"], since }];
}

/** ENI's renderer leaves out what Python takes for none, but false, which is written as off. */
function isLeftOut(value: unknown): boolean {
	return isBlank(value) && value !== false;
}

/** ENI's renderer writes every option. */
export function optionReadings(option: BondOption): readonly Reading[] {
	const isPassedOn = NETPLAN_OPTIONS.includes(option);
	const isNew = NETPLAN_SINCE_26_1.includes(option);
	return [
		...(isPassedOn ? [{ renderers: ["netplan"] }] : []),
		{
			renderers: ["eni"],
			when: ({ link }) => !isLeftOut(link && member(link.raw, `bond_${option}`)),
			note: "except 0",
		},
		...(isNew ? [{ renderers: ["netplan"], since: "26.1" }] : []),
		...(SYSCONFIG_OPTIONS.includes(option) ? sysconfig(option) : []),
		...networkManager(option),
		...((isPassedOn || isNew) && option !== "primary"
			? spelled(option, { renderers: ["networkd"], since: "26.1" })
			: []),
	];
}

const defaultStays = "the system ignores it: the option has its default";

export const cloudInitBondOptionReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"bond-option-unknown": [
		fine({ since: "24.4", when: ({ value }) => value === "bond_resend_igmp" }),
		ignored(degraded, SCHEMA),
	],
	"bond-option-invalid": [
		crash(typeError, { renderers: ["sysconfig", "eni"], when: isUnjoinableList }),
		fine({ renderers: ["sysconfig", "eni"], when: isJoined }),
		// Written as on and off.
		fine({ renderers: ["eni"], when: (fault) => isBoolean(fault) && driverValue(optionOf(fault), "on") === "1" }),
		fine({ ...NETPLAN, when: any(isNull, isSwitchOfNetplan, all(isCount, isEmptyText)) }),
		lost(netplanRefuses, { ...NETPLAN, when: isRefused }),
		// It takes dashes, and asks the kernel for the whole bond in one request.
		fine({ renderers: ["network-manager"], when: any(isNull, isDashedActor) }),
		lost("the kernel refuses the bond", { renderers: ["network-manager"], when: isGroupActor }),
		wrong(defaultStays, { renderers: ["netplan", "networkd", "network-manager", "sysconfig", "eni"] }),
	],
	"bond-option-form": [
		lost(netplanRefuses, { ...NETPLAN, when: all(isSwitch, not(isSwitchOfNetplan)) }),
		wrong("NetworkManager leaves it out: the option has its default", {
			renderers: ["network-manager"],
			when: ({ value }) => value === "on" || value === "off",
		}),
		// Number 0 is the default's.
		wrong("systemd-networkd ignores the number: the option has its default", {
			renderers: ["netplan", "networkd"],
			when: all(not(isSwitch), ({ value }) => Number(value) !== 0),
		}),
	],
	"bond-primary-unknown": [
		lost(netplanRefuses, { ...NETPLAN, when: not(isOtherLink) }),
		wrong("the bond has no primary", { renderers: ["netplan", "network-manager", "sysconfig", "eni"] }),
	],
};

function optionOf({ pointer }: Fault): BondOption {
	return pointer.split("/bond_").at(-1) as BondOption;
}

function isBoolean({ value }: Fault): boolean {
	return typeof value === "boolean";
}

function isSwitch(fault: Fault): boolean {
	return optionOf(fault) === "all_slaves_active";
}

/** netplan's words for true and false. */
function isSwitchOfNetplan(fault: Fault): boolean {
	return isSwitch(fault) && /^(true|on|yes|y|false|off|no|n)$/i.test(String(fault.value));
}

/** netplan has these as numbers. The others but the primary are any text. */
function isCount(fault: Fault): boolean {
	return ["min_links", "num_grat_arp", "packets_per_slave"].includes(optionOf(fault));
}

function isRefused(fault: Fault): boolean {
	const option = optionOf(fault);
	if (isUnhashable(fault) || isSwitch(fault) || option === "primary") return true;
	return isCount(fault) && !/^\d{1,10}$/.test(String(fault.value));
}

function isDashedActor(fault: Fault): boolean {
	const { value } = fault;
	return isDashedMac(fault) && driverValue(optionOf(fault), String(value).replaceAll("-", ":")) !== undefined;
}

/** A group's MAC address, in the mode in which it counts. */
function isGroupActor(fault: Fault): boolean {
	const { link, value } = fault;
	if (optionOf(fault) !== "ad_actor_system" || !isEthernetMac(String(value).replaceAll("-", ":"))) return false;
	return link !== undefined && bondModeOf(String(member(link.raw, "bond_mode"))) === "802.3ad";
}

/** A list of one text is written as the text. */
function isJoined(fault: Fault): boolean {
	const { value } = fault;
	return Array.isArray(value) && value.length === 1 && driverValue(optionOf(fault), value[0]) !== undefined;
}

/** netplan finds any link of the file. */
function isOtherLink({ value, document, link }: Fault): boolean {
	return document.links.some((other) => other !== link && member(other.raw, "name") === value);
}
