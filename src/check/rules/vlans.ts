/** VLANs: the link they stand on, their tag, their MAC address. */
import { isMac } from "../addressing.ts";
import { allBut, type ClientSet } from "../clients.ts";
import { type DocumentView, type LinkView, placeOf } from "../document-view.ts";
import { keyError, netplanRefuses } from "../effects.ts";
import { member, show } from "../json.ts";
import { crash, lost, type Rule, wrong } from "../rule.ts";

const noTeam = crash("finds no team to put the VLAN on: no address is set");

export const vlanRules: readonly Rule[] = [
	{
		id: "vlan-mac-missing",
		title: "A VLAN without `vlan_mac_address`",
		fix: "write vlan_mac_address; the MAC address of the lower link will do",
		effects: { "cloud-init": keyError },
		*find(document) {
			for (const { pointer, raw } of vlansOf(document)) {
				if (!Object.hasOwn(raw, "vlan_mac_address")) yield { pointer, message: "the VLAN has no vlan_mac_address" };
			}
		},
	},
	{
		id: "vlan-mac-null",
		title: "A VLAN whose `vlan_mac_address` is null",
		fix: "write a MAC address; the one of the lower link will do",
		effects: { glean: crash("AttributeError: no NIC is configured") },
		*find(document) {
			for (const { pointer, raw } of vlansOf(document)) {
				if (member(raw, "vlan_mac_address") !== null) continue;
				yield { pointer: `${pointer}/vlan_mac_address`, message: "the VLAN's MAC address is null" };
			}
		},
	},
	{
		id: "vlan-mac-invalid",
		title: "A VLAN whose MAC address is not in the form `52:54:00:12:34:56`",
		fix: "write six pairs of hexadecimal digits with colons",
		effects: { "cloud-init": lost("netplan refuses the whole file, or the conversion stops: no NIC comes up") },
		*find(document) {
			for (const { pointer, raw } of vlansOf(document)) {
				const mac = member(raw, "vlan_mac_address") ?? undefined;
				if (mac === undefined || isMac(mac)) continue;
				yield { pointer: `${pointer}/vlan_mac_address`, message: `${show(mac)} is no MAC address` };
			}
		},
	},
	{
		id: "vlan-link-unknown",
		title: "A VLAN on no link of the document",
		fix: "name the lower link's id in vlan_link",
		effects: {
			"cloud-init": keyError,
			"cloudbase-init": noTeam,
			talos: lost("takes the text for a device's name and waits for it"),
			glean: crash("UnboundLocalError, or the VLAN on some other link"),
		},
		*find(document) {
			for (const vlan of vlansOf(document)) {
				const id = member(vlan.raw, "vlan_link");
				if (document.linkById(id)) continue;
				const message = id === undefined ? "the VLAN names no lower link" : `no link has the id ${show(id)}`;
				yield { pointer: placeOf(vlan, "vlan_link"), message };
			}
		},
	},
	{
		id: "vlan-over-vlan",
		title: "A VLAN on a VLAN",
		fix: "put the VLAN on a NIC or a bond",
		effects: {
			"cloud-init": lost("names a lower link that isn't there: netplan refuses the whole file, no NIC comes up"),
			"cloudbase-init": noTeam,
			talos: lost("takes the text for a device's name, unless the lower VLAN is listed first"),
			glean: crash("UnboundLocalError, or the VLAN on some other link"),
		},
		*find(document) {
			for (const vlan of vlansOf(document)) {
				const lower = document.linkById(member(vlan.raw, "vlan_link"));
				if (lower?.kind !== "vlan") continue;
				const lowerFirst = document.links.indexOf(lower) < document.links.indexOf(vlan);
				const message = `the VLAN stands on ${lower.pointer}, a VLAN itself`;
				yield { pointer: `${vlan.pointer}/vlan_link`, message, only: lowerFirst ? allBut("talos") : allBut() };
			}
		},
	},
	{
		id: "vlan-id-missing",
		title: "A VLAN without its tag",
		fix: "write vlan_id, a number from 1 to 4094",
		effects: {
			"cloud-init": keyError,
			"cloudbase-init": noTeam,
			talos: lost("makes VLAN 0"),
			glean: crash("takes the VLAN for a NIC, finds none and stops: no NIC is configured"),
		},
		*find(document) {
			for (const { pointer, raw } of vlansOf(document)) {
				if (!Object.hasOwn(raw, "vlan_id")) yield { pointer, message: "the VLAN has no vlan_id" };
			}
		},
	},
	{
		id: "vlan-id-invalid",
		title: "A VLAN tag that is none of 1 to 4094",
		fix: "write a number from 1 to 4094",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": crash("the team refuses the VLAN: no address is set"),
			talos: lost("makes VLAN 0, or one that the kernel refuses"),
			glean: lost("the kernel refuses the VLAN"),
		},
		*find(document) {
			for (const { pointer, raw } of vlansOf(document)) {
				const id = member(raw, "vlan_id");
				if (id === undefined || tagOf(id) !== undefined) continue;
				// netplan and the kernel take 0, frames without a VLAN.
				const only = id === 0 ? allBut("cloud-init") : allBut();
				yield { pointer: `${pointer}/vlan_id`, message: `${show(id)} is no VLAN tag`, only };
			}
		},
	},
	{
		id: "vlan-id-text",
		title: "A VLAN tag as text",
		fix: "write it as a number",
		effects: { talos: lost("drops it and makes VLAN 0") },
		*find(document) {
			for (const { pointer, raw } of vlansOf(document)) {
				const id = member(raw, "vlan_id");
				if (typeof id !== "string" || tagOf(id) === undefined) continue;
				yield { pointer: `${pointer}/vlan_id`, message: `the VLAN tag is the text ${show(id)}` };
			}
		},
	},
	{
		id: "vlan-id-repeated",
		title: "One VLAN tag twice on a link",
		fix: "list each VLAN once; several addresses are several networks on one link",
		effects: {
			"cloud-init": lost("the last one's addresses take the place of the others'"),
			"cloudbase-init": crash("the team refuses the second one: no address is set"),
			talos: lost("one VLAN for both: the settings of one are dropped"),
			glean: lost("one VLAN for both: the settings of one are dropped"),
		},
		*find(document) {
			const seen = new Map<string, LinkView>();
			for (const vlan of vlansOf(document)) {
				const lower = document.linkById(member(vlan.raw, "vlan_link"));
				const tag = tagOf(member(vlan.raw, "vlan_id"));
				if (!lower || tag === undefined) continue;
				const first = seen.get(`${lower.pointer} ${tag}`);
				if (!first) seen.set(`${lower.pointer} ${tag}`, vlan);
				else
					yield {
						pointer: `${vlan.pointer}/vlan_id`,
						message: `${lower.pointer} has VLAN ${tag} already: ${first.pointer}`,
					};
			}
		},
	},
	{
		id: "vlan-on-nic",
		title: "A VLAN on a NIC, for Windows",
		fix: "a VLAN on a bond, for guests with Windows",
		limitation: true,
		effects: { "cloudbase-init": crash("makes VLANs on bonds alone: no address of the whole document is set") },
		*find(document) {
			for (const vlan of vlansOf(document)) {
				if (document.linkById(member(vlan.raw, "vlan_link"))?.kind !== "nic") continue;
				yield { pointer: vlan.pointer, message: "the VLAN stands on a NIC" };
			}
		},
	},
	{
		id: "vlan-unsupported",
		title: "A VLAN, for clients that have none",
		fix: "nothing in the document helps: configure the VLAN in the image, or leave it out for these guests",
		limitation: true,
		effects: {
			nuageinit: crash("stops at a link without ethernet_mac_address: no network, host name or users"),
			afterburn: lost("leaves the link out"),
		},
		*find(document) {
			for (const vlan of vlansOf(document)) {
				yield { pointer: vlan.pointer, message: "the link is a VLAN", only: hitByAnyVlan(vlan) };
			}
		},
	},
	{
		id: "virtual-link-unrendered",
		title: "A bond or a VLAN, for cloud-init before 26.1 with systemd-networkd",
		fix: "nothing in the document helps: use netplan or a newer cloud-init in the image",
		limitation: true,
		effects: {
			"cloud-init": wrong(
				"before 26.1, and where it renders for systemd-networkd, it makes no such device (issue 6534)",
			),
		},
		*find({ links }) {
			for (const { pointer, kind } of links) {
				if (kind !== "nic") yield { pointer, message: `the link is a ${kind}` };
			}
		},
	},
];

function vlansOf({ links }: DocumentView): LinkView[] {
	return links.filter((link) => link.kind === "vlan");
}

/** 1 to 4094 (IEEE 802.1Q), as number or text. */
function tagOf(value: unknown): number | undefined {
	const tag = typeof value === "string" && /^\d{1,4}$/.test(value) ? Number(value) : value;
	return typeof tag === "number" && Number.isInteger(tag) && tag >= 1 && tag <= 4094 ? tag : undefined;
}

/** A VLAN without networks means nothing to Afterburn, nor to nuageinit if it has the member that a NIC has. */
function hitByAnyVlan({ raw, networks }: LinkView): ClientSet {
	if (networks.length > 0) return allBut();
	return typeof member(raw, "ethernet_mac_address") === "string" ? new Set() : allBut("afterburn");
}
