import { LRUCache } from "lru-cache";
import type { PortFacts } from "../instance/facts.ts";

/** Claims remembered, some 200 bytes each. */
const MOST_CLAIMS = 20_000;

type Claim = Pick<PortFacts, "id" | "project_id">;

/** Ports that name an instance of another project as their device (see ownership.ts), as its server has shown. */
export interface DisprovedClaims {
	/** The claims on the instance that may be true. */
	without<P extends Claim>(instanceId: string, claims: readonly P[]): readonly P[];
	add(instanceId: string, claims: readonly Claim[]): void;
}

/**
 * Remembers disproved claims, so that whoever claims somebody else's instance does not make its every look-up wait for the
 * server. They stay disproved: neither a server nor a port ever passes to another project.
 */
export function createDisprovedClaims(): DisprovedClaims {
	const known = new LRUCache<string, true>({ max: MOST_CLAIMS });
	const keyOf = (instanceId: string, { id, project_id }: Claim) => `${instanceId} ${id} ${project_id}`;
	return {
		without: (instanceId, claims) => claims.filter((claim) => !known.get(keyOf(instanceId, claim))),
		add(instanceId, claims) {
			for (const claim of claims) known.set(keyOf(instanceId, claim), true);
		},
	};
}
