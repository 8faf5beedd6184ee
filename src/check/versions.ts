/** Version numbers of clients, as their makers write them: `22.4.2`, `1.12.2`, `2025-06`. */

/** From `since` on, and before `until`. A missing end is open. */
export interface VersionRange {
	readonly since?: string;
	readonly until?: string;
}

/** Compares number by number: negative when `a` is the older one. A number that is missing counts as 0. */
export function compareVersions(a: string, b: string): number {
	const [left, right] = [numbersOf(a), numbersOf(b)];
	const differing = Array.from({ length: Math.max(left.length, right.length) }, (_, index) => index).find(
		(index) => (left[index] ?? 0) !== (right[index] ?? 0),
	);
	return differing === undefined ? 0 : (left[differing] ?? 0) - (right[differing] ?? 0);
}

/** Whether the version lies in the range. */
export function isWithin(version: string, { since, until }: VersionRange): boolean {
	return (
		(since === undefined || compareVersions(version, since) >= 0) &&
		(until === undefined || compareVersions(version, until) < 0)
	);
}

/** Whether every version of `inner` lies in `outer`. */
export function coversRange(outer: VersionRange, inner: VersionRange): boolean {
	return (
		(outer.since === undefined || (inner.since !== undefined && compareVersions(inner.since, outer.since) >= 0)) &&
		(outer.until === undefined || (inner.until !== undefined && compareVersions(inner.until, outer.until) <= 0))
	);
}

/** In words: `before 24.3`, `24.2 and later`, `from 24.2 to before 25.1.1`; empty for a range that is open on both sides. */
export function describeRange({ since, until }: VersionRange): string {
	if (since === undefined) return until === undefined ? "" : `before ${until}`;
	return until === undefined ? `${since} and later` : `from ${since} to before ${until}`;
}

/** Whether the text is a version number. */
export function isVersion(text: string): boolean {
	return /^\d{1,6}([.-]\d{1,6}){0,3}$/.test(text);
}

function numbersOf(version: string): number[] {
	return version.split(/[.-]/).map(Number);
}
