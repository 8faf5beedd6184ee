/** Replaces files of a FAT image. Names, times and attributes stay as they are. */
import { quoted } from "../../printable.ts";
import { unpatchable } from "../contents.ts";
import { type FoundFile, readVolume } from "./reader.ts";
import { bytesOf, nextCluster, setNextCluster, type Volume } from "./volume.ts";

/** The sector of FAT32's free cluster count, its signatures and the count (fatgen103, "FSInfo Sector Structure"). */
const INFO = { pointer: 48, count: 488, unknown: 0xffff_ffff } as const;
const INFO_SIGNATURES = [
	[0, "RRaA"],
	[484, "rrAa"],
] as const;

/**
 * A file keeps its first clusters. Clusters that it no longer needs are freed and become zeros; others are taken from
 * the free ones. The image keeps its size.
 *
 * @param replacements path → bytes, of files that the image has
 * @throws GuestwireError `drive`: the image can't be read, or has no room
 */
export function patchVfat(image: Buffer, replacements: ReadonlyMap<string, Uint8Array>): Buffer {
	const copy = Buffer.from(image);
	const { volume, files } = readVolume(copy);
	const targets = [...replacements].flatMap(([path, bytes]) => {
		const file = files.get(path);
		return file === undefined ? [] : [{ path, bytes, file, clusters: clustersOf(file) }];
	});
	const clustersFor = (bytes: Uint8Array) => Math.ceil(bytes.length / volume.clusterSize);
	let freed = 0;
	for (const { bytes, clusters } of targets) freed += release(volume, clusters, clustersFor(bytes));
	const free = freeClusters(volume);
	for (const { path, bytes, file, clusters } of targets) {
		while (clusters.length < clustersFor(bytes)) {
			const { value: cluster } = free.next();
			if (cluster === undefined) throw unpatchable(`it has no room for the ${bytes.length} bytes of ${quoted(path)}`);
			clusters.push(cluster);
			freed--;
		}
		write(volume, file, clusters, bytes);
	}
	countFree(volume, freed);
	return copy;
}

function clustersOf({ runs }: FoundFile): number[] {
	return runs.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index));
}

/** Frees all clusters but the first `kept`. @returns their number */
function release(volume: Volume, clusters: number[], kept: number): number {
	const released = clusters.splice(kept);
	for (const cluster of released) {
		bytesOf(volume, { start: cluster, end: cluster + 1 }).fill(0);
		setNextCluster(volume, cluster, 0);
		volume.claimed[cluster] = 0;
	}
	return released.length;
}

function* freeClusters(volume: Volume): Generator<number, undefined> {
	for (let cluster = 2; cluster < volume.endCluster; cluster++) {
		if (volume.claimed[cluster] === 0 && nextCluster(volume, cluster) === 0) yield cluster;
	}
	return undefined;
}

function write(volume: Volume, { entry }: FoundFile, clusters: readonly number[], bytes: Uint8Array): void {
	const { clusterSize, bits } = volume;
	for (const [index, cluster] of clusters.entries()) {
		setNextCluster(volume, cluster, clusters[index + 1] ?? 0x0fff_ffff);
		const target = bytesOf(volume, { start: cluster, end: cluster + 1 });
		target.fill(0);
		target.set(bytes.subarray(index * clusterSize, (index + 1) * clusterSize));
	}
	const first = clusters[0] ?? 0;
	if (bits === 32) entry.raw.writeUInt16LE(first >>> 16, 20);
	entry.raw.writeUInt16LE(first & 0xffff, 26);
	entry.raw.writeUInt32LE(bytes.length, 28);
}

/** FAT32 counts its free clusters. */
function countFree({ bits, reserved, sectorSize }: Volume, freed: number): void {
	if (bits !== 32) return;
	const sector = reserved.readUInt16LE(INFO.pointer);
	const info = reserved.subarray(sector * sectorSize, (sector + 1) * sectorSize);
	if (sector === 0 || INFO_SIGNATURES.some(([offset, text]) => info.toString("latin1", offset, offset + 4) !== text)) {
		return;
	}
	const count = info.readUInt32LE(INFO.count);
	if (count !== INFO.unknown) info.writeUInt32LE(Math.max(0, count + freed), INFO.count);
}
