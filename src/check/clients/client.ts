/** The form of a client's table: what it reads, by version and renderer, and what it makes of each fault. */
import type { BondOption } from "../../instance/bonding.ts";
import type { DocumentView, LinkView, NetworkView, RouteView } from "../document-view.ts";
import type { Outcome } from "../finding.ts";
import type { Fault } from "../rule.ts";
import type { VersionRange } from "../versions.ts";
import type { ClientName } from "./names.ts";

/** What a fault does in a client. */
export interface Effect {
	readonly outcome: Outcome;
	/** One sentence without a capital letter or full stop. */
	readonly text: string;
}

/** Where a fact of the table holds. */
export interface Condition extends VersionRange {
	/** Names of the client's renderers. Default: all. */
	readonly renderers?: readonly string[];
}

/** What a client makes of a fault, and when. The first reaction that matches counts. */
export interface Reaction extends Effect, Condition {
	/** Default: always. */
	readonly when?: (fault: Fault) => boolean;
}

/** Why a client stops, and the part of the document where it does. */
export interface Stop {
	/** JSON pointer. */
	readonly pointer: string;
	/** The client's own message. */
	readonly text: string;
	/** The member that it needs there and does not find. */
	readonly missing?: string;
	/** It may be due to the link of the network there: its NICs, or the types of its other networks. */
	readonly isOfLink?: true;
}

/** A member of the document that a client may read. */
export type Member =
	| "links[].name"
	| "links[].mtu"
	| "links[].bond_mode"
	| `links[].bond_${BondOption}`
	| "links[].vlan_mac_address"
	| "networks[].network_id"
	| "networks[].gateway"
	| "networks[].metric"
	| "networks[].routes"
	| "networks[].services"
	| "networks[].dns_nameservers"
	| "networks[].dns_search"
	| "routes[].destination"
	| "routes[].metric"
	| "routes[].services"
	| "services";

/** The part of the document that has the member. */
export interface Part {
	readonly link?: LinkView;
	readonly network?: NetworkView;
	readonly route?: RouteView;
}

/** Where a client reads a member. */
export interface Reading extends Condition {
	/** Default: in every link, network or route of the kind. */
	readonly when?: (part: Part) => boolean;
	/** What `when` says, for `docs/clients.md`. */
	readonly note?: string;
}

/** A type of network, and where the client configures something for it. */
export interface NetworkTypeSupport extends Condition {
	readonly note?: string;
}

/** Whether a parser accepts a value that a member has. */
export type ValueTest = (value: unknown) => boolean;

/** The members that a parser checks, in each kind of entry. Any other may have any value. */
export type ParsedTypes = Readonly<
	Partial<Record<"links" | "networks" | "routes" | "services", Readonly<Record<string, ValueTest>>>>
>;

/** What writes the guest's configuration: a back end of the client, or the distribution's own. */
export interface RendererFacts {
	readonly name: string;
	/** Who uses it. */
	readonly usedBy: string;
}

/** A guest client: what each of its versions reads of a document, and what it does with it. */
export interface Client {
	/** As on the command line and in findings. */
	readonly name: ClientName;
	/** As people write it. */
	readonly title: string;
	/** What the table was made from. */
	readonly source: string;
	/** The versions in use. */
	readonly versions: {
		readonly oldest: string;
		readonly newest: string;
		/** The oldest that its makers still maintain. Default: the newest. */
		readonly maintained?: string;
		/** Which distributions or releases these are. */
		readonly note: string;
	};
	/** What writes the guest's configuration; empty if there is only one way. */
	readonly renderers: readonly RendererFacts[];
	/** False for a client that only reads the document, and leaves the guest's networking alone. */
	readonly configuresNetwork?: false;
	/** The types of networks that it configures something for. */
	readonly networkTypes: Readonly<Record<string, readonly NetworkTypeSupport[]>>;
	/** The types of NICs' links that it accepts without complaint. Absent: any. */
	readonly nicTypes?: readonly (string | null)[];
	/** Whether it takes a network, on a link of the document, whose type it knows. Default: yes. */
	readonly takesNetwork?: (network: NetworkView) => boolean;
	/** Whether it parses a network's routes, even if it does not configure them. Default: if it reads them. */
	readonly parsesRoutes?: (network: NetworkView) => boolean;
	/** Whether it parses a network's own services. Default: if it configures the network. */
	readonly parsesServices?: (network: NetworkView) => boolean;
	/**
	 * Whether a bond without `bond_miimon` has no link monitoring: `always`, or `by-document`, when the kernel's own default
	 * for some modes applies. Absent: the client has a default of its own, or makes no bonds.
	 */
	readonly setsMonitoring?: "always" | "by-document";
	/**
	 * The renderers that pass a `bond_miimon` of 0 on to the kernel, which then turns off its own default, too: if the
	 * document says 0, or also if it says nothing.
	 */
	readonly setsNoMonitoring?: Readonly<Record<string, "if 0" | "if 0 or missing">>;
	/** The types of members, if a single value of another type makes it refuse the whole document. */
	readonly parsedTypes?: ParsedTypes;
	/** The members that it reads, beside the ids, types and addresses that every client reads. */
	readonly reads: Readonly<Partial<Record<Member, readonly Reading[]>>>;
	/**
	 * Where it stops with this renderer, if that depends on the whole document: then a reaction `crash` holds only if this
	 * says so. Absent: the reactions say it.
	 */
	readonly stops?: (document: DocumentView, renderer: string) => Stop | undefined;
	/** What it makes of each fault, by rule. Without an entry, the fault does it no harm, or the rule says what it does. */
	readonly reactions: Readonly<Record<string, readonly Reaction[]>>;
}

type Details = Omit<Reaction, "outcome" | "text">;

export const crash = (text: string, details: Details = {}): Reaction => ({ outcome: "crash", text, ...details });
export const lost = (text: string, details: Details = {}): Reaction => ({ outcome: "lost", text, ...details });
export const wrong = (text: string, details: Details = {}): Reaction => ({ outcome: "wrong", text, ...details });
export const ignored = (text: string, details: Details = {}): Reaction => ({ outcome: "ignored", text, ...details });
/** Of a client that does not read MTUs, which a host may give a virtual NIC in another way. */
export const keepsLast = "keeps the last of them";
export const keepsOwnMtu = "does not set it: a NIC keeps the MTU that it has, 1500 unless the host gives it another";
/** No effect: ends the search for a reaction. */
export const fine = (details: Details): Reaction => ({ outcome: "ignored", text: "", ...details });
