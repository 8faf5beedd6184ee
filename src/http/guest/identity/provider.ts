import { forwardedSource } from "./forwarded.ts";
import { headerPicker } from "./headers.ts";
import { findOwner, type OwnerLookup } from "./port-owner.ts";
import { type Identity, missingHeader, repeatedHeader, wrongSignature } from "./requester.ts";
import { signatureCheck } from "./signature.ts";

const HEADERS = ["X-Metadata-Provider", "X-Metadata-Provider-Signature", "X-Forwarded-For"] as const;
const pick = headerPicker(HEADERS);

/** The ids of the networks that a metadata provider (an NSX edge) serves. */
export type ProviderNetworks = (providerId: string) => readonly string[];

/**
 * The instance that has the forwarded address on one of the networks of a signed metadata provider
 * (nova/api/metadata/handler.py, `_handle_instance_id_request_from_lb`). Nova believes any provider if no secret is set,
 * and takes the first of several forwarded addresses; here the secret is required and a list is refused.
 */
export function providerIdentity(lookup: OwnerLookup, secret: Uint8Array, networksOf: ProviderNetworks): Identity {
	const isSigned = signatureCheck(secret);
	return ({ rawHeaders }, isPrivate) => {
		const { values, repeated } = pick(rawHeaders);
		const [provider, signature, forwardedFor] = values;
		if (repeated !== undefined) return repeatedHeader(repeated);
		const source = forwardedSource(forwardedFor);
		if (provider === undefined) return missingHeader(HEADERS[0]);
		if (signature === undefined || !isSigned(provider, signature)) return wrongSignature;
		if ("reason" in source) return source;
		const queries = networksOf(provider).map((networkId) => ({ ...source, networkId }));
		return {
			guest: `${provider} ${Object.values(source).join(" ")}`,
			scope: provider,
			identified: findOwner(lookup, queries, isPrivate),
		};
	};
}
