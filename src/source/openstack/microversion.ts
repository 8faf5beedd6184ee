/** The microversions of Nova. */
import Type from "typebox";
import { reader } from "../api/answers.ts";
import type { Answered } from "../api/api.ts";
import { type KnownMicroversions, negotiateMicroversion } from "../api/microversion.ts";

/** https://docs.openstack.org/nova/latest/reference/api-microversion-history.html */
const KNOWN: KnownMicroversions = {
	service: "Nova",
	// User data came with 2.3, other users' key pairs with 2.10, the flavor's name with 2.47.
	oldest: "2.47",
	since: "Pike, 2017",
	// 2025.1 Epoxy.
	newest: "2.100",
};

const readRoot = reader(Type.Object({ version: Type.Object({ min_version: Type.String(), version: Type.String() }) }));

/**
 * The newest microversion that both sides support, from the root of the compute endpoint.
 *
 * @throws GuestwireError `cloud-answer`: the API is too old, or no longer supports the microversions known here
 */
export function chooseMicroversion({ value, where }: Answered): string {
	return negotiateMicroversion(readRoot(value, where).version, KNOWN, where);
}

/** Nova's newest microversion, from the root of the compute endpoint. */
export function newestMicroversion({ value, where }: Answered): string {
	return readRoot(value, where).version.version;
}
