import { LRUCache } from "lru-cache";
import type { PortFacts } from "../instance/facts.ts";

/** Ports remembered, some 200 bytes each. */
const MOST_REJECTED = 20_000;

type PortCandidate = Pick<PortFacts, "id" | "project_id">;

/** Ports that name an instance of another project as their device (see ownership.ts), as its server has shown. */
export interface RejectedPorts {
	/** The candidates that may be the instance's. */
	without<P extends PortCandidate>(instanceId: string, candidates: readonly P[]): readonly P[];
	add(instanceId: string, ports: readonly PortCandidate[]): void;
}

/**
 * Remembers rejected ports, so that whoever claims somebody else's instance does not make its every look-up wait for the
 * server. They stay rejected: neither a server nor a port ever passes to another project.
 */
export function createRejectedPorts(): RejectedPorts {
	const known = new LRUCache<string, true>({ max: MOST_REJECTED });
	const keyOf = (instanceId: string, { id, project_id }: PortCandidate) => `${instanceId} ${id} ${project_id}`;
	return {
		without: (instanceId, candidates) => candidates.filter((port) => !known.get(keyOf(instanceId, port))),
		add(instanceId, ports) {
			for (const port of ports) known.set(keyOf(instanceId, port), true);
		},
	};
}
