/** Whether a client stops for a fault, where its table only says at which place of the document it stops. */
import { membersOf } from "./bond-members.ts";
import type { Stop } from "./clients/client.ts";
import type { DocumentView, LinkView } from "./document-view.ts";
import type { Fault } from "./rule.ts";
import { parentOf } from "./vlans.ts";

/**
 * A client stops at the first place, and what is wrong elsewhere has no part in it. The place is a list, or an entry of one;
 * a stop at a network may be due to a fault of its link, or of the links below.
 */
export function causes(fault: Fault, { pointer, missing, isOfLink }: Stop): boolean {
	if (isWithin(pointer, fault.pointer)) return true;
	const isHere = isWithin(fault.pointer, pointer);
	if (missing !== undefined) return isHere && concernsMember(fault.pointer, missing);
	if (isHere || !isOfLink) return isHere;
	const link = fault.document.networks.find((network) => network.pointer === pointer)?.link;
	const links = link ? withLinksBelow(link, fault.document) : [];
	// Of other networks, only the type counts: whether it is one that makes the client write the link.
	const isType = fault.pointer.endsWith("/type");
	const own = fault.network ? [isType ? fault.network.link : undefined] : [fault.link, fault.otherLink];
	return own.some((one) => one !== undefined && links.includes(one));
}

function isWithin(pointer: string, place: string): boolean {
	return pointer === place || pointer.startsWith(`${place}/`);
}

/** The fault is in that member of a link or network, or of one of its routes or services, which may lack it. */
function concernsMember(pointer: string, name: string): boolean {
	const [list, index, ...names] = pointer.split("/").slice(3);
	return list === name || names.includes(name) || (index !== undefined && names.length === 0);
}

/** The link with the NICs that it is made of. */
function withLinksBelow(link: LinkView, document: DocumentView): LinkView[] {
	const parent = parentOf(link, document);
	const links = [link, ...(parent ? [parent] : [])];
	return [...links, ...links.flatMap((one) => membersOf(one, document)).flatMap(({ link: below }) => below ?? [])];
}
