/** The geometry of a FAT volume, by the rules of Microsoft's FAT specification (fatgen103, 2000). */
import { roundUp } from "../drive.ts";

export const SECTOR = 512;
/** Bytes of a directory entry. */
export const ENTRY = 32;
export const FATS = 2;
export const MIB = 1 << 20;

export interface Geometry {
	/** Bits of a FAT entry. */
	readonly bits: 12 | 16 | 32;
	readonly sectors: number;
	readonly sectorsPerCluster: number;
	readonly clusters: number;
	readonly reservedSectors: number;
	/** Of one FAT. */
	readonly fatSectors: number;
	/** Of the fixed root directory; 0 for FAT32, whose root is a chain of clusters. */
	readonly rootEntries: number;
}

/** Usual on a hard disk. */
const ROOT_ENTRIES = 512;

const MAX_FAT12_CLUSTERS = 4084;
const MAX_FAT16_CLUSTERS = 65_524;
/** This close to a limit, faulty drivers mistake one kind for the other. */
const NEAR = 16;

/** Sectors per cluster, by the number of sectors up to which they apply: the specification's tables for hard disks. */
const CLUSTER_SIZES = [
	[32_680, 2],
	[262_144, 4],
	[524_288, 8],
	[1_048_576, 16],
	[16_777_216, 8],
	[33_554_432, 16],
	[67_108_864, 32],
] as const;
const LARGEST_CLUSTER = 64;

/** Only the number of clusters determines the kind of a FAT. */
export function bitsFor(clusters: number): 12 | 16 | 32 {
	if (clusters <= MAX_FAT12_CLUSTERS) return 12;
	return clusters <= MAX_FAT16_CLUSTERS ? 16 : 32;
}

/**
 * Computes the geometry of a volume.
 *
 * @param size bytes, in whole MiB
 * @param rootEntries the number of entries that the root directory must hold
 */
export function geometryOf(size: number, rootEntries: number): Geometry {
	const sectors = size / SECTOR;
	const usual = CLUSTER_SIZES.find(([most]) => sectors <= most)?.[1] ?? LARGEST_CLUSTER;
	for (const sectorsPerCluster of [usual, usual * 2]) {
		for (const bits of [12, 16, 32] as const) {
			const geometry = divide(sectors, sectorsPerCluster, bits, rootEntries);
			if (bitsFor(geometry.clusters) === bits && !nearLimit(geometry.clusters)) return geometry;
		}
	}
	throw new RangeError(`no FAT geometry for ${sectors} sectors`);
}

function nearLimit(clusters: number): boolean {
	return [MAX_FAT12_CLUSTERS, MAX_FAT16_CLUSTERS].some((limit) => Math.abs(clusters - limit) <= NEAR);
}

function divide(sectors: number, sectorsPerCluster: number, bits: 12 | 16 | 32, needed: number): Geometry {
	const reservedSectors = bits === 32 ? 32 : 1;
	const rootEntries = bits === 32 ? 0 : Math.max(ROOT_ENTRIES, roundUp(needed, SECTOR / ENTRY));
	const rest = sectors - reservedSectors - (rootEntries * ENTRY) / SECTOR;
	// Entries 0 and 1 are reserved.
	const fatSectors = Math.ceil(((rest / sectorsPerCluster + 2) * bits) / 8 / SECTOR);
	const clusters = Math.floor((rest - FATS * fatSectors) / sectorsPerCluster);
	return { bits, sectors, sectorsPerCluster, clusters, reservedSectors, fatSectors, rootEntries };
}

export function clusterSize({ sectorsPerCluster }: Geometry): number {
	return sectorsPerCluster * SECTOR;
}

/** The offset of the first or second FAT. */
export function fatOffset(geometry: Geometry, index: number): number {
	return (geometry.reservedSectors + index * geometry.fatSectors) * SECTOR;
}

/** The offset of the fixed root directory. */
export function rootOffset(geometry: Geometry): number {
	return fatOffset(geometry, FATS);
}

/** The offset of a cluster. The first has number 2. */
export function clusterOffset(geometry: Geometry, cluster: number): number {
	return rootOffset(geometry) + geometry.rootEntries * ENTRY + (cluster - 2) * clusterSize(geometry);
}
