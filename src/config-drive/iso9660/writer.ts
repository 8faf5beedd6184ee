import type { MetadataTree } from "../../documents/tree.ts";
import { ALIGNMENT, type ConfigDrive, type ImagePart, LABEL, roundUp } from "../drive.ts";
import { type DriveFile, type DriveFolder, foldersOf } from "../folders.ts";
import { sameBytes } from "../same-bytes.ts";
import { DESCRIPTORS, FIRST_DESCRIPTOR, writeEndDescriptor, writeVolumeDescriptor } from "./descriptors.ts";
import {
	type Directory,
	directoriesOf,
	type Extent,
	type NameSpace,
	pathTableSize,
	writeDirectory,
	writePathTables,
} from "./directories.ts";
import { recordDate, SECTOR } from "./fields.ts";
import { pointTo, rockRidge } from "./rock-ridge.ts";
import { checkPlainLimits, jolietNameFault, jolietSpace, plainSpace } from "./spaces.ts";

/** Allocates the sectors for a number of bytes, and returns the first. */
type Take = (bytes: number) => number;

/** The layout of a name space: its folders, and the first sectors of its parts. */
interface NameSpaceLayout {
	readonly directories: readonly Directory[];
	readonly pathTableSize: number;
	readonly littlePathTable: number;
	readonly bigPathTable: number;
	readonly extents: ReadonlyMap<DriveFolder, Extent>;
	readonly continuations: readonly Continuation[];
}

/** The continuations of the folder's records. */
interface Continuation {
	readonly sector: number;
	readonly offset: number;
	readonly bytes: Buffer;
}

/**
 * Lays out an ISO 9660 image with Rock Ridge and Joliet, like the ones that Nova makes with genisoimage
 * (`-ldots -allow-lowercase -allow-multidot -l -J -r -V config-2`). Files with equal bytes share them.
 *
 * @param date of everything in the image
 * @throws GuestwireError `drive`: a path exceeds a limit of ISO 9660 or Joliet
 */
export function layoutIso9660(tree: MetadataTree, date: Date, publisher: string, label: string = LABEL): ConfigDrive {
	const root = foldersOf(tree, jolietNameFault);
	const stamp = recordDate(date);
	const take = sectorsFrom(FIRST_DESCRIPTOR + DESCRIPTORS);
	const plain = layoutNameSpace(root, plainSpace(rockRidge(stamp)), take);
	checkPlainLimits(plain.directories);
	const joliet = layoutNameSpace(root, jolietSpace, take);
	const firstFile = take(0);
	const { sectorOf, parts } = placeFiles(plain.directories, take);
	const size = roundUp(take(0) * SECTOR, ALIGNMENT);

	const head = Buffer.alloc((firstFile - FIRST_DESCRIPTOR) * SECTOR);
	const at = (sector: number) => head.subarray((sector - FIRST_DESCRIPTOR) * SECTOR);
	for (const volume of [plain, joliet]) {
		const folderExtent = (folder: DriveFolder): Extent => volume.extents.get(folder) ?? { sector: 0, size: 0 };
		const extentOf = (node: DriveFolder | DriveFile): Extent =>
			"folders" in node ? folderExtent(node) : { sector: sectorOf(node), size: node.bytes.length };
		const isJoliet = volume === joliet;
		const rest = { joliet: isJoliet, sectors: size / SECTOR, root: folderExtent(root), stamp, label, publisher, date };
		writeVolumeDescriptor(at(FIRST_DESCRIPTOR + Number(isJoliet)), { ...volume, ...rest });
		writePathTables(at(volume.littlePathTable), at(volume.bigPathTable), volume.directories, folderExtent);
		for (const directory of volume.directories) {
			writeDirectory(at(folderExtent(directory.folder).sector), directory, stamp, extentOf);
		}
		for (const { sector, offset, bytes } of volume.continuations) at(sector).set(bytes, offset);
	}
	writeEndDescriptor(at(FIRST_DESCRIPTOR + DESCRIPTORS - 1));
	return { format: "iso9660", size, parts: [{ offset: FIRST_DESCRIPTOR * SECTOR, bytes: head }, ...parts] };
}

function sectorsFrom(first: number): Take {
	let next = first;
	return (bytes) => {
		const taken = next;
		next += Math.ceil(bytes / SECTOR);
		return taken;
	};
}

function layoutNameSpace(root: DriveFolder, space: NameSpace, take: Take): NameSpaceLayout {
	const directories = directoriesOf(root, space);
	const tableSize = pathTableSize(directories);
	const littlePathTable = take(tableSize);
	const bigPathTable = take(tableSize);
	const extents = new Map<DriveFolder, Extent>();
	const continuations: Continuation[] = [];
	for (const { folder, size, entries } of directories) {
		extents.set(folder, { sector: take(size), size });
		for (const continuation of placeContinuations(entries, take)) continuations.push(continuation);
	}
	return { directories, pathTableSize: tableSize, littlePathTable, bigPathTable, extents, continuations };
}

/**
 * Continuations come right after the folder's extent, where libarchive's bsdtar looks for them (cloudbase-init reads
 * drives with it). None crosses the end of a sector.
 */
function placeContinuations(entries: Directory["entries"], take: Take): Continuation[] {
	const continuations: Continuation[] = [];
	let sector = 0;
	let end = SECTOR;
	for (const { systemUse } of entries) {
		const bytes = systemUse.continuation;
		if (bytes === undefined) continue;
		if (end + bytes.length > SECTOR) {
			sector = take(SECTOR);
			end = 0;
		}
		continuations.push({ sector, offset: end, bytes });
		pointTo(systemUse, sector, end);
		end += bytes.length;
	}
	return continuations;
}

/** The location of each file's bytes, and the bytes, without repeats, in folder order. Empty files have no location. */
function placeFiles(
	directories: readonly Directory[],
	take: Take,
): { sectorOf: (file: DriveFile) => number; parts: ImagePart[] } {
	const contents = directories.flatMap(({ folder }) => folder.files.map(({ bytes }) => bytes));
	const first = sameBytes(contents);
	const sectors = new Map<Uint8Array, number>();
	const parts: ImagePart[] = [];
	for (const bytes of first.values()) {
		if (bytes.length === 0 || sectors.has(bytes)) continue;
		const sector = take(bytes.length);
		sectors.set(bytes, sector);
		parts.push({ offset: sector * SECTOR, bytes });
	}
	return { sectorOf: ({ bytes }) => sectors.get(first.get(bytes) ?? bytes) ?? 0, parts };
}
