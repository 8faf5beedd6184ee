/** A FAT volume in an image: its geometry and its chains of clusters. */
import { part, unreadable } from "../contents.ts";
import { bitsFor, ENTRY } from "./geometry.ts";

/** What the boot sector says (fatgen103, "Boot Sector and BPB"). */
export interface Volume {
	readonly image: Buffer;
	readonly bits: 12 | 16 | 32;
	/** Bytes. */
	readonly clusterSize: number;
	/** The highest cluster number plus one. */
	readonly endCluster: number;
	/** The file allocation tables. The first one counts. */
	readonly tables: readonly Buffer[];
	readonly fixedRoot: Buffer;
	/** FAT32's. */
	readonly rootCluster: number;
	/** The sectors before the tables. */
	readonly reserved: Buffer;
	/** Bytes. */
	readonly sectorSize: number;
	/** The offset of cluster 2. */
	readonly dataOffset: number;
	/** One byte per cluster: 1 if it is in use. */
	readonly claimed: Uint8Array;
}

const SECTOR_SIZES = [512, 1024, 2048, 4096];
const CLUSTER_SECTORS = [1, 2, 4, 8, 16, 32, 64, 128];

export function isVfat(image: Buffer): boolean {
	return image.length >= 512 && image.readUInt16LE(510) === 0xaa55 && SECTOR_SIZES.includes(image.readUInt16LE(11));
}

export function parseVolume(image: Buffer): Volume {
	const sectorSize = image.readUInt16LE(11);
	const sectorsPerCluster = image[13] ?? 0;
	const reserved = image.readUInt16LE(14);
	const fats = image[16] ?? 0;
	const rootEntries = image.readUInt16LE(17);
	const sectors = image.readUInt16LE(19) || image.readUInt32LE(32);
	const smallFatSectors = image.readUInt16LE(22);
	const fatSectors = smallFatSectors || image.readUInt32LE(36);
	if (!CLUSTER_SECTORS.includes(sectorsPerCluster) || reserved === 0 || fats === 0 || fatSectors === 0) {
		throw unreadable("its boot sector is invalid");
	}
	const rootSectors = Math.ceil((rootEntries * ENTRY) / sectorSize);
	const firstData = reserved + fats * fatSectors + rootSectors;
	const clusters = Math.floor((sectors - firstData) / sectorsPerCluster);
	part(image, 0, sectors * sectorSize, "its last sector");
	// Like Linux: some programs make FAT32 with fewer clusters than the specification allows.
	const bits = smallFatSectors === 0 ? 32 : bitsFor(clusters);
	if (clusters < 1 || fatSectors * sectorSize * 8 < (clusters + 2) * bits) {
		throw unreadable("its boot sector is invalid");
	}
	const at = (sector: number, count: number) => image.subarray(sector * sectorSize, (sector + count) * sectorSize);
	return {
		image,
		bits,
		clusterSize: sectorsPerCluster * sectorSize,
		endCluster: clusters + 2,
		tables: Array.from({ length: fats }, (_, index) => at(reserved + index * fatSectors, fatSectors)),
		fixedRoot: at(firstData - rootSectors, rootSectors).subarray(0, rootEntries * ENTRY),
		rootCluster: bits === 32 ? image.readUInt32LE(44) : 0,
		reserved: at(0, reserved),
		sectorSize,
		dataOffset: firstData * sectorSize,
		claimed: new Uint8Array(clusters + 2),
	};
}

/** Consecutive clusters: the first, and the one after the last. */
export interface ClusterRun {
	readonly start: number;
	end: number;
}

/** The runs of clusters of a chain. A cluster is in at most one chain, and once, so no chain is endless. */
export function chain(volume: Volume, first: number, what: string): ClusterRun[] {
	const runs: ClusterRun[] = [];
	const endMark = 2 ** Math.min(volume.bits, 28) - 8;
	for (let cluster = first; cluster < endMark; cluster = nextCluster(volume, cluster)) {
		if (cluster < 2 || cluster >= volume.endCluster) throw unreadable(`${what} continues beyond its end`);
		if (volume.claimed[cluster] === 1) throw unreadable(`${what} overlaps with another chain, or forms a cycle`);
		volume.claimed[cluster] = 1;
		const run = runs.at(-1);
		if (run?.end === cluster) run.end++;
		else runs.push({ start: cluster, end: cluster + 1 });
	}
	return runs;
}

/** The bytes of a run, in the image's own memory. */
export function bytesOf({ image, dataOffset, clusterSize }: Volume, { start, end }: ClusterRun): Buffer {
	return image.subarray(dataOffset + (start - 2) * clusterSize, dataOffset + (end - 2) * clusterSize);
}

/** The entry of a cluster in the first table. */
export function nextCluster({ tables, bits }: Volume, cluster: number): number {
	const [table = Buffer.alloc(0)] = tables;
	if (bits === 16) return table.readUInt16LE(cluster * 2);
	if (bits === 32) return table.readUInt32LE(cluster * 4) & 0x0fff_ffff;
	const pair = table.readUInt16LE(cluster + (cluster >> 1));
	return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
}

/** Sets the entry of a cluster in every table. FAT32's upper four bits are reserved and stay. */
export function setNextCluster({ tables, bits }: Volume, cluster: number, value: number): void {
	for (const table of tables) {
		if (bits === 16) table.writeUInt16LE(value & 0xffff, cluster * 2);
		else if (bits === 32) {
			const kept = table.readUInt32LE(cluster * 4) & 0xf000_0000;
			table.writeUInt32LE((kept | (value & 0x0fff_ffff)) >>> 0, cluster * 4);
		} else {
			const offset = cluster + (cluster >> 1);
			const pair = table.readUInt16LE(offset);
			const isEven = cluster % 2 === 0;
			table.writeUInt16LE(isEven ? (pair & 0xf000) | (value & 0xfff) : (pair & 0xf) | ((value & 0xfff) << 4), offset);
		}
	}
}
