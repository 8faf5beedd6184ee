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
 * Where facts come from. One folder an implementation.
 *
 * Every call rejects with a `GuestwireError` of code `cloud-unavailable` when the cloud can't be asked, and of
 * `cloud-answer` when it answers something unexpected: an unknown fact is never guessed.
 */
export interface Cloud {
	/** All facts of one instance, or undefined when the cloud has no such instance. `id` is lower case. */
	instance(id: string, need: Need, signal?: AbortSignal): Promise<InstanceFacts | undefined>;
	/** The ids of the instances that own a port matching every member of the query: none, one, or several. */
	owners(query: SourceQuery, signal?: AbortSignal): Promise<readonly string[]>;
	/** Every instance. */
	list(signal?: AbortSignal): Promise<readonly InstanceSummary[]>;
	/** Calls back when what was answered before may no longer hold: for one instance, or for all without an id. */
	onChange?(listener: (id?: string) => void): void;
	/** Ends watchers and connections. */
	close(): Promise<void>;
}
