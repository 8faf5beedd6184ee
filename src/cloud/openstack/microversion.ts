/** Nova's API grows by microversions: each call says which one it speaks. */
import Type from "typebox";
import { GuestwireError } from "../../errors.ts";
import { reader } from "./answers.ts";
import type { Answered } from "./api.ts";

/** The newest one whose changes are known here (2025.1 Epoxy). https://docs.openstack.org/nova/latest/reference/api-microversion-history.html */
const NEWEST_KNOWN = "2.100";

const readRoot = reader(Type.Object({ version: Type.Object({ min_version: Type.String(), version: Type.String() }) }));

/**
 * The newest microversion that both sides know, of what the compute endpoint's root says.
 *
 * @throws GuestwireError `cloud-answer`: the API is older than 2.1, or starts beyond what is known here
 */
export function chooseMicroversion({ value, where }: Answered): string {
	const { min_version: oldest, version: newest } = readRoot(value, where).version;
	if (!isAtLeast(newest, "2.1") || !isAtLeast(NEWEST_KNOWN, oldest)) {
		throw new GuestwireError(
			"cloud-answer",
			`${where}: Nova speaks ${oldest || "no microversion"} to ${newest || "none"}; 2.1 to ${NEWEST_KNOWN} are known here`,
		);
	}
	return isAtLeast(newest, NEWEST_KNOWN) ? NEWEST_KNOWN : newest;
}

/** Whether a microversion, `2.90`, has what came with another one. */
export function isAtLeast(version: string, wanted: string): boolean {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
	return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
