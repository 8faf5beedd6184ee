import { quoted } from "../../printable.ts";
import { type Collector, collector, type DriveContents, once, part, unreadable } from "../contents.ts";
import { SECTOR } from "./fields.ts";
import { type Posix, posixReader, rockRidgeSkip } from "./rock-ridge-reader.ts";

const FIRST_DESCRIPTOR = 16;
const MAX_DESCRIPTORS = 64;
const MAGIC = "CD001";
const PRIMARY = 1;
const SUPPLEMENTARY = 2;
const END = 255;
/** Joliet's three levels of UCS-2. */
const JOLIET_ESCAPES = ["%/@", "%/C", "%/E"];

/** ECMA-119, 9.1.6: flags of a record. */
const FOLDER = 2;
const ASSOCIATED = 4;
const NOT_LAST_EXTENT = 0x80;

/** POSIX's type bits of a mode, and the permission bits. */
const TYPE = 0o170_000;
const REGULAR = 0o100_000;
const DIRECTORY = 0o040_000;
const PERMISSIONS = 0o7777;

/** A directory record (ECMA-119, 9.1). */
interface DirectoryRecord {
	/** First byte, after extended attributes. */
	readonly start: number;
	/** Bytes. */
	readonly size: number;
	readonly flags: number;
	readonly id: Buffer;
	readonly systemUse: Buffer;
}

/** The name space that is read: its root, and how it names a record. */
interface Names {
	readonly root: DirectoryRecord;
	describe(record: DirectoryRecord): Posix & { readonly name: string };
}

/** Bytes that belong to a file or a folder. */
interface Claim {
	readonly start: number;
	readonly end: number;
	readonly path: string;
	readonly shareable: boolean;
}

export function isIso9660(image: Buffer): boolean {
	return image.toString("latin1", FIRST_DESCRIPTOR * SECTOR + 1, FIRST_DESCRIPTOR * SECTOR + 6) === MAGIC;
}

/**
 * Lists an ISO 9660 image, with Rock Ridge names if it has them, else Joliet names, else plain names.
 *
 * @throws GuestwireError `drive`: broken, hostile, or with features that no config drive has (links, relocated folders,
 * files in several extents)
 */
export function readIso9660(image: Buffer): DriveContents {
	const { primary, joliet, end } = descriptors(image);
	const names = namesOf(image, primary, joliet);
	const found = collector();
	const claims: Claim[] = [{ start: 0, end, path: "", shareable: false }];
	const folders = [{ path: "", record: names.root }];
	let folderBytes = 0;
	for (const { path, record } of folders) {
		folderBytes += record.size;
		if (folderBytes > image.length) throw unreadable("its folders contain each other");
		claims.push({ start: record.start, end: record.start + record.size, path, shareable: false });
		const extent = part(image, record.start, record.size, path === "" ? "the root" : quoted(path));
		for (const entry of recordsOf(extent)) {
			const { name, mode } = names.describe(entry);
			checkKind(entry, name, mode);
			const permissions = mode === undefined ? undefined : mode & PERMISSIONS;
			if ((entry.flags & FOLDER) !== 0) {
				folders.push({ path: found.folder(path, name, permissions), record: entry });
			} else {
				claims.push(addFile(image, found, path, name, permissions, entry));
			}
		}
	}
	checkClaims(claims);
	return found.contents("iso9660", primary.toString("latin1", 40, 72));
}

/** The volume descriptors (ECMA-119, 8), and the byte at which their list ends. */
function descriptors(image: Buffer): { primary: Buffer; joliet: Buffer | undefined; end: number } {
	let primary: Buffer | undefined;
	let joliet: Buffer | undefined;
	for (let sector = FIRST_DESCRIPTOR; sector < FIRST_DESCRIPTOR + MAX_DESCRIPTORS; sector++) {
		const descriptor = part(image, sector * SECTOR, SECTOR, "the list of volume descriptors");
		if (descriptor.toString("latin1", 1, 6) !== MAGIC) throw unreadable("a volume descriptor lacks CD001");
		const escapeSequence = descriptor.toString("latin1", 88, 91);
		if (descriptor[0] === PRIMARY) primary ??= descriptor;
		if (descriptor[0] === SUPPLEMENTARY && JOLIET_ESCAPES.includes(escapeSequence)) joliet ??= descriptor;
		if (descriptor[0] !== END) continue;
		if (primary === undefined) break;
		if (primary.readUInt16LE(128) !== SECTOR) throw unreadable(`its blocks do not have ${SECTOR} bytes`);
		return { primary, joliet, end: (sector + 1) * SECTOR };
	}
	throw unreadable("it has no primary volume descriptor, or no descriptor set terminator");
}

