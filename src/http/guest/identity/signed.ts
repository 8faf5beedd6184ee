import { headerPicker } from "./headers.ts";
import { type Identity, missingHeader, repeatedHeader, wrongSignature } from "./requester.ts";
import { signatureCheck } from "./signature.ts";

const HEADERS = ["X-Instance-ID", "X-Instance-ID-Signature", "X-Tenant-ID", "X-Metadata-Provider"] as const;
const pick = headerPicker(HEADERS);

/**
 * The instance that Neutron's metadata agent signed for. The signature covers the id only, so the project that the agent
 * names with it must own the instance (CVE-2013-6419). The errors and their order are those of
 * nova/api/metadata/handler.py, `_handle_instance_id_request`. `X-Forwarded-For` is ignored.
 */
export function signedIdentity(secret: Uint8Array): Identity {
	const isSigned = signatureCheck(secret);
	return ({ rawHeaders }) => {
		const { values, repeated } = pick(rawHeaders);
		const [id, signature, projectId, provider] = values;
		if (repeated !== undefined) return repeatedHeader(repeated);
		// Load balancers need a listener of identity "provider". Agents never send this header.
		if (provider) return wrongSignature;
		if (id === undefined) return missingHeader(HEADERS[0]);
		if (signature === undefined) return missingHeader(HEADERS[1]);
		if (projectId === undefined) return missingHeader(HEADERS[2]);
		if (!isSigned(id, signature)) return wrongSignature;
		// No instance has an upper-case id. Nova finds it all the same, because its database ignores case.
		if (id !== id.toLowerCase()) return { reason: "bad-id" };
		// Nobody can make up guests: each has its own place.
		return { guest: id, scope: id, identified: { id, constraints: [{ projectId }] } };
	};
}
