import { quoted } from "../../printable.ts";
import { type Collector, collector, type DriveContents, once, part, unreadable } from "../contents.ts";
import { FOLDER, VOLUME_LABEL } from "./entries.ts";
import { entriesOf, type FoundEntry } from "./entries-reader.ts";
import { bitsFor, ENTRY } from "./geometry.ts";

/** What the boot sector says (fatgen103, "Boot Sector and BPB"). */
interface Volume {
	readonly image: Buffer;
	readonly bits: 12 | 16 | 32;
	/** Bytes. */
	readonly clusterSize: number;
	/** The highest cluster number plus one. */
	readonly endCluster: number;
	readonly table: Buffer;
	readonly fixedRoot: Buffer;
	/** FAT32's. */
	readonly rootCluster: number;
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

/**
 * Lists a FAT12, FAT16 or FAT32 image.
 *
 * @throws GuestwireError `drive`: broken or hostile
 */
export function readVfat(image: Buffer): DriveContents {
	const volume = parseVolume(image);
	const found = collector();
	const root = volume.bits === 32 ? chain(volume, volume.rootCluster, "the root") : [volume.fixedRoot];
	let label = image.toString("latin1", volume.bits === 32 ? 71 : 43, volume.bits === 32 ? 82 : 54);
	const folders = [{ path: "", pieces: root }];
	for (const { path, pieces } of folders) {
		for (const entry of entriesOf(pieces, volume.bits)) {
			if ((entry.attributes & VOLUME_LABEL) !== 0) label = path === "" ? entry.name : label;
			else if ((entry.attributes & FOLDER) === 0) addFile(volume, found, path, entry);
			else {
				const folder = found.folder(path, entry.name, undefined);
				folders.push({ path: folder, pieces: chain(volume, entry.cluster, quoted(folder)) });
			}
		}
	}
	return found.contents("vfat", label);
}

function parseVolume(image: Buffer): Volume {
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
	return {
		image,
		bits,
		clusterSize: sectorsPerCluster * sectorSize,
		endCluster: clusters + 2,
		table: image.subarray(reserved * sectorSize, (reserved + fatSectors) * sectorSize),
		fixedRoot: image.subarray(
			(firstData - rootSectors) * sectorSize,
			(firstData - rootSectors) * sectorSize + rootEntries * ENTRY,
		),
		rootCluster: bits === 32 ? image.readUInt32LE(44) : 0,
		dataOffset: firstData * sectorSize,
		claimed: new Uint8Array(clusters + 2),
	};
}

/** The runs of clusters of a chain. A cluster is in at most one chain, and once, so no chain is endless. */
function chain(volume: Volume, first: number, what: string): Buffer[] {
	const runs: { start: number; end: number }[] = [];
	const endMark = 2 ** Math.min(volume.bits, 28) - 8;
	for (let cluster = first; cluster < endMark; cluster = nextCluster(volume, cluster)) {
		if (cluster < 2 || cluster >= volume.endCluster) throw unreadable(`${what} continues beyond its end`);
		if (volume.claimed[cluster] === 1) throw unreadable(`${what} overlaps with another chain, or forms a cycle`);
		volume.claimed[cluster] = 1;
		const run = runs.at(-1);
		if (run?.end === cluster) run.end++;
		else runs.push({ start: cluster, end: cluster + 1 });
	}
	const offset = (cluster: number) => volume.dataOffset + (cluster - 2) * volume.clusterSize;
	return runs.map(({ start, end }) => volume.image.subarray(offset(start), offset(end)));
}

function nextCluster({ table, bits }: Volume, cluster: number): number {
	if (bits === 16) return table.readUInt16LE(cluster * 2);
	if (bits === 32) return table.readUInt32LE(cluster * 4) & 0x0fff_ffff;
	const pair = table.readUInt16LE(cluster + (cluster >> 1));
	return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
}

function addFile(volume: Volume, found: Collector, parent: string, { name, cluster, size }: FoundEntry): void {
	const what = quoted(parent === "" ? name : `${parent}/${name}`);
	const pieces = cluster === 0 ? [] : chain(volume, cluster, what);
	const room = pieces.reduce((sum, { length }) => sum + length, 0);
	if (size > room) throw unreadable(`${what} has ${size} bytes and clusters for only ${room}`);
	const [only] = pieces;
	const read = () => (pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)).subarray(0, size);
	found.file(parent, name, undefined, size, once(read));
}
