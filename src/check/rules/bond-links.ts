/** A bond's members. */
import { allMembers, bondsOf } from "../bond-members.ts";
import { allBut } from "../clients.ts";
import { type LinkView, placeOf } from "../document-view.ts";
import { gleanStops, keyError } from "../effects.ts";
import { member, show } from "../json.ts";
import { crash, lost, type Rule, wrong } from "../rule.ts";

export const bondLinkRules: readonly Rule[] = [
	{
		id: "bond-links-missing",
		title: "A bond without a list of its members",
		fix: "write the member links' ids into bond_links",
		effects: {
			"cloud-init": keyError,
			"cloudbase-init": crash("can't make the team: no address is set"),
			talos: lost("makes a bond without members"),
			glean: gleanStops,
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				const value = member(bond.raw, "bond_links");
				if (Array.isArray(value)) continue;
				// The id of a link in text is taken letter by letter for NIC names.
				const only = typeof value === "string" && document.linkById(value) ? allBut("cloud-init") : allBut();
				yield { pointer: placeOf(bond, "bond_links"), message: "the bond has no list of members", only };
			}
		},
	},
	{
		id: "bond-empty",
		title: "A bond without members",
		fix: "name the member links, or leave the bond out",
		effects: {
			"cloud-init": lost("the bond never gets a carrier"),
			"cloudbase-init": crash("can't make the team: no address is set"),
			talos: lost("the bond never gets a carrier"),
			glean: lost("the bond never gets a carrier"),
		},
		*find(document) {
			for (const bond of bondsOf(document)) {
				const value = member(bond.raw, "bond_links");
				if (!Array.isArray(value) || value.length > 0) continue;
				yield { pointer: `${bond.pointer}/bond_links`, message: "the bond has no members" };
			}
		},
	},
	{
		id: "bond-link-unknown",
		title: "A bond member that is not among the links",
		fix: "name a link by its id, or add the link",
		effects: {
			"cloud-init": keyError,
			"cloudbase-init": crash("can't make the team: no address is set"),
			talos: wrong("makes the bond without this member"),
			glean: keyError,
		},
		*find(document) {
			for (const { pointer, id, link } of allMembers(document)) {
				if (!link) yield { pointer, message: `the member ${show(id)} is not among the links` };
			}
		},
	},
	{
		id: "bond-link-type",
		title: "A bond member that is no NIC",
		fix: "bond NICs; put VLANs on top of the bond",
		effects: {
			"cloudbase-init": crash("can't make the team: no address is set"),
			talos: wrong("makes the bond without this member"),
			glean: keyError,
		},
		*find(document) {
			for (const { pointer, id, link } of allMembers(document)) {
				if (link && link.kind !== "nic") yield { pointer, message: `the member ${show(id)} is a ${link.kind}` };
			}
		},
	},
	{
		id: "bond-link-shared",
		title: "A link that is a member of two bonds",
		fix: "give each link to one bond",
		effects: {
			"cloud-init": lost("the last bond gets it, the others go without"),
			"cloudbase-init": crash("can't make the second team: no address is set"),
			talos: lost("the last bond gets it, the others go without"),
			glean: lost("one bond gets it, the others go without"),
		},
		*find(document) {
			const bondOf = new Map<LinkView, LinkView>();
			for (const { pointer, id, link, bond } of allMembers(document)) {
				const other = link && bondOf.get(link);
				if (link && !other) bondOf.set(link, bond);
				else if (other && other !== bond)
					yield { pointer, message: `${show(id)} is a member of ${other.pointer} already` };
			}
		},
	},
	{
		id: "bond-member-network",
		title: "A network on a bond's member",
		fix: "put the network on the bond",
		effects: {
			"cloud-init": lost("the address stands on a NIC that the bond has taken"),
			"cloudbase-init": crash("the adapter has no IP once it is in the team: no address is set after this one"),
			talos: lost("the address stands on a NIC that the bond has taken"),
			glean: lost("the address stands on a NIC that the bond has taken"),
		},
		*find(document) {
			const members = new Set(allMembers(document).flatMap(({ link }) => link ?? []));
			for (const { pointer, link } of document.networks) {
				if (!link || !members.has(link)) continue;
				yield { pointer: `${pointer}/link`, message: `the network stands on ${link.pointer}, a member of a bond` };
			}
		},
	},
];
