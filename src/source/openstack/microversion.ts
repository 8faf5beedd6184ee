/** Nova's API grows by microversions; each call names the one it uses. */
import Type from "typebox";
import { GuestwireError } from "../../errors.ts";
import { reader } from "../api/answers.ts";
import type { Answered } from "../api/api.ts";
import { isAtLeast } from "../api/is-at-least.ts";

/** The newest one whose changes are known here (2025.1 Epoxy). https://docs.openstack.org/nova/latest/reference/api-microversion-history.html */
const NEWEST_KNOWN = "2.100";

/**
 * With less, a document would be wrong or lack something: user data came with 2.3, other users' key pairs with 2.10, the
 * flavor's name with 2.47.
 */
const OLDEST_SERVING = "2.47";

const readRoot = reader(Type.Object({ version: Type.Object({ min_version: Type.String(), version: Type.String() }) }));

/**
 * The newest microversion that both sides support, from the root of the compute endpoint.
 *
 * @throws GuestwireError `cloud-answer`: the API is too old, or no longer supports the microversions known here
 */
export function chooseMicroversion({ value, where }: Answered): string {
	const { min_version: oldest, version: newest } = readRoot(value, where).version;
	if (!isAtLeast(newest, OLDEST_SERVING) || !isAtLeast(NEWEST_KNOWN, oldest)) {
		throw new GuestwireError(
			"cloud-answer",
			`${where}: Nova supports microversions ${oldest || "none"} to ${newest || "none"}; Guestwire needs one from ${OLDEST_SERVING} (Pike, 2017) to ${NEWEST_KNOWN}`,
		);
	}
	return isAtLeast(newest, NEWEST_KNOWN) ? NEWEST_KNOWN : newest;
}

/** Nova's newest microversion, from the root of the compute endpoint. */
export function newestMicroversion({ value, where }: Answered): string {
	return readRoot(value, where).version.version;
}
