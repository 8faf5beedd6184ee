import type { RequestSource } from "../../service/request-history/answered-request.ts";
import { headerPicker } from "./identity/headers.ts";

const HEADERS = [
	"X-Forwarded-For",
	"X-Neutron-Network-ID",
	"X-OVN-Network-ID",
	"X-Neutron-Router-ID",
	"X-Instance-ID",
	"X-Tenant-ID",
	"X-Metadata-Provider",
] as const;
const pick = headerPicker(HEADERS);

/** What a refused request says about its origin, for operators. Anybody may have written it. Never a signature. */
export function requestSource(rawHeaders: readonly string[], peer: string | undefined): RequestSource {
	const [address, network, ovnNetwork, routerId, instance, projectId, providerId] = pick(rawHeaders).values;
	const networkId = network ?? ovnNetwork;
	return {
		...(peer !== undefined && { peer }),
		...(address !== undefined && { address }),
		...(networkId !== undefined && { networkId }),
		...(routerId !== undefined && { routerId }),
		...(instance !== undefined && { instance }),
		...(projectId !== undefined && { projectId }),
		...(providerId !== undefined && { providerId }),
	};
}
