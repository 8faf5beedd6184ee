import type { InstanceFacts } from "../instance/facts.ts";

/**
 * How much of an instance a document needs: `wiring` is enough for `network_data.json`, `record` for `meta_data.json` and
 * what else is the server's own, `all` for every document. A cloud may give more than was asked.
 */
export type Need = "wiring" | "record" | "all";

/** One line of a listing. */
export interface InstanceSummary {
	readonly id: string;
	readonly name: string;
	/** Nova lists servers without it. */
	readonly projectId?: string;
}

/** How a request's source is described when no instance id comes with it. */
export interface SourceQuery {
	/** The guest's address: canonical text, IPv4-mapped forms already unwrapped. */
	readonly address?: string;
	/** The guest's MAC address (from an EUI-64 link-local source): lower case with colons. */
	readonly macAddress?: string;
	/** Only ports on this network. */
	readonly networkId?: string;
	/** Only ports on networks that this router has an interface on. */
	readonly routerId?: string;
}

/**
 * The instance that a port names as its device, and which port says so. A port's `device_id` is free text that anybody
 * can write (CVE-2013-6419): it holds only for an instance of the port's own project that has a port on that network.
 */
export interface Owner {
	/** The instance's: lower case. */
	readonly id: string;
	/** The port's. Absent where facts have none: an inventory written by hand. */
	readonly projectId?: string;
	/** The port's. */
	readonly networkId: string;
}

/**
 * Where facts come from. One folder an implementation.
 *
 * Every call rejects with a `GuestwireError` of code `cloud-unavailable` when the cloud can't be asked, and of
 * `cloud-answer` when it answers something unexpected: an unknown fact is never guessed.
 */
export interface Cloud {
	/** All facts of one instance, or undefined when the cloud has no such instance. `id` is lower case. */
	instance(id: string, need: Need, signal?: AbortSignal): Promise<InstanceFacts | undefined>;
	/** The owner of each instance's port that matches every member of the query: the port's word, not checked. */
	owners(query: SourceQuery, signal?: AbortSignal): Promise<readonly Owner[]>;
	/** Every instance. */
	list(signal?: AbortSignal): Promise<readonly InstanceSummary[]>;
	/** Calls back when what was answered before may no longer hold: for one instance, or for all without an id. */
	onChange?(listener: (id?: string) => void): void;
	/** Ends watchers and connections. */
	close(): Promise<void>;
}
