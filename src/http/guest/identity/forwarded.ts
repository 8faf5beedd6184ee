import type { PortQuery } from "../../../source/source.ts";
import type { ErrorResponse } from "../response.ts";
import { portQuery, unusableAddress } from "./port-owner.ts";
import { missingHeader } from "./requester.ts";

/**
 * The one guest that a proxy speaks for. A list of addresses is refused, whichever of them might be the guest's: a proxy
 * that appends to the header lets the guest write the rest of the list. Neutron's agent refuses it too.
 */
export function forwardedSource(forwardedFor: string | undefined): PortQuery | ErrorResponse {
	if (forwardedFor === undefined) return missingHeader("X-Forwarded-For");
	const query = portQuery(forwardedFor.trim());
	return typeof query === "string" ? unusableAddress(query, "X-Forwarded-For") : query;
}
