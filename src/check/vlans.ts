/** The VLANs among the links, and what they are on. */
import type { DocumentView, LinkView } from "./document-view.ts";
import { member } from "./json.ts";

/** The document's VLANs. */
export function vlansOf({ links }: DocumentView): LinkView[] {
	return links.filter((link) => link.kind === "vlan");
}

/** The link that the VLAN is on. */
export function parentOf(vlan: LinkView, { linkById }: DocumentView): LinkView | undefined {
	return linkById(member(vlan.raw, "vlan_link"));
}

/** The VLANs that name the link as the one that they are on. */
export function vlansOn({ id }: Pick<LinkView, "id">, document: DocumentView): LinkView[] {
	return vlansOf(document).filter(({ raw }) => member(raw, "vlan_link") === id);
}
