import type { MetadataTree } from "../../documents/tree.ts";
import { quoted } from "../../printable.ts";
import { type ConfigDrive, LABEL, refusal, roundUp } from "../drive.ts";
import { type DriveFile, type DriveFolder, foldersOf } from "../folders.ts";
import { ROOT_CLUSTER, reservedSectors } from "./boot.ts";
import { ARCHIVE, entryLength, type FatEntry, FOLDER, VOLUME_LABEL, writeEntries } from "./entries.ts";
import {
	clusterOffset,
	clusterSize,
	ENTRY,
	FATS,
	fatOffset,
	type Geometry,
	geometryOf,
	MIB,
	rootOffset,
	SECTOR,
} from "./geometry.ts";
import { type FatName, fatNameFault, fatNames, foldName } from "./names.ts";
import { fileAllocationTable, type Run } from "./table.ts";

/** The number of root entries has 16 bits and fills whole sectors. Other folders can have 16 more entries. */
const MAX_ENTRIES = 65_520;

/** A folder with the FAT names of its entries. */
interface FatDirectory {
	readonly folder: DriveFolder;
	readonly parent: FatDirectory | undefined;
	/** One for each item of `folder.folders`, then one for each item of `folder.files`. */
	readonly names: readonly FatName[];
	/** Bytes of its entries. */
	readonly length: number;
}

type Node = DriveFolder | DriveFile;

/**
 * Lays out a FAT12, FAT16 or FAT32 image with long names. FAT has no modes and owners: the mount decides.
 *
 * @param date of everything in the image
 * @param size bytes, in whole MiB. Default: enough for the content and 1 MiB more
 * @throws GuestwireError `drive`: a path exceeds a limit of FAT, or has no room on the drive
 */
export function layoutVfat(tree: MetadataTree, date: Date, size?: number, label: string = LABEL): ConfigDrive {
	const directories = directoriesOf(foldersOf(tree, fatNameFault));
	const geometry = size === undefined ? roomyGeometry(directories) : geometryFor(directories, size);
	const runs = allocate(directories, geometry);
	const table = fileAllocationTable(geometry.bits, [...runs.values()]);
	const parts = reservedSectors(geometry, date, label, clustersFor(directories, geometry));
	for (let index = 0; index < FATS; index++) parts.push({ offset: fatOffset(geometry, index), bytes: table });
	for (const directory of directories) {
		const bytes = directoryBytes(directory, runs, date, label);
		parts.push({ offset: offsetOf(directory.folder, runs, geometry), bytes });
	}
	for (const [node, run] of runs) {
		if ("bytes" in node) parts.push({ offset: clusterOffset(geometry, run.cluster), bytes: node.bytes });
	}
	return { format: "vfat", size: geometry.sectors * SECTOR, parts };
}

/** Every folder, the root first, each before its subfolders. */
function directoriesOf(root: DriveFolder): FatDirectory[] {
	const directories = [directoryOf(root, undefined)];
	for (const directory of directories) {
		for (const folder of directory.folder.folders) directories.push(directoryOf(folder, directory));
	}
	return directories;
}

function directoryOf(folder: DriveFolder, parent: FatDirectory | undefined): FatDirectory {
	const nodes = [...folder.folders, ...folder.files];
	const seen = new Map<string, string>();
	for (const { name, path } of nodes) {
		const twin = seen.get(foldName(name));
		if (twin !== undefined) throw refusal(path, `FAT does not distinguish its name from ${quoted(twin)}`);
		seen.set(foldName(name), name);
	}
	const names = fatNames(nodes.map(({ name }) => name));
	// The root has the volume label, every other folder "." and "..".
	let length = parent === undefined ? ENTRY : 2 * ENTRY;
	for (const [index, name] of names.entries()) {
		length += entryLength(name.long);
		if (length > MAX_ENTRIES * ENTRY) {
			throw refusal(
				nodes[index]?.path ?? "",
				`a FAT folder can have at most ${MAX_ENTRIES} entries, and a long name takes several`,
			);
		}
	}
	return { folder, parent, names, length };
}

/** What needs clusters, in order: folders, then files. The root of FAT12 and FAT16 has no clusters. */
function* demands(directories: readonly FatDirectory[], bits: number): Generator<readonly [Node, number], void> {
	for (const { folder, parent, length } of directories) if (parent !== undefined || bits === 32) yield [folder, length];
	for (const { folder } of directories) for (const file of folder.files) yield [file, file.bytes.length];
}

function clustersFor(directories: readonly FatDirectory[], geometry: Geometry): number {
	let clusters = 0;
	for (const [, bytes] of demands(directories, geometry.bits)) clusters += Math.ceil(bytes / clusterSize(geometry));
	return clusters;
}

function geometryFor(directories: readonly FatDirectory[], size: number): Geometry {
	return geometryOf(size, (directories[0]?.length ?? 0) / ENTRY);
}

/** The geometry of the smallest size, in whole MiB, with room for the content and 1 MiB more. */
function roomyGeometry(directories: readonly FatDirectory[]): Geometry {
	const content = demands(directories, 32).reduce((sum, [, bytes]) => sum + bytes, 0);
	for (let size = roundUp(content + MIB, MIB); ; size += MIB) {
		const geometry = geometryFor(directories, size);
		if ((geometry.clusters - clustersFor(directories, geometry)) * clusterSize(geometry) >= MIB) return geometry;
	}
}

function allocate(directories: readonly FatDirectory[], geometry: Geometry): Map<Node, Run> {
	const runs = new Map<Node, Run>();
	let next = ROOT_CLUSTER;
	for (const [node, bytes] of demands(directories, geometry.bits)) {
		const count = Math.ceil(bytes / clusterSize(geometry));
		if (next + count > geometry.clusters + 2) {
			throw refusal(node.path, `a VFAT drive of ${(geometry.sectors * SECTOR) / MIB} MiB has no room for it`);
		}
		if (count > 0) runs.set(node, { cluster: next, count });
		next += count;
	}
	return runs;
}

/** The root of FAT12 and FAT16 has no cluster. */
function offsetOf(folder: DriveFolder, runs: ReadonlyMap<Node, Run>, geometry: Geometry): number {
	const run = runs.get(folder);
	return run === undefined ? rootOffset(geometry) : clusterOffset(geometry, run.cluster);
}

function directoryBytes(
	{ folder, parent, names, length }: FatDirectory,
	runs: ReadonlyMap<Node, Run>,
	date: Date,
	label: string,
): Buffer {
	const clusterOf = (node: Node) => runs.get(node)?.cluster ?? 0;
	const relative = (short: string, cluster: number): FatEntry => ({
		short: short.padEnd(11),
		attributes: FOLDER,
		cluster,
		size: 0,
	});
	const nodes = [...folder.folders, ...folder.files].map((node, index): FatEntry => {
		const isFile = "bytes" in node;
		const name = names[index] ?? { short: "" };
		return {
			...name,
			attributes: isFile ? ARCHIVE : FOLDER,
			cluster: clusterOf(node),
			size: isFile ? node.bytes.length : 0,
		};
	});
	const first =
		parent === undefined
			? [{ short: label.padEnd(11), attributes: VOLUME_LABEL, cluster: 0, size: 0 }]
			: // The root is cluster 0 here, also on FAT32.
				[relative(".", clusterOf(folder)), relative("..", parent.parent === undefined ? 0 : clusterOf(parent.folder))];
	const bytes = Buffer.alloc(length);
	writeEntries(bytes, [...first, ...nodes], date);
	return bytes;
}
