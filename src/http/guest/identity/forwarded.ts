import type { PortQuery } from "../../../source/source.ts";
import { missingHeader, type Refusal } from "./asker.ts";
import { badAddress, sourceOf } from "./source.ts";

/**
 * The one guest that a proxy speaks for. A list is refused, whichever element might be the guest's: a proxy that
 * appends to what it was sent lets the guest write the rest of the list. Neutron's agent refuses it too.
 */
export function forwardedSource(forwardedFor: string | undefined): PortQuery | Refusal {
	if (forwardedFor === undefined) return missingHeader("X-Forwarded-For");
	return sourceOf(forwardedFor.trim()) ?? badAddress("X-Forwarded-For");
}
