import type { Identity, Named } from "./asker.ts";

/** Every request is the one instance's. Only for listeners that no other machine reaches. */
export function fixedIdentity(instanceId: string): Identity {
	const named: Named = { id: instanceId, claims: [] };
	return () => named;
}
