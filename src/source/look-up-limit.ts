/** A limit on look-ups of keys that may be made up. */
import { createKeyCounts } from "../key-counts.ts";

/**
 * Look-ups in progress at which keys that are not known are refused: callers who gave up leave theirs behind, and made-up
 * keys have no end. Each takes a few kilobytes. Known keys are looked up all the same: their number is bounded. A scope
 * may have as many as are left for others, as in admission.ts.
 */
const MOST_LOOK_UPS = 10_000;

/**
 * Counts one more look-up.
 *
 * @param running how many look-ups are in progress, of whatever keys
 * @returns ends it; undefined if there is no room for it
 */
export type LookUpLimit = (key: string, running: number) => (() => void) | undefined;

/** @param scopeOf who shares places for look-ups with the key's caller */
export function createLookUpLimit(scopeOf: (key: string) => string): LookUpLimit {
	const scopes = createKeyCounts();
	return (key, running) => {
		const scope = scopeOf(key);
		if (scopes.of(scope) >= MOST_LOOK_UPS - running) return undefined;
		scopes.add(scope);
		return () => void scopes.remove(scope);
	};
}
