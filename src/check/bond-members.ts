/** The bonds among the links, and their members. */
import { bounded, type DocumentView, type LinkView, LONGEST } from "./document-view.ts";
import { member } from "./json.ts";

/** An entry of a bond's `bond_links`. */
export interface BondMember {
	readonly pointer: string;
	readonly id: unknown;
	readonly bond: LinkView;
	/** Undefined if no link has that id. */
	readonly link: LinkView | undefined;
}

export function bondsOf({ links }: DocumentView): LinkView[] {
	return links.filter((link) => link.kind === "bond");
}

export function membersOf(bond: LinkView, { linkById }: DocumentView): BondMember[] {
	const ids = bounded(member(bond.raw, "bond_links"), LONGEST.bond_links);
	return ids.map((id, index) => ({ pointer: `${bond.pointer}/bond_links/${index}`, id, bond, link: linkById(id) }));
}

/** The members of all bonds. */
export function allMembers(document: DocumentView): BondMember[] {
	return bondsOf(document).flatMap((bond) => membersOf(bond, document));
}
