/** The state of a guest, as operators see it. */
import type { InstanceHistory } from "../../store/history-store.ts";
import type { RefusedTimes } from "./refusals.ts";
import type { GuestState } from "./search.ts";

/**
 * @param line the guest's line of the request history; undefined: it has not asked
 * @param refused when a request that nearly was its own was refused
 */
export function guestState(line: InstanceHistory | undefined, refused: RefusedTimes | undefined): GuestState {
	if (line === undefined) return refused === undefined ? "never" : "refused";
	// Anybody may be near a guest that is answered.
	if (refused !== undefined && refused.exact > line.last_at) return "refused";
	if (line.last_status >= 500) return "failing";
	// An older version beside this one may write 0 for a guest that is up to date.
	if (line.outdated_at) return "outdated";
	return line.compared_at === null ? "asked" : "current";
}
