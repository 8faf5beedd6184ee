import { type Identity, missingHeader, repeatedHeader, wrongSignature } from "./asker.ts";
import { headerPicker } from "./headers.ts";
import { signatureCheck } from "./signature.ts";

const HEADERS = ["X-Instance-ID", "X-Instance-ID-Signature", "X-Tenant-ID", "X-Metadata-Provider"] as const;
const pick = headerPicker(HEADERS);

/**
 * The instance that Neutron's metadata agent signed for. The signature covers the id alone, so the project that the
 * agent names beside it must own the instance (CVE-2013-6419). Refusals and their order are those of
 * nova/api/metadata/handler.py, `_handle_instance_id_request`; `X-Forwarded-For` is not looked at.
 */
export function signedIdentity(secret: Uint8Array): Identity {
	const isSigned = signatureCheck(secret);
	return ({ rawHeaders }) => {
		const { values, repeated } = pick(rawHeaders);
		const [id, signature, projectId, provider] = values;
		if (repeated !== undefined) return repeatedHeader(repeated);
		// A load balancer's request is none of this listener's, and an agent never sends one.
		if (provider) return wrongSignature;
		if (id === undefined) return missingHeader(HEADERS[0]);
		if (signature === undefined) return missingHeader(HEADERS[1]);
		if (projectId === undefined) return missingHeader(HEADERS[2]);
		if (!isSigned(id, signature)) return wrongSignature;
		// No instance has an upper-case id; Nova's database, which does not tell them apart, answers one all the same.
		if (id !== id.toLowerCase()) return { status: 404, reason: "bad-id" };
		return { id, claims: [{ projectId }] };
	};
}
