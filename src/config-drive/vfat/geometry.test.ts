import { expect, it } from "vitest";
import { bitsFor, clusterOffset, ENTRY, FATS, geometryOf, MIB, SECTOR } from "./geometry.ts";

/** Every size near a change of kind or of cluster size, and some others. */
const sizes = [
	...Array.from({ length: 1100 }, (_, index) => index + 1),
	2047,
	4096,
	8192,
	8193,
	16_384,
	32_769,
	2_097_151,
];

it("follows the specification for a volume of any size", () => {
	for (const mib of sizes) {
		const geometry = geometryOf(mib * MIB, 0);
		const { bits, clusters, fatSectors, sectors, sectorsPerCluster } = geometry;
		expect(bitsFor(clusters), `${mib} MiB`).toBe(bits);
		// Drivers that are off by up to sixteen see the same kind.
		expect([bitsFor(clusters - 16), bitsFor(clusters + 16)], `${mib} MiB`).toEqual([bits, bits]);
		expect(fatSectors * SECTOR * 8, `${mib} MiB`).toBeGreaterThanOrEqual((clusters + 2) * bits);
		const end = clusterOffset(geometry, clusters + 2) / SECTOR;
		expect(end, `${mib} MiB`).toBeLessThanOrEqual(sectors);
		// The only wasted space is less than a cluster, and the rounding of the tables.
		expect(sectors - end, `${mib} MiB`).toBeLessThan(sectorsPerCluster + FATS * (1 + fatSectors / 64));
	}
});

it("is FAT12 below about 4 MiB, FAT16 for Nova's 64 MiB, FAT32 above 512 MiB", () => {
	expect([1, 4, 5, 64, 512, 513].map((mib) => geometryOf(mib * MIB, 0).bits)).toEqual([12, 12, 16, 16, 16, 32]);
	expect(geometryOf(64 * MIB, 0)).toMatchObject({ sectorsPerCluster: 4, rootEntries: 512 });
});

it("has space for a large root directory, in whole sectors", () => {
	expect(geometryOf(64 * MIB, 1000).rootEntries * ENTRY).toBe(63 * SECTOR);
});
