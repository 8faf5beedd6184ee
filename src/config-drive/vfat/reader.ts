import { quoted } from "../../printable.ts";
import { type Collector, collector, type DriveContents, unreadable } from "../contents.ts";
import { FOLDER, VOLUME_LABEL } from "./entries.ts";
import { entriesOf, type FoundEntry } from "./entries-reader.ts";
import { bytesOf, type ClusterRun, chain, parseVolume, type Volume } from "./volume.ts";

/** A file's entry and its clusters. */
export interface FoundFile {
	readonly entry: FoundEntry;
	readonly runs: readonly ClusterRun[];
}

/** A volume that was read. */
interface VolumeContents {
	readonly volume: Volume;
	readonly contents: DriveContents;
	/** By path. */
	readonly files: ReadonlyMap<string, FoundFile>;
}

/**
 * Lists a FAT12, FAT16 or FAT32 image.
 *
 * @throws GuestwireError `drive`: broken or hostile
 */
export function readVfat(image: Buffer): DriveContents {
	return readVolume(image).contents;
}

/** As `readVfat`, with what is needed to change the volume. */
export function readVolume(image: Buffer): VolumeContents {
	const volume = parseVolume(image);
	const found = collector();
	const files = new Map<string, FoundFile>();
	const pieces = (cluster: number, what: string) => chain(volume, cluster, what).map((run) => bytesOf(volume, run));
	const root = volume.bits === 32 ? pieces(volume.rootCluster, "the root") : [volume.fixedRoot];
	let label = image.toString("latin1", volume.bits === 32 ? 71 : 43, volume.bits === 32 ? 82 : 54);
	const folders = [{ path: "", pieces: root }];
	for (const folder of folders) {
		for (const entry of entriesOf(folder.pieces, volume.bits)) {
			const path = folder.path === "" ? entry.name : `${folder.path}/${entry.name}`;
			if ((entry.attributes & VOLUME_LABEL) !== 0) label = folder.path === "" ? entry.name : label;
			else if ((entry.attributes & FOLDER) === 0) {
				files.set(path, { entry, runs: addFile(volume, found, folder.path, path, entry) });
			} else {
				found.folder(folder.path, entry.name, undefined);
				folders.push({ path, pieces: pieces(entry.cluster, quoted(path)) });
			}
		}
	}
	return { volume, contents: found.contents("vfat", label), files };
}

function addFile(
	volume: Volume,
	found: Collector,
	parent: string,
	path: string,
	{ name, cluster, size }: FoundEntry,
): ClusterRun[] {
	const what = quoted(path);
	const runs = cluster === 0 ? [] : chain(volume, cluster, what);
	const pieces = runs.map((run) => bytesOf(volume, run));
	const room = pieces.reduce((sum, { length }) => sum + length, 0);
	if (size > room) throw unreadable(`${what} has ${size} bytes and clusters for only ${room}`);
	const [only] = pieces;
	const read = () => (pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)).subarray(0, size);
	found.file(parent, name, undefined, size, read);
	return runs;
}
