import type { InstanceCache } from "../../../source/instance-cache.ts";
import { type Identity, missingHeader, repeatedHeader, wrongSignature } from "./asker.ts";
import { forwardedSource } from "./forwarded.ts";
import { headerPicker } from "./headers.ts";
import { signatureCheck } from "./signature.ts";
import { oneOwner } from "./source.ts";

const HEADERS = ["X-Metadata-Provider", "X-Metadata-Provider-Signature", "X-Forwarded-For"] as const;
const pick = headerPicker(HEADERS);

/** The ids of the networks that a metadata provider (an NSX edge) stands in front of. */
export type ProviderNetworks = (providerId: string) => Promise<readonly string[]>;

/**
 * The instance that has the forwarded address on one of the networks of a signed metadata provider
 * (nova/api/metadata/handler.py, `_handle_instance_id_request_from_lb`). Nova takes any provider's word when no secret
 * is set, and the first of several forwarded addresses; here the secret is a must and a list is refused.
 */
export function providerIdentity(
	directory: Pick<InstanceCache, "owners">,
	secret: Uint8Array,
	networksOf: ProviderNetworks,
): Identity {
	const isSigned = signatureCheck(secret);
	return async ({ rawHeaders }) => {
		const { values, repeated } = pick(rawHeaders);
		const [provider, signature, forwardedFor] = values;
		if (repeated !== undefined) return repeatedHeader(repeated);
		const source = forwardedSource(forwardedFor);
		if (provider === undefined) return missingHeader(HEADERS[0]);
		if (signature === undefined || !isSigned(provider, signature)) return wrongSignature;
		if ("status" in source) return source;
		const networks = await networksOf(provider);
		return oneOwner(
			directory,
			networks.map((networkId) => ({ ...source, networkId })),
		);
	};
}
