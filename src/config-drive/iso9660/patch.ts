/** Replaces files of an ISO 9660 image in all of its name spaces, and leaves everything else where it is. */
import { getOrInsert } from "../../get-or-insert.ts";
import { quoted } from "../../printable.ts";
import { unpatchable } from "../contents.ts";
import { ALIGNMENT, roundUp } from "../drive.ts";
import { both32, SECTOR } from "./fields.ts";
import { checkPatchable } from "./patchable.ts";
import { type NameSpaceContents, readNameSpace } from "./reader.ts";
import type { DirectoryRecord } from "./records.ts";
import { allNames, descriptorsOf, preferredNames } from "./volumes.ts";

/** Files of an extent that get the same new bytes. */
interface Replacement {
	readonly bytes: Uint8Array;
	readonly paths: string[];
	/** Their records in every name space. */
	readonly records: DirectoryRecord[];
}

/** An extent, and every file that it belongs to. */
interface Extent {
	readonly record: DirectoryRecord;
	readonly paths: readonly string[];
	readonly replacements: readonly Replacement[];
}

type Replacements = ReadonlyMap<string, Uint8Array>;

/**
 * New bytes take the place of the old ones if they need no more sectors and no other file shares the place. Otherwise
 * they go to the end of the image; files with the same array share them there if they shared the old ones. Bytes that
 * no file refers to any more become zeros.
 *
 * @param replacements path → bytes, of files that the image has
 * @throws GuestwireError `drive`: the image can't be read, or the other files would not stay as they are
 */
export function patchIso9660(image: Buffer, replacements: Replacements): Buffer {
	checkPatchable(image);
	const room = [...replacements.values()].reduce((sum, { length }) => sum + roundUp(length, SECTOR), 0);
	const grown = Buffer.alloc(roundUp(roundUp(image.length, SECTOR) + room, ALIGNMENT));
	grown.set(image);
	const copy = grown.subarray(0, image.length);
	const { main, others } = nameSpacesOf(copy);
	const extents = extentsOf(main, replacements);
	for (const extent of extents) for (const other of others) addRecords(other, extent);
	const end = rewrite(grown, image.length, extents);
	const patched = grown.subarray(0, end);
	if (end > image.length) {
		for (const volume of descriptorsOf(patched).volumes) {
			if (end / SECTOR > volume.readUInt32LE(80)) both32(volume, 80, end / SECTOR);
		}
	}
	const changed = extents.flatMap((extent) => extent.replacements.flatMap(({ records }) => records));
	checkOthers(image, patched, new Set(changed.map(({ raw }) => raw.byteOffset - grown.byteOffset)));
	return patched;
}

/** The name space that readers prefer, and those that have other records. */
function nameSpacesOf(image: Buffer): { main: NameSpaceContents; others: NameSpaceContents[] } {
	const descriptors = descriptorsOf(image);
	const preferred = preferredNames(image, descriptors);
	const different = allNames(image, descriptors).filter(({ root }) => root.start !== preferred.root.start);
	return {
		main: readNameSpace(image, descriptors, preferred),
		others: different.map((names) => readNameSpace(image, descriptors, names)),
	};
}

/** Empty files may be anywhere. */
function extentKey({ start, size }: DirectoryRecord): string {
	return size === 0 ? "empty" : `${start} ${size}`;
}

/** The extents of the files to be replaced. */
function extentsOf({ files }: NameSpaceContents, replacements: Replacements): Extent[] {
	const byExtent = Map.groupBy(files, ([, record]) => extentKey(record));
	return [...byExtent.values()].flatMap((sharers) => {
		const [first] = sharers;
		const made = new Map<Uint8Array, Replacement>();
		for (const [path, record] of sharers) {
			const bytes = replacements.get(path);
			if (bytes === undefined) continue;
			if (record.raw[1] !== 0) throw unpatchable(`${quoted(path)} has extended attributes`);
			const replacement = getOrInsert(made, bytes, () => ({ bytes, paths: [], records: [] }));
			replacement.paths.push(path);
			replacement.records.push(record);
		}
		if (first === undefined || made.size === 0) return [];
		return [{ record: first[1], paths: sharers.map(([path]) => path), replacements: [...made.values()] }];
	});
}

/** Adds another name space's records of the same extent to the replacements that they belong to. */
function addRecords({ files }: NameSpaceContents, { record: extent, paths, replacements }: Extent): void {
	const key = extentKey(extent);
	for (const [path, record] of files) {
		if (extentKey(record) !== key) continue;
		const alike = paths.filter((candidate) => comparable(candidate) === comparable(path));
		const [only] = alike.length === 1 ? alike : paths.length === 1 ? paths : [];
		const [replacement] = replacements;
		const isWhole = replacements.length === 1 && replacement?.paths.length === paths.length;
		if (only === undefined && !isWhole) {
			throw unpatchable(`it has several names for the bytes of ${quoted(path)}, and not all of them are replaced`);
		}
		const owner = isWhole ? replacement : replacements.find((candidate) => candidate.paths.includes(only ?? ""));
		owner?.records.push(record);
	}
}

/** A path without what name spaces spell differently. */
function comparable(path: string): string {
	return path.toLowerCase().replace(/[^a-z0-9./]/g, "_");
}

/** @returns the new end of the image */
function rewrite(grown: Buffer, length: number, extents: readonly Extent[]): number {
	let end = length;
	for (const { record, paths, replacements } of extents) {
		const isReleased = paths.every((path) => replacements.some((replacement) => replacement.paths.includes(path)));
		if (isReleased) grown.fill(0, record.start, record.start + record.size);
		for (const { bytes, records } of replacements) {
			const fits = isReleased && replacements.length === 1 && sectors(bytes.length) <= sectors(record.size);
			const stays = fits || bytes.length === 0;
			const start = stays ? record.start : roundUp(end, SECTOR);
			if (!stays) end = start + bytes.length;
			if (bytes.length > 0) grown.set(bytes, start);
			for (const { raw } of records) {
				both32(raw, 2, start / SECTOR);
				both32(raw, 10, bytes.length);
			}
		}
	}
	return end === length ? length : roundUp(end, ALIGNMENT);
}

const sectors = (bytes: number) => Math.ceil(bytes / SECTOR);

/** In a hostile image, a name space could lie on top of another one's files. */
function checkOthers(before: Buffer, after: Buffer, changed: ReadonlySet<number>): void {
	const then = nameSpacesOf(before).others;
	for (const [index, { contents, files }] of nameSpacesOf(after).others.entries()) {
		const original = then[index]?.contents;
		const paths = [...files].filter(([, { raw }]) => !changed.has(raw.byteOffset - after.byteOffset));
		const isSame = paths.every(([path]) => {
			return Buffer.compare(contents.read(path) ?? Buffer.of(), original?.read(path) ?? Buffer.of(0)) === 0;
		});
		if (!isSame || files.size !== then[index]?.files.size) throw unpatchable("its name spaces overlap");
	}
}
