/**
 * Rock Ridge (RRIP 1.09 over SUSP, as genisoimage writes it): real names, modes and owners, in the system use area of
 * the plain tree's directory records. Everything belongs to root; files are 0444, folders 0555.
 */
import { both32 } from "./iso9660-fields.ts";

/** A system use area, and what of it has no room in its record. */
export interface SystemUse {
	readonly area: Buffer;
	/** Where there is such: the area ends with the CE entry that has to tell its place, see `pointTo`. */
	readonly continuation?: Buffer;
}

/** Makes the system use areas of one image. */
export interface RockRidge {
	file(name: string): SystemUse;
	/** @param links its own name, its `.` and each subfolder's `..` */
	folder(name: string, links: number): SystemUse;
	/** For `.` and `..`, but not for the root's own `.`. */
	relative(links: number): SystemUse;
	/** For the root's own `.`: it declares the extension. */
	root(links: number): SystemUse;
}

const FILE_MODE = 0o100_444;
const FOLDER_MODE = 0o040_555;

/** RRIP 1.09, 4.1.9 (RR): which entries a record has. */
const HAS_MODE_AND_TIMES = 0x81;
const HAS_NAME = 0x08;

/** A record has 254 bytes; with a plain name of 33 and all else, so many are left. Longer names stand elsewhere. */
const MAX_NAME_INSIDE = 116;

const CE_LENGTH = 28;
const DECLARATION = entry("SP", [0xbe, 0xef, 0]);

/** By these texts, which the standard prescribes, a reader knows the extension and its version. */
const EXTENSION_TEXTS = [
	"RRIP_1991A",
	"THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS",
	"PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR " +
		"FOR CONTACT INFORMATION.",
];

/** @param date seven bytes, as in a directory record */
export function rockRidge(date: Buffer): RockRidge {
	// TF: times of change, of access and of the attributes' change.
	const times = entry("TF", [0x0e, ...date, ...date, ...date]);
	const fileAttributes = Buffer.concat([mode(FILE_MODE, 1), times]);
	const folderAttributes = (links: number) => Buffer.concat([mode(FOLDER_MODE, links), times]);
	const relative = (links: number) => Buffer.concat([entry("RR", [HAS_MODE_AND_TIMES]), folderAttributes(links)]);
	return {
		file: (name) => named(name, fileAttributes),
		folder: (name, links) => named(name, folderAttributes(links)),
		relative: (links) => ({ area: relative(links) }),
		root: (links) => continued([DECLARATION, relative(links)], extensionReference()),
	};
}

/** Completes an area's CE entry (SUSP, 5.1). */
export function pointTo({ area, continuation }: SystemUse, sector: number, offset: number): void {
	const pointer = area.subarray(-CE_LENGTH);
	both32(pointer, 4, sector);
	both32(pointer, 12, offset);
	both32(pointer, 20, continuation?.length ?? 0);
}

function named(name: string, attributes: Buffer): SystemUse {
	const text = Buffer.from(name);
	const flags = entry("RR", [HAS_MODE_AND_TIMES | HAS_NAME]);
	const nameEntry = entry("NM", [0, ...text]);
	if (text.length <= MAX_NAME_INSIDE) return { area: Buffer.concat([flags, nameEntry, attributes]) };
	return continued([flags, attributes], nameEntry);
}

function continued(entries: readonly Buffer[], continuation: Buffer): SystemUse {
	return { area: Buffer.concat([...entries, entry("CE", Buffer.alloc(CE_LENGTH - 4))]), continuation };
}

/** An entry of the sharing protocol: signature, length, version 1, data. */
function entry(signature: string, data: Iterable<number> & { length: number }): Buffer {
	return Buffer.from([...Buffer.from(signature), data.length + 4, 1, ...data]);
}

/** PX: mode and links; owner and group stay 0, root. */
function mode(bits: number, links: number): Buffer {
	const data = Buffer.alloc(32);
	both32(data, 0, bits);
	both32(data, 8, links);
	return entry("PX", data);
}

function extensionReference(): Buffer {
	const lengths = EXTENSION_TEXTS.map((text) => text.length);
	return entry("ER", [...lengths, 1, ...Buffer.from(EXTENSION_TEXTS.join(""))]);
}
