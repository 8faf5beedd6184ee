/** VLANs: the link below them, their tag, their name. */
import type { LinkView } from "../document-view.ts";
import { memberPointer } from "../document-view.ts";
import { member, show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { parentOf, vlansOf } from "../vlans.ts";
import { LONGEST_NAME } from "./bond-macs.ts";

export const vlanRules: readonly Rule[] = [
	{
		id: "vlan-link-unknown",
		title: "A VLAN on no link of the document",
		fix: "set vlan_link to the parent link's id",
		*find(document) {
			for (const link of vlansOf(document)) {
				const id = member(link.raw, "vlan_link");
				if (document.linkById(id)) continue;
				const message = id === undefined ? "the VLAN names no parent link" : `no link has the id ${show(id)}`;
				yield { pointer: memberPointer(link, "vlan_link"), message, value: id, link };
			}
		},
	},
	{
		id: "vlan-over-vlan",
		title: "A VLAN on a VLAN",
		fix: "put the VLAN on a NIC or a bond",
		*find(document) {
			for (const link of vlansOf(document)) {
				const parent = parentOf(link, document);
				if (parent?.kind !== "vlan") continue;
				const message = `the VLAN is on ${parent.pointer}, a VLAN itself`;
				yield { pointer: `${link.pointer}/vlan_link`, message, link, otherLink: parent };
			}
		},
	},
	{
		id: "vlan-id-missing",
		title: "A VLAN without a tag",
		fix: "write vlan_id, a number from 1 to 4094",
		*find(document) {
			for (const link of vlansOf(document)) {
				if (!Object.hasOwn(link.raw, "vlan_id")) {
					yield { pointer: link.pointer, message: "the VLAN has no vlan_id", link };
				}
			}
		},
	},
	{
		id: "vlan-id-invalid",
		title: "A VLAN tag that is not a number from 1 to 4094",
		fix: "write a number from 1 to 4094",
		*find(document) {
			for (const link of vlansOf(document)) {
				const value = member(link.raw, "vlan_id");
				if (value === undefined || tagOf(value) !== undefined) continue;
				yield { pointer: `${link.pointer}/vlan_id`, message: `${show(value)} is not a valid VLAN tag`, value, link };
			}
		},
	},
	{
		id: "vlan-id-text",
		title: "A VLAN tag as text",
		fix: "write it as a number",
		*find(document) {
			for (const link of vlansOf(document)) {
				const value = member(link.raw, "vlan_id");
				if (typeof value !== "string" || tagOf(value) === undefined) continue;
				yield { pointer: `${link.pointer}/vlan_id`, message: `the VLAN tag is the text ${show(value)}`, value, link };
			}
		},
	},
	{
		id: "vlan-id-repeated",
		title: "The same VLAN tag twice on a link",
		fix: "list each VLAN once; for several addresses, write several networks on one link",
		*find(document) {
			const seen = new Map<string, LinkView>();
			for (const link of vlansOf(document)) {
				const parent = parentOf(link, document);
				const tag = tagOf(member(link.raw, "vlan_id"));
				if (!parent || tag === undefined) continue;
				const first = seen.get(`${parent.pointer} ${tag}`);
				if (!first) seen.set(`${parent.pointer} ${tag}`, link);
				else {
					const message = `${parent.pointer} has VLAN ${tag} already: ${first.pointer}`;
					yield { pointer: `${link.pointer}/vlan_id`, message, link, otherLink: first };
				}
			}
		},
	},
	{
		id: "vlan-name-long",
		title: "A VLAN whose name would be longer than 15 characters",
		fix: "give the parent a shorter name (for a bond, a shorter id), or rename the NIC in the image",
		*find(document) {
			for (const link of vlansOf(document)) {
				const parent = parentOf(link, document);
				const tag = tagOf(member(link.raw, "vlan_id"));
				if (!parent || tag === undefined) continue;
				for (const value of namesOn(parent, tag).filter(({ length }) => length > LONGEST_NAME)) {
					const message = `the VLAN's name would be ${show(value)}, ${value.length} characters`;
					yield { pointer: link.pointer, message, value, link, otherLink: parent };
				}
			}
		},
	},
	{
		id: "vlan-on-nic",
		title: "A VLAN on a NIC, for Windows",
		fix: "put the VLAN on a bond for Windows guests",
		limitation: true,
		*find(document) {
			for (const link of vlansOf(document)) {
				if (parentOf(link, document)?.kind !== "nic") continue;
				yield { pointer: link.pointer, message: "the VLAN is on a NIC", link };
			}
		},
	},
	{
		id: "vlan-unsupported",
		title: "A VLAN, for clients that cannot set one up",
		fix: "nothing in the document helps: set up the VLAN in the image, or leave it out for these guests",
		limitation: true,
		*find(document) {
			for (const link of vlansOf(document)) yield { pointer: link.pointer, message: "the link is a VLAN", link };
		},
	},
	{
		id: "virtual-link-unrendered",
		title: "A bond or a VLAN, for back ends of cloud-init that create neither",
		fix: "nothing in the document helps: use another renderer or a newer cloud-init in the image",
		limitation: true,
		*find({ links }) {
			for (const link of links) {
				if (link.kind !== "nic") yield { pointer: link.pointer, message: `the link is a ${link.kind}`, link };
			}
		},
	},
	{
		id: "virtual-link-static6",
		title: "A static IPv6 address on a bond or a VLAN, for cloud-init's own schema",
		fix: "nothing in the document helps: do not rely on the exit code of cloud-init status in such guests",
		limitation: true,
		*find({ networks }) {
			for (const network of networks) {
				const { link, isStatic, version, pointer } = network;
				if (!link || link.kind === "nic" || !isStatic || version !== 6) continue;
				yield { pointer, message: `the ${link.kind} has a static IPv6 address`, network, link };
			}
		},
	},
];

/**
 * What clients call a VLAN: by the parent's name, or by a bond's id. With systemd-networkd, glean joins that in another
 * way: this name is checked only if the usual one fits.
 */
function namesOn({ kind, raw, id }: LinkView, tag: number): string[] {
	const name = member(raw, "name");
	const names = typeof name === "string" ? [`${name}.${tag}`] : [];
	if (kind !== "bond" || typeof id !== "string") return names;
	const byId = `${id}.${tag}`;
	return [...new Set([...names, byId.length > LONGEST_NAME ? byId : `${id}-vlan${tag}`])];
}

/** A tag from 1 to 4094 (IEEE 802.1Q), as number or text. */
export function tagOf(value: unknown): number | undefined {
	const tag = typeof value === "string" && /^\d{1,4}$/.test(value) ? Number(value) : value;
	return typeof tag === "number" && Number.isInteger(tag) && tag >= 1 && tag <= 4094 ? tag : undefined;
}
