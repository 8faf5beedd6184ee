/** What the overview keeps of each instance in memory: enough to find it and to recognize who nearly was it. */
import { LRUCache } from "lru-cache";
import { getOrInsert } from "../../get-or-insert.ts";
import type { Instance, Port } from "../../instance/instance.ts";
import { tagsOfChange, tagsOfInstance } from "../../source/dependencies.ts";
import type { Change, ChangeKind, InstanceSummary } from "../../source/source.ts";

export interface IndexedPort {
	readonly id: string;
	readonly macAddress: string;
	readonly networkId: string;
	readonly networkName: string;
	readonly addresses: readonly string[];
}

export interface IndexedInstance extends InstanceSummary {
	/** Subports included. Empty if the source does not say without a request. */
	readonly ports: readonly IndexedPort[];
	/** What its documents depend on, besides its server: see `tagsOfInstance`. */
	readonly tags: readonly string[];
	/** Everything that a search finds it by, in lower case. */
	readonly text: string;
}

/** Many instances have the same networks, subnets, security groups and key pairs. */
const sharedTags = new LRUCache<string, string>({ max: 10_000 });

/**
 * Arrays from `flatMap` have spare capacity: for two addresses, three times the memory. What is kept is an exact copy.
 *
 * @param summary as the source lists it
 */
export function indexedInstance(summary: InstanceSummary, instance: Instance | undefined): IndexedInstance {
	const ports = (instance?.ports ?? []).flatMap((port) => [
		indexedPort(port),
		...(port.trunk?.subports ?? []).map((subport) => indexedPort(subport.port)),
	]);
	const { id } = summary;
	const name = instance?.server?.name ?? summary.name;
	const projectId = summary.projectId ?? instance?.projectId;
	const words = ports.flatMap(({ macAddress, networkId, networkName, addresses }) => [
		...addresses,
		macAddress,
		networkName,
		networkId,
	]);
	const text = [...new Set([name, id, projectId ?? "", ...words])].join("\n").toLowerCase();
	const tags = tagsOfInstance(instance).map((tag) => getOrInsert<string, string>(sharedTags, tag, () => tag));
	return { id, name, ...(projectId !== undefined && { projectId }), ports: ports.slice(), tags, text };
}

function indexedPort({ id, macAddress, network, fixedIps }: Port): IndexedPort {
	return {
		...{ id, macAddress, networkId: network.id, networkName: network.name },
		addresses: fixedIps.flatMap(({ address }) => address ?? []).slice(),
	};
}

/** What has changed in a while. */
export interface Changes {
	/** When the first change was reported, in milliseconds since 1970; undefined: there was none. */
	since: number | undefined;
	isEverything: boolean;
	/** Ids. */
	readonly servers: Set<string>;
	/** The other resources that documents depend on: see `tagsOfChange`. */
	readonly tags: Set<string>;
}

export function noChanges(): Changes {
	return { since: undefined, isEverything: false, servers: new Set(), tags: new Set() };
}

/** In no document: which port has an address, and which networks a router serves. */
const UNRELATED: ReadonlySet<ChangeKind> = new Set(["address", "router"]);

export function addChange(changes: Changes, change: Change): void {
	if (UNRELATED.has(change.kind)) return;
	changes.since ??= Date.now();
	if (change.kind === "everything") changes.isEverything = true;
	else if (change.kind === "server") for (const id of change.ids) changes.servers.add(id);
	else for (const tag of tagsOfChange(change)) changes.tags.add(tag);
}

/** Whether a change concerns the documents of an instance. A rewritten file may change all of them: nothing is searched for. */
export function isAffected({ id, tags }: IndexedInstance, changes: Changes): boolean {
	return changes.isEverything || changes.servers.has(id) || tags.some((tag) => changes.tags.has(tag));
}
