/** The form of a rule. A rule finds faults in a document; what a client makes of a fault is in the client's table. */
import type { Cell } from "./clients/cell.ts";
import type { Effect } from "./clients/client.ts";
import type { DocumentView, Entry, LinkView, NetworkView, RouteView } from "./document-view.ts";

/** One place in a document that breaks a rule, with the parts that clients' tables look at. */
export interface Fault {
	/** JSON pointer to the value, or to the object that lacks it. */
	readonly pointer: string;
	/** What is wrong, in one sentence. */
	readonly message: string;
	/** The value at the pointer; undefined when it is missing. */
	readonly value?: unknown;
	readonly document: DocumentView;
	readonly link?: LinkView;
	readonly network?: NetworkView;
	readonly route?: RouteView;
	readonly service?: Entry;
	/** A second link: a VLAN's parent, a bond's member, the other one of two that are alike. */
	readonly otherLink?: LinkView;
	/** A second network: the other one of two that are alike. */
	readonly otherNetwork?: NetworkView;
	/** A second route, and a second value, likewise. */
	readonly otherRoute?: RouteView;
	readonly otherValue?: unknown;
}

/** A fault as a rule's `find` reports it: the check adds the document. */
export type FoundFault = Omit<Fault, "document">;

/** What can be wrong in a document. */
export interface Rule {
	readonly id: string;
	/** What is wrong, without a document's values: a row of `docs/check.md`. */
	readonly title: string;
	/** What to change. */
	readonly fix: string;
	/**
	 * The document is sound, and some clients do not support what it says: the loss of networking is then a warning,
	 * and anything less is good to know.
	 */
	readonly limitation?: true;
	/** Whether this fault is such a limitation, where it depends: what Neutron says, no document can change. */
	isLimitation?(fault: Fault): boolean;
	/** The finding is about the check itself, and is reported although no client suffers. */
	readonly concernsCheck?: true;
	/** Nothing is reported for a client, version and renderer for which another rule reports a crash. */
	readonly fallback?: true;
	/** What clients do whose table says nothing else: for faults that hit the guest's kernel or resolver. */
	readonly effect?: Effect;
	/** Whether a client gets to see the fault at all. Default: yes. */
	concerns?(cell: Cell, fault: Fault): boolean;
	/** The places that break the rule, in the document's order. */
	find(document: DocumentView): Iterable<FoundFault>;
}
