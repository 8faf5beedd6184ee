/** The options of bonds that have no rules of their own: whether the driver has their values, and who reads them. */
import { BOND_DEFAULTS, BOND_OPTIONS } from "../../instance/bonding.ts";
import { bondsOf, membersOf } from "../bond-members.ts";
import { driverValue, type GivenOption, optionsOf } from "../bond-options.ts";
import { type Cell, reads } from "../clients/cell.ts";
import type { Member } from "../clients/client.ts";
import { type DocumentView, type LinkView, memberPointer } from "../document-view.ts";
import { member, show } from "../json.ts";
import type { Fault, Rule } from "../rule.ts";
import { isInSchema } from "./value-types.ts";

export const bondOptionRules: readonly Rule[] = [
	{
		id: "bond-option-unknown",
		title: "A bond option that the bonding driver does not have, or that cloud-init's own schema does not know",
		fix: "write the driver's name with bond_ before it, or leave the option out",
		*find(document) {
			for (const link of bondsOf(document)) {
				for (const name of Object.keys(link.raw)) {
					const option = /^bond_([a-z0-9_]+)$/.exec(name)?.[1];
					if (option === undefined || option === "mode" || option === "links" || isInSchema(option)) continue;
					const isDrivers = BOND_OPTIONS.some((known) => known === option);
					const message = isDrivers ? `cloud-init's schema has no ${name}` : `the driver has no option ${show(option)}`;
					yield { pointer: `${link.pointer}/${name}`, message, value: name, link };
				}
			}
		},
	},
	{
		id: "bond-option-invalid",
		title: "A bond option with a value that the bonding driver does not have",
		fix: "write one of the driver's values, or leave the option out",
		concerns: onOption,
		*find(document) {
			for (const { link, option, pointer, value } of givenOptions(document)) {
				if (value === undefined || driverValue(option, value) !== undefined) continue;
				yield { pointer, message: `bond_${option} is ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "bond-option-form",
		title: "A bond option's value in a form that netplan or systemd refuses: a number for a name or a switch",
		fix: "write the name of the value; leave all_slaves_active out: no form of it suits every client",
		concerns: onOption,
		*find(document) {
			for (const { link, option, pointer, value } of givenOptions(document)) {
				const known = driverValue(option, value);
				if (known === undefined || (known === String(value) && option !== "all_slaves_active")) continue;
				yield { pointer, message: `bond_${option} is ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "bond-option-unread",
		title: "A bond option that some versions of a client do not read",
		fix: "nothing, unless such guests need the option: set it in the image",
		limitation: true,
		effect: { outcome: "wrong", text: "does not read it: the option has its default" },
		concerns: (cell, fault) => reads(cell, "links[].bond_mode", linkOf(fault)) && !onOption(cell, fault),
		*find(document) {
			for (const { link, option, pointer, value } of givenOptions(document)) {
				const known = driverValue(option, value);
				if (known === undefined || known === BOND_DEFAULTS[option] || isMonitoring(option)) continue;
				yield { pointer, message: `bond_${option} is ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "bond-arp-target-missing",
		title: "Link monitoring by ARP without valid targets in `bond_arp_ip_target`",
		fix: "set bond_arp_ip_target to IPv4 addresses with commas between them",
		*find(document) {
			for (const { link, option, pointer, value } of givenOptions(document)) {
				const isOn = option === "arp_interval" && !document.fractions.has(pointer);
				if (!isOn || (driverValue(option, value) ?? "0") === "0" || hasTargets(link)) continue;
				yield { pointer, message: "the bond has bond_arp_interval and no valid targets", value, link };
			}
		},
	},
	{
		id: "bond-primary-unknown",
		title: "A `bond_primary` that is the name of none of the bond's members",
		fix: "write the name of a member in the guest, which is not the id of its link, or leave the option out",
		concerns: onOption,
		*find(document) {
			for (const link of bondsOf(document)) {
				const value = member(link.raw, "bond_primary");
				if (driverValue("primary", value) === undefined || isMemberName(value, link, document)) continue;
				const message = `no member of the bond has the name ${show(value)}`;
				yield { pointer: memberPointer(link, "bond_primary"), message, value, link };
			}
		},
	},
];

function givenOptions(document: DocumentView): (GivenOption & { readonly link: LinkView })[] {
	return bondsOf(document).flatMap((link) => optionsOf(link).map((given) => ({ ...given, link })));
}

/** As NetworkManager reads them: without spaces. */
function hasTargets({ raw }: LinkView): boolean {
	const targets = member(raw, "bond_arp_ip_target");
	return typeof targets === "string" && driverValue("arp_ip_target", targets) === targets;
}

function linkOf({ link }: Fault): { link?: LinkView } {
	return link ? { link } : {};
}

/** The client reads the option that the fault is in. */
function onOption(cell: Cell, fault: Fault): boolean {
	return reads(cell, `links[].${fault.pointer.split("/").at(-1)}` as Member, linkOf(fault));
}

/** What no client but cloud-init reads has rules of its own. */
function isMonitoring(option: GivenOption["option"]): boolean {
	return option === "arp_interval" || option === "arp_ip_target";
}

/** Whether it may be the name of a member. A member without a name has one that the document does not say. */
function isMemberName(value: unknown, bond: LinkView, document: DocumentView): boolean {
	const names = membersOf(bond, document).map(({ link }) => link && member(link.raw, "name"));
	if (names.includes(value)) return true;
	return names.some((name) => typeof name !== "string") && document.linkById(value) === undefined;
}