function namesOf(image: Buffer, primary: Buffer, joliet: Buffer | undefined): Names {
	const root = rootRecord(primary);
	const [self] = allRecords(part(image, root.start, Math.min(root.size, SECTOR), "the root"));
	const skip = self === undefined ? undefined : rockRidgeSkip(self.systemUse);
	if (skip !== undefined) {
		const readPosix = posixReader(image);
		const describe = (record: DirectoryRecord) => {
			const posix = readPosix(record.systemUse.subarray(skip));
			return { ...posix, name: posix.name ?? plainName(record.id.toString("latin1")) };
		};
		return { root, describe };
	}
	if (joliet === undefined) return { root, describe: ({ id }) => ({ name: plainName(id.toString("latin1")) }) };
	return {
		root: rootRecord(joliet),
		describe: ({ id }) => {
			if (id.length % 2 !== 0) throw unreadable("it has a Joliet name with an odd number of bytes");
			return { name: plainName(Buffer.from(id).swap16().toString("utf16le")) };
		},
	};
}

/** A name without its version, and without the dot before an empty extension. */
function plainName(identifier: string): string {
	return identifier.replace(/;\d*$/, "").replace(/\.$/, "");
}

function rootRecord(descriptor: Buffer): DirectoryRecord {
	return parseRecord(descriptor.subarray(156, 190));
}

/** A folder's records, without `.`, `..` and associated files (Apple's resource forks). */
function recordsOf(extent: Buffer): DirectoryRecord[] {
	const relative = ({ id }: DirectoryRecord) => id.length === 1 && (id[0] === 0 || id[0] === 1);
	return allRecords(extent).filter((record) => !relative(record) && (record.flags & ASSOCIATED) === 0);
}

/** A sector contains whole records, then zeros. */
function allRecords(extent: Buffer): DirectoryRecord[] {
	const records: DirectoryRecord[] = [];
	for (let sector = 0; sector < extent.length; sector += SECTOR) {
		const bytes = extent.subarray(sector, sector + SECTOR);
		for (let offset = 0; offset < bytes.length && bytes[offset] !== 0; offset += bytes[offset] ?? 0) {
			records.push(parseRecord(part(bytes, offset, bytes[offset] ?? 0, "a directory record")));
		}
	}
	return records;
}

function parseRecord(record: Buffer): DirectoryRecord {
	const idLength = record[32] ?? 0;
	if (record.length < 34 || 33 + idLength > record.length || idLength === 0) {
		throw unreadable("it has a directory record that is too short");
	}
	const attributes = record[1] ?? 0;
	return {
		start: (record.readUInt32LE(2) + attributes) * SECTOR,
		size: record.readUInt32LE(10),
		flags: record[25] ?? 0,
		id: record.subarray(33, 33 + idLength),
		systemUse: record.subarray(33 + idLength + (1 - (idLength % 2))),
	};
}

function checkKind(record: DirectoryRecord, name: string, mode: number | undefined): void {
	const where = quoted(name);
	if ((record.flags & NOT_LAST_EXTENT) !== 0) throw unreadable(`${where} has several extents`);
	const type = (record.flags & FOLDER) !== 0 ? DIRECTORY : REGULAR;
	if (mode !== undefined && (mode & TYPE) !== type) throw unreadable(`${where} is neither a file nor a folder`);
}

function addFile(
	image: Buffer,
	found: Collector,
	parent: string,
	name: string,
	mode: number | undefined,
	{ start, size }: DirectoryRecord,
): Claim {
	const path = parent === "" ? name : `${parent}/${name}`;
	const bytes = size === 0 ? Buffer.alloc(0) : part(image, start, size, quoted(path));
	found.file(
		parent,
		name,
		mode,
		size,
		once(() => new Uint8Array(bytes.buffer, bytes.byteOffset, size)),
	);
	return { start, end: start + size, path, shareable: true };
}

/** Two files may share all their bytes, like hard links, but not some of them. */
function checkClaims(claims: Claim[]): void {
	claims.sort((a, b) => a.start - b.start || a.end - b.end);
	let last: Claim | undefined;
	for (const claim of claims) {
		if (claim.start === claim.end) continue;
		const shared = claim.shareable && last?.shareable === true && claim.start === last.start && claim.end === last.end;
		if (last !== undefined && claim.start < last.end && !shared) {
			throw unreadable(`${quoted(claim.path)} and ${quoted(last.path)} overlap`);
		}
		last = claim;
	}
}
