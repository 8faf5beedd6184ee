/** OpenStack's releases, as far as Nova's documents differ between them: what profile `nova` follows. */

/** Oldest first. */
export const NOVA_RELEASES = [
	"zed",
	"2023.1",
	"2023.2",
	"2024.1",
	"2024.2",
	"2025.1",
	"2025.2",
	"2026.1",
	"2026.2",
] as const;
export type NovaRelease = (typeof NOVA_RELEASES)[number];

export const NEWEST_NOVA_RELEASE: NovaRelease = "2026.2";

/**
 * The first microversion that a release's Nova has and its predecessor's has not, newest first. A release without one
 * (2023.2, 2024.2) is taken for its predecessor, whose documents are the same.
 * https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
 */
const FIRST_MICROVERSIONS: readonly (readonly [minor: number, release: NovaRelease])[] = [
	[104, "2026.2"],
	[102, "2026.1"],
	[101, "2025.2"],
	[97, "2025.1"],
	[96, "2024.1"],
	[94, "2023.1"],
];

/**
 * The release of the Nova whose newest microversion this is, `2.93` for instance. An older Nova than Zed's has Zed's
 * documents; a newer one than the newest release here is taken for that.
 */
export function novaReleaseOf(newestMicroversion: string): NovaRelease {
	const minor = Number(newestMicroversion.split(".")[1]);
	return FIRST_MICROVERSIONS.find(([first]) => minor >= first)?.[1] ?? "zed";
}

/** Whether a release has what came with another one. */
export function hasRelease(release: NovaRelease, since: NovaRelease): boolean {
	return NOVA_RELEASES.indexOf(release) >= NOVA_RELEASES.indexOf(since);
}
