/** The members of a bond. */
import { allMembers, bondsOf } from "../bond-members.ts";
import { type LinkView, memberPointer } from "../document-view.ts";
import { member, show } from "../json.ts";
import type { Rule } from "../rule.ts";

export const bondLinkRules: readonly Rule[] = [
	{
		id: "bond-links-missing",
		title: "A bond without a list of its members",
		fix: "set bond_links to the ids of the member links",
		*find(document) {
			for (const link of bondsOf(document)) {
				const value = member(link.raw, "bond_links");
				if (Array.isArray(value)) continue;
				yield { pointer: memberPointer(link, "bond_links"), message: "the bond has no list of members", value, link };
			}
		},
	},
	{
		id: "bond-empty",
		title: "A bond without members",
		fix: "name the member links, or leave the bond out",
		*find(document) {
			for (const link of bondsOf(document)) {
				const value = member(link.raw, "bond_links");
				if (!Array.isArray(value) || value.length > 0) continue;
				yield { pointer: `${link.pointer}/bond_links`, message: "the bond has no members", link };
			}
		},
	},
	{
		id: "bond-link-unknown",
		title: "A bond member that is not among the links",
		fix: "name a link by its id, or add the link",
		*find(document) {
			for (const { pointer, id, link, bond } of allMembers(document)) {
				if (!link) yield { pointer, message: `the member ${show(id)} is not among the links`, value: id, link: bond };
			}
		},
	},
	{
		id: "bond-link-type",
		title: "A bond member that is not a NIC",
		fix: "build the bond from NICs; put VLANs on top of the bond",
		*find(document) {
			for (const { pointer, id, link, bond } of allMembers(document)) {
				if (!link || link.kind === "nic") continue;
				const message = `the member ${show(id)} is a ${link.kind}`;
				yield { pointer, message, value: id, link: bond, otherLink: link };
			}
		},
	},
	{
		id: "bond-link-shared",
		title: "A link that is a member of two bonds",
		fix: "give each link to one bond",
		*find(document) {
			const bondOf = new Map<LinkView, LinkView>();
			for (const { pointer, id, link, bond } of allMembers(document)) {
				const other = link && bondOf.get(link);
				if (link && !other) bondOf.set(link, bond);
				else if (other && other !== bond) {
					yield {
						pointer,
						message: `${show(id)} is a member of ${other.pointer} already`,
						link: bond,
						otherLink: other,
					};
				}
			}
		},
	},
	{
		id: "bond-member-network",
		title: "A network on a bond's member",
		fix: "put the network on the bond",
		*find(document) {
			const members = new Set(allMembers(document).flatMap(({ link }) => link ?? []));
			for (const network of document.networks) {
				const { pointer, link } = network;
				if (!link || !members.has(link)) continue;
				yield {
					pointer: `${pointer}/link`,
					message: `the network is on ${link.pointer}, a member of a bond`,
					network,
					link,
				};
			}
		},
	},
];
