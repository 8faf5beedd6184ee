/** A bond's own settings: its mode, its policies, its MAC address. */
import { BOND_MODES } from "../../instance/port-group.ts";
import { isMac } from "../addressing.ts";
import { bondsOf, membersOf } from "../bond-members.ts";
import { allBut } from "../clients.ts";
import { macOf, placeOf } from "../document-view.ts";
import { afterburnFails, gleanStops, netplanRefuses, nuageinitStops } from "../effects.ts";
import { isBlank, member, show } from "../json.ts";
import { crash, lost, type Rule, wrong } from "../rule.ts";

/** What both cloudbase-init and Talos know; the kernel has `vlan+srcmac` besides. */
const HASH_POLICIES: readonly unknown[] = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"];

export const bondRules: readonly Rule[] = [
	{
		id: "bond-mode-missing",
		title: "A bond without a mode",
		fix: "write bond_mode, for example active-backup",
		effects: {
			"cloudbase-init": crash('"Unsupported bond mode": nothing is configured'),
			glean: lost("takes the bond for a NIC"),
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				if (!isBlank(member(bond.raw, "bond_mode")) || member(bond.raw, "bond_mode") === 0) continue;
				yield { pointer: placeOf(bond, "bond_mode"), message: "the bond has no mode" };
			}
		},
	},
	{
		id: "bond-mode-number",
		title: "A bond mode as the driver's number",
		fix: "write the mode's name",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": crash('"Unsupported bond mode": nothing is configured'),
			talos: wrong("takes it for balance-rr"),
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				const mode = member(bond.raw, "bond_mode");
				if (typeof mode !== "number") continue;
				const name = BOND_MODES[mode];
				const message = name ? `the mode is ${mode}, which is ${name}` : `the mode is ${mode}`;
				yield { pointer: `${bond.pointer}/bond_mode`, message };
			}
		},
	},
	{
		id: "bond-mode-unknown",
		title: "A bond mode that the kernel doesn't have (`802.1ad`, the number as text …)",
		fix: `write one of ${BOND_MODES.join(", ")}`,
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": crash('"Unsupported bond mode": nothing is configured'),
			talos: crash('"invalid bond_mode": no networking from the document'),
			glean: lost("the bond can't be made"),
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				const mode = member(bond.raw, "bond_mode");
				if (isBlank(mode) || typeof mode === "number" || BOND_MODES.some((known) => known === mode)) continue;
				yield { pointer: `${bond.pointer}/bond_mode`, message: `the kernel has no bond mode ${show(mode)}` };
			}
		},
	},
	{
		id: "bond-miimon-number",
		title: "`bond_miimon` as a number",
		fix: 'write it as text, "100": every client takes that',
		effects: { talos: wrong("leaves it out: the bond doesn't notice a dead link") },
		*find(document) {
			for (const bond of bondsOf(document)) {
				const value = member(bond.raw, "bond_miimon");
				if (typeof value !== "number") continue;
				yield { pointer: `${bond.pointer}/bond_miimon`, message: `bond_miimon is the number ${value}` };
			}
		},
	},
	{
		id: "bond-miimon-invalid",
		title: "`bond_miimon` that is no number of milliseconds",
		fix: 'write the milliseconds as text, "100"',
		effects: {
			"cloud-init": netplanRefuses,
			talos: lost("stops reading there: all that stands behind it in the document is lost"),
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				const value = member(bond.raw, "bond_miimon");
				const text = typeof value === "string";
				if (value === null || (text ? /^\d{1,9}$/.test(value) : typeof value !== "object")) continue;
				const only = new Set([text ? ("talos" as const) : ("cloud-init" as const)]);
				yield { pointer: `${bond.pointer}/bond_miimon`, message: `bond_miimon is ${show(value)}`, only };
			}
		},
	},
	{
		id: "bond-hash-policy-unknown",
		title: "A transmit hash policy that not every client knows",
		fix: `write one of ${HASH_POLICIES.join(", ")}, or leave it out`,
		effects: {
			"cloudbase-init": crash('"Unsupported bond hash policy": nothing is configured'),
			talos: crash('"invalid bond_xmit_hash_policy": no networking from the document'),
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				const policy = member(bond.raw, "bond_xmit_hash_policy");
				if (isBlank(policy) || HASH_POLICIES.includes(policy)) continue;
				// Talos drops what is no text.
				const only = typeof policy === "string" ? allBut() : allBut("talos");
				const place = `${bond.pointer}/bond_xmit_hash_policy`;
				yield { pointer: place, message: `the transmit hash policy is ${show(policy)}`, only };
			}
		},
	},
	{
		id: "bond-mac-missing",
		title: "A bond without a MAC address",
		fix: "write a member's MAC address into ethernet_mac_address",
		effects: {
			"cloudbase-init": crash("finds no adapter to make the team on: no address is set"),
			glean: gleanStops,
			nuageinit: nuageinitStops,
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				if (!isBlank(member(bond.raw, "ethernet_mac_address"))) continue;
				yield { pointer: placeOf(bond, "ethernet_mac_address"), message: "the bond has no MAC address" };
			}
		},
	},
	{
		id: "bond-mac-invalid",
		title: "A bond whose MAC address is not in the form `52:54:00:12:34:56`",
		fix: "write six pairs of hexadecimal digits with colons",
		effects: {
			"cloud-init": lost("netplan refuses the whole file, or the conversion stops: no NIC comes up"),
			"cloudbase-init": crash("finds no adapter to make the team on: no address is set"),
			talos: crash('"invalid bond MAC address": no networking from the document'),
			afterburn: afterburnFails,
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				const mac = member(bond.raw, "ethernet_mac_address");
				if (isBlank(mac) || isMac(mac)) continue;
				yield { pointer: `${bond.pointer}/ethernet_mac_address`, message: `${show(mac)} is no MAC address` };
			}
		},
	},
	{
		id: "bond-mac-foreign",
		title: "A bond whose MAC address is none of its members'",
		fix: "write a member's MAC address",
		effects: { "cloudbase-init": crash("finds no adapter to make the team on: no address is set") },
		*find(document) {
			for (const bond of bondsOf(document)) {
				const mac = macOf(bond);
				const members = membersOf(bond, document).filter(({ link }) => link);
				if (mac === undefined || members.length === 0 || members.some(({ link }) => link && macOf(link) === mac))
					continue;
				yield { pointer: `${bond.pointer}/ethernet_mac_address`, message: `${show(mac)} is none of the members'` };
			}
		},
	},
	{
		id: "bond-broadcast",
		title: "A bond in mode `broadcast`",
		fix: "another mode, for guests with Windows",
		limitation: true,
		effects: { "cloudbase-init": crash("Windows has no such team: no address is set") },
		*find(document) {
			for (const bond of bondsOf(document)) {
				if (member(bond.raw, "bond_mode") !== "broadcast") continue;
				yield { pointer: `${bond.pointer}/bond_mode`, message: "the bond's mode is broadcast" };
			}
		},
	},
	{
		id: "bond-unsupported",
		title: "A bond, for clients that have none",
		fix: "nothing in the document helps: configure the bond in the image",
		limitation: true,
		effects: {
			nuageinit: lost("configures the NIC that has the bond's MAC address, without a bond"),
			afterburn: lost("configures the NIC that has the bond's MAC address, without a bond"),
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				if (bond.networks.length > 0) yield { pointer: bond.pointer, message: "the link is a bond" };
			}
		},
	},
];
