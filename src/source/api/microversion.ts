/** OpenStack's APIs grow by microversions; each call names the one it uses. */
import { GuestwireError } from "../../errors.ts";

/** The microversions of a service's API that Guestwire can use. */
export interface KnownMicroversions {
	/** Its name, for errors. */
	readonly service: string;
	/** With less, a document would be wrong or lack something. */
	readonly oldest: string;
	/** The release that brought it, for errors. */
	readonly since: string;
	/** The newest one whose changes are known here. */
	readonly newest: string;
}

/** The microversions that a service's root names. */
export interface OfferedMicroversions {
	readonly min_version: string;
	readonly version: string;
}

/**
 * The newest microversion that both sides support.
 *
 * @param where the answer is from, for errors
 * @throws GuestwireError `cloud-answer`: the API is too old, or no longer supports the microversions known here
 */
export function negotiateMicroversion(
	{ min_version: oldest, version: newest }: OfferedMicroversions,
	known: KnownMicroversions,
	where: string,
	options?: ErrorOptions,
): string {
	if (isAtLeast(newest, known.oldest) && isAtLeast(known.newest, oldest)) {
		return isAtLeast(newest, known.newest) ? known.newest : newest;
	}
	const offered = `${oldest || "none"} to ${newest || "none"}`;
	const usable = `${known.oldest} (${known.since}) to ${known.newest}`;
	const what = `${known.service} supports microversions ${offered}; Guestwire needs one from ${usable}`;
	throw new GuestwireError("cloud-answer", `${where}: ${what}`, options);
}

/** Whether a microversion such as `2.90` includes another one. */
export function isAtLeast(version: string, wanted: string): boolean {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
	return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
