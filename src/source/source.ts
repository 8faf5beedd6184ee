/** What a source of instances is. One folder per implementation; `registry.ts` lists them. */
import type { InstanceFacts, ServerFacts } from "../instance/facts.ts";
import type { Detail, Instance } from "../instance/instance.ts";
import { keyNamesOf } from "../instance/keypairs.ts";

/** One line of a listing. */
export interface InstanceSummary {
	readonly id: string;
	readonly name: string;
	/** Absent from Nova's short listing. */
	readonly projectId?: string;
}

/** Describes the port a request came from, when the request carries no instance id. All members must match. */
export interface PortQuery {
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
 * The instance that a port names as its device. A port's `device_id` is free text that any tenant can write
 * (CVE-2013-6419): an owner is a claim until `ownership.ts` has compared it with the instance.
 */
export interface Owner {
	/** The instance's id: lower case. */
	readonly id: string;
	/** The port's project. Absent in an inventory that names none. */
	readonly projectId?: string;
	/** The port's network. Empty for a bare-metal NIC that has no port. */
	readonly networkId: string;
	/** What the claim rests on, if the source reports every change of it. */
	readonly basis?: readonly Change[];
}

/**
 * The kinds of resource that can change. `server` also covers what only the server's own API calls return (volumes,
 * tags, CPUs, the bare-metal node below it) and which ports it has. `network` covers its DHCP ports, `router` its
 * interfaces. `address` is an IP or MAC address that may have another owner now. `everything`, without ids: the source
 * does not know what has changed.
 */
export type ChangeKind =
	| "server"
	| "keypair"
	| "port"
	| "network"
	| "subnet"
	| "trunk"
	| "floatingip"
	| "security_group"
	| "router"
	| "address"
	| "everything";

/**
 * Resources that were created, changed or deleted. A resource that joins or leaves another one changes that one too: a
 * port its server, a trunk or a floating IP its port.
 */
export interface Change {
	readonly kind: ChangeKind;
	/** The resources' ids; addresses in canonical text; key pairs as `keypairId` writes them. */
	readonly ids: readonly string[];
}

/** The id of a key pair in a `Change`: key pairs have a name per user and no id of their own. */
export function keypairId(userId: string, name: string): string {
	return `${userId} ${name}`;
}

/** The ids of a server's key pairs. */
export function keypairIdsOf(server: ServerFacts): string[] {
	const { user_id: userId } = server;
	return userId ? keyNamesOf(server).map((name) => keypairId(userId, name)) : [];
}

/**
 * Where instances come from.
 *
 * Every call rejects with a `GuestwireError`: `cloud-unavailable` when the source can't be reached, `cloud-answer` when
 * its answer is unexpected, `config` when the configuration does not fit it, `inventory` when its files can't be read.
 * Only messages of the last two name files of this machine. Unknown facts are never guessed.
 */
export interface Source {
	/**
	 * The instance, or undefined when the source has none with this id. It may hold more detail than asked for.
	 *
	 * @param id lower case
	 * @param reread whether the instance must be read after this call: the source's copies of it from before don't count
	 */
	instance(id: string, detail: Detail, signal?: AbortSignal, reread?: boolean): Promise<Instance | undefined>;
	/** Whether every instance has all details, whatever was asked for. */
	readonly hasAllDetails?: true;
	/** The owner that each matching instance port names, not yet checked. */
	owners(query: PortQuery, signal?: AbortSignal): Promise<readonly Owner[]>;
	/** Every instance. */
	list(signal?: AbortSignal): Promise<readonly InstanceSummary[]>;
	/** Reports each change the source notices. A source without it notices none: its answers have to be asked again. */
	onChange?(listener: (change: Change) => void): void;
	/**
	 * How long ago the source last knew that it has reported every change, in milliseconds. With an id: every change of the
	 * resources that this instance was assembled from. Without: of the resources behind owners that have a `basis`.
	 */
	verifiedAge?(instanceId?: string): number;
	/**
	 * The instance, if the source has it already and it is current in this detail: nobody is asked. Undefined otherwise.
	 *
	 * @param id lower case
	 */
	known?(id: string, detail: Detail): Promise<Instance | undefined>;
	/** The owners as they were last known, however long ago, for when `owners` rejects. */
	lastKnownOwners?(query: PortQuery): Promise<readonly Owner[]>;
	/** Ends watchers and connections. */
	close(): Promise<void>;
}

/** A source whose instances are assembled from facts in the form of OpenStack's APIs; a snapshot stores these facts. */
export interface FactsSource extends Source {
	/** The facts that `instance` is assembled from; the parameters are the same. */
	facts(id: string, detail: Detail, signal?: AbortSignal, reread?: boolean): Promise<InstanceFacts | undefined>;
}
