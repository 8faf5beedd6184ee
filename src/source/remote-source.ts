/** What a source must offer for a mirror to keep a copy of it. */
import type { Resource, ResourceContents, ResourceKind } from "./resource.ts";
import type { Change, FactsSource } from "./source.ts";

/** A source behind an API. */
export interface RemoteSource extends FactsSource {
	/** Identifies the cloud in the mirror: two sources with the same text have the same facts. */
	readonly sourceId: string;
	readonly resources: ResourceReader;
	/** Whether its resources lack the ports of routers: a mirror can't find out which networks a router serves. */
	readonly knowsRoutersAlone?: boolean;
	/** What reports that resources have changed. Each one may miss some. */
	readonly signals: readonly ChangeSignals[];
	/** How long Keystone's token is still valid, in milliseconds; undefined without one. Missing without a Keystone. */
	readonly tokenRemaining?: () => number | undefined;
	/** Drops the source's own copies of the changed resources, so that the next call reads them again. */
	invalidate?(change: Change): void;
}

/**
 * Reads resources in bulk. Calls reject with a `GuestwireError`: `cloud-unavailable` when the API can't be reached,
 * `cloud-answer` when its answer is unexpected. A resource whose record can't be read is left out and reported in
 * `unreadable`, so that one invalid record never stops the rest.
 */
export interface ResourceReader {
	/**
	 * The kinds of this source that have listings, in the order in which a fill reads them. `server_details` and `keypair`
	 * have none: see `byId`.
	 */
	readonly kinds: readonly ResourceKind[];
	/** One page of a listing, servers newest first. The last page has no `next`. */
	page(kind: ResourceKind, options: PageOptions, signal: AbortSignal): Promise<ResourcePage>;
	/** One page of a listing with ids and revisions only, or for kinds without revisions what shows that one has changed. */
	revisionPage(kind: ResourceKind, options: PageOptions, signal: AbortSignal): Promise<RevisionPage>;
	/**
	 * The resources with these ids, in as few calls as possible, and others that the same answers contain: servers beside
	 * `server_details`, and `server_details` beside a server if no further call is needed. Key pairs are named by
	 * `keypairId`.
	 */
	byId(kind: ResourceKind, ids: readonly string[], signal: AbortSignal): Promise<FoundResources>;
	/** The resources that refer to these ones, in as few calls as possible. `gone` is empty. */
	referringTo(reference: Reference, ids: readonly string[], signal: AbortSignal): Promise<FoundResources>;
	/** Nova's newest microversion. Only for profile `nova`. */
	novaMicroversion?(signal: AbortSignal): Promise<string>;
}

/**
 * How resources refer to others: ports to their device, by any text that they name; ports, and those of DHCP servers, to
 * their network; trunks to their parent port; floating IPs to their port.
 */
export type Reference =
	| "ports of devices"
	| "ports of networks"
	| "DHCP ports of networks"
	| "trunks of ports"
	| "floating IPs of ports";

export interface PageOptions {
	/** `next` of the page before. */
	readonly marker?: string;
	readonly limit: number;
}

export interface ResourcePage {
	/** The page's resources, and others that the same answers contain (`server_details` beside `server`). */
	readonly resources: readonly Resource[];
	readonly unreadable: readonly UnreadableResource[];
	/** Marks the next page, also for another process later. */
	readonly next?: string;
}

export interface RevisionPage {
	readonly revisions: readonly SourceRevision[];
	/** When the request was sent, in milliseconds since 1970. */
	readonly requestedAt: number;
	readonly next?: string;
}

export interface SourceRevision {
	readonly id: string;
	/** Neutron's `revision_number`. */
	readonly revision?: number;
	/** For kinds without revisions: members that differ whenever the resource has changed, compared with the stored ones. */
	readonly content?: Partial<ResourceContents[ResourceKind]>;
	/** For servers: what the listing shows of their details. */
	readonly details?: ListedDetails;
}

export interface ListedDetails {
	/** The volumes that are attached. */
	readonly volumeIds: readonly string[];
	/** Whether its NICs may have tags. */
	readonly mayHaveTags: boolean;
	/** Whether the server may have other details, which the listing does not show: pinned CPUs, shares. */
	readonly mayHaveOthers: boolean;
}

export interface FoundResources {
	readonly resources: readonly Resource[];
	/** The ids that the source does not have. */
	readonly gone: readonly string[];
	readonly unreadable: readonly UnreadableResource[];
	/** When the first request was sent, in milliseconds since 1970. */
	readonly requestedAt: number;
}

export interface UnreadableResource {
	readonly kind: ResourceKind;
	readonly id: string;
	/** What is wrong, in one line. */
	readonly reason: string;
}

/** The name of a way in which changes are noticed, for metrics. */
export type SignalName = "bus" | "changes-since" | "trunk-revisions" | "lists";

/**
 * A signal names resources that may have changed; their facts are then read from the API. A lost, repeated or forged
 * signal costs calls and never causes a wrong answer.
 */
export interface Signal {
	readonly kind: ResourceKind;
	readonly ids: readonly string[];
	/** When the source changed the resource, as far as the signal says, in milliseconds since 1970. */
	readonly changedAt?: number;
}

export interface SignalHandler {
	onSignals(signals: readonly Signal[]): void;
	/**
	 * Called when the way works (again), after a time in which it may have missed changes: from `since` (milliseconds since
	 * 1970, undefined for ever) until now.
	 *
	 * @param place where senders' messages come from: what a sender has sent to another place says nothing about this one
	 */
	onGap(since: number | undefined, place?: string): void;
	/** Called when the way works again and has missed nothing. */
	onUp(): void;
	/** A message of this sender has arrived, also if it names nothing. */
	onHeard(sender: string): void;
	/** Called when the way stops working, with the reason in one line; it is tried again until the signals are closed. */
	onDown(reason: string): void;
	/** A message that could not be understood. */
	onInvalid(reason: string): void;
}

/** A service that reports its changes by messages. It may be configured to send none, and nothing but its silence shows that. */
export interface Sender {
	readonly name: string;
	/** As people write it. */
	readonly title: string;
	/** Of the resources whose changes it reports. */
	readonly kinds: readonly ResourceKind[];
	/** What to do so that it reports them all, as a clause. */
	readonly advice: string;
}

export interface ChangeSignals {
	readonly name: SignalName;
	/**
	 * The kinds whose changes are complete only with it; `every kind`: all that no other signal of the source names. A signal
	 * that names kinds misses nothing after its first `onGap`.
	 */
	readonly neededFor: "every kind" | readonly ResourceKind[];
	/** The services whose messages this way carries: without them, it reports nothing even if it works. */
	readonly senders?: readonly Sender[];
	/** Starts to listen, for as long as this process is the watcher. Returns at once. The result ends it, and leaves nothing behind. */
	listen(handler: SignalHandler): () => Promise<void>;
}
