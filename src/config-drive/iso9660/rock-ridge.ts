/**
 * Rock Ridge (RRIP 1.09 over SUSP, as genisoimage writes it): real names, modes and owners, in the system use areas of
 * the directory records of the plain name space. Everything belongs to root; files have mode 0444, folders 0555.
 */
import { getOrInsert } from "../../get-or-insert.ts";
import { both32 } from "./fields.ts";

/** A system use area, and the part of it that does not fit into its record. */
export interface SystemUse {
	readonly area: Buffer;
	/** If present, the area ends with the CE entry that must point to it, see `pointTo`. */
	readonly continuation?: Buffer;
}

/** Creates the system use areas of one image. */
export interface RockRidge {
	file(name: string): SystemUse;
	/** @param links the number of links: its own name, its `.` and each subfolder's `..` */
	folder(name: string, links: number): SystemUse;
	/** For `.` and `..`, but not for the root's own `.`. */
	relative(links: number): SystemUse;
	/** For the root's own `.`, which declares the extension. */
	root(links: number): SystemUse;
}

const FILE_MODE = 0o100_444;
const FOLDER_MODE = 0o040_555;

/** RRIP 1.09, 4.1.9: which entries a record has. Mode and times without, and with, a name. */
const UNNAMED = entry("RR", Uint8Array.of(0x81));
const NAMED = entry("RR", Uint8Array.of(0x89));

/** What a record of 254 bytes has left after an identifier of 33 and all other entries. Longer names are continued. */
const MAX_NAME_INSIDE = 121;

const CE_LENGTH = 28;
const DECLARATION = entry("SP", Uint8Array.of(0xbe, 0xef, 0));

/** The standard prescribes these texts. Readers identify the extension and its version by them. */
const EXTENSION_TEXTS = [
	"RRIP_1991A",
	"THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS",
	"PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR " +
		"FOR CONTACT INFORMATION.",
];

/** @param date seven bytes, as in a directory record */
export function rockRidge(date: Buffer): RockRidge {
	// TF: modification, access and attribute change.
	const times = entry("TF", Uint8Array.of(0x0e, ...date, ...date, ...date));
	const fileAttributes = Buffer.concat([mode(FILE_MODE, 1), times]);
	const folderAttributes = memo((links) => Buffer.concat([mode(FOLDER_MODE, links), times]));
	const relative = memo((links) => Buffer.concat([UNNAMED, folderAttributes(links)]));
	return {
		file: (name) => named(name, fileAttributes),
		folder: (name, links) => named(name, folderAttributes(links)),
		relative: (links) => ({ area: relative(links) }),
		root: (links) => continued([DECLARATION, relative(links)], extensionReference()),
	};
}

/** Cached, because most folders have one of a few numbers of links. */
function memo(make: (links: number) => Buffer): (links: number) => Buffer {
	const made = new Map<number, Buffer>();
	return (links) => getOrInsert(made, links, make);
}

/** Completes the CE entry of an area (SUSP, 5.1). */
export function pointTo({ area, continuation }: SystemUse, sector: number, offset: number): void {
	const pointer = area.subarray(-CE_LENGTH);
	both32(pointer, 4, sector);
	both32(pointer, 12, offset);
	both32(pointer, 20, continuation?.length ?? 0);
}

function named(name: string, attributes: Buffer): SystemUse {
	// The flags before the name: it does not continue, and it is not `.` or `..`.
	const nameEntry = entry("NM", Buffer.from(`\0${name}`));
	if (nameEntry.length > MAX_NAME_INSIDE) return continued([NAMED, attributes], nameEntry);
	return { area: Buffer.concat([NAMED, nameEntry, attributes]) };
}

function continued(entries: readonly Buffer[], continuation: Buffer): SystemUse {
	return { area: Buffer.concat([...entries, entry("CE", Buffer.alloc(CE_LENGTH - 4))]), continuation };
}

/** A SUSP entry: signature, length, version 1, data. */
function entry(signature: string, data: Uint8Array): Buffer {
	const bytes = Buffer.allocUnsafe(data.length + 4);
	bytes.write(signature, "latin1");
	bytes[2] = bytes.length;
	bytes[3] = 1;
	bytes.set(data, 4);
	return bytes;
}

/** PX: mode and number of links. Owner and group stay 0, root. */
function mode(bits: number, links: number): Buffer {
	const data = Buffer.alloc(32);
	both32(data, 0, bits);
	both32(data, 8, links);
	return entry("PX", data);
}

function extensionReference(): Buffer {
	const lengths = EXTENSION_TEXTS.map((text) => text.length);
	return entry("ER", Buffer.concat([Uint8Array.of(...lengths, 1), Buffer.from(EXTENSION_TEXTS.join(""))]));
}
