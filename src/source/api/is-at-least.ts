/** Whether a microversion such as `2.90` includes another one. */
export function isAtLeast(version: string, wanted: string): boolean {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
	return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
