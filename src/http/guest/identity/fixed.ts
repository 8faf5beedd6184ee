import type { Caller, Identity } from "./requester.ts";

/** Every request is the same instance's. Only for listeners that no other machine can reach. */
export function fixedIdentity(instanceId: string): Identity {
	const caller: Caller = { guest: instanceId, scope: "", identified: { id: instanceId, constraints: [] } };
	return () => caller;
}
