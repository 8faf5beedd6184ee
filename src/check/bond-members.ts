/** The bonds among the links, their members and options. */
import { type BondMode, bondModeOf } from "../instance/bonding.ts";
import { bounded, type DocumentView, type LinkView, LONGEST } from "./document-view.ts";
import { member, valueText } from "./json.ts";

/** The transmit hash policies that cloudbase-init, Talos and systemd know; the kernel has `vlan+srcmac` as well. */
export const COMMON_HASH_POLICIES: readonly unknown[] = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"];

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

/** The mode, by name or number; undefined if the kernel has no such mode. */
export function modeOf({ raw }: LinkView): BondMode | undefined {
	return bondModeOf(valueText(member(raw, "bond_mode")));
}

export function membersOf(bond: LinkView, { linkById }: DocumentView): BondMember[] {
	const ids = bounded(member(bond.raw, "bond_links"), LONGEST.bond_links);
	return ids.map((id, index) => ({ pointer: `${bond.pointer}/bond_links/${index}`, id, bond, link: linkById(id) }));
}

/** The members of all bonds. */
export function allMembers(document: DocumentView): BondMember[] {
	return bondsOf(document).flatMap((bond) => membersOf(bond, document));
}
