/**
 * Rock Ridge (RRIP 1.09 over SUSP, as genisoimage writes it): real names, modes and owners, in the system use area of
 * the plain tree's directory records. Everything belongs to root; files are 0444, folders 0555.
 */
import { both32 } from "./iso9660-fields.ts";

/** Bytes that stand outside a record, and the record's CE entry: complete but for their place. */
export interface Continuation {
	readonly bytes: Buffer;
	readonly pointer: Buffer;
}

/** Makes the system use areas of one image. */
export interface RockRidge {
	file(name: string): Buffer;
	/** @param links its own name, its `.` and each subfolder's `..` */
	folder(name: string, links: number): Buffer;
	/** For `.` and `..`, but not for the root's own `.`. */
	relative(links: number): Buffer;
	/** For the root's own `.`: it declares the extension. */
	root(links: number): Buffer;
	/** What the areas made so far have elsewhere. */
	readonly continuations: readonly Continuation[];
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
	const continuations: Continuation[] = [];
	// TF: times of change, of access and of the attributes' change.
	const times = entry("TF", [0x0e, ...date, ...date, ...date]);
	const fileAttributes = Buffer.concat([mode(FILE_MODE, 1), times]);
	const relative = (links: number) =>
		Buffer.concat([entry("RR", [HAS_MODE_AND_TIMES]), mode(FOLDER_MODE, links), times]);
	const continued = (area: Buffer, bytes: Buffer): Buffer => {
		const whole = Buffer.concat([area, entry("CE", Buffer.alloc(CE_LENGTH - 4))]);
		const pointer = whole.subarray(area.length);
		both32(pointer, 20, bytes.length);
		continuations.push({ bytes, pointer });
		return whole;
	};
	const named = (name: string, attributes: Buffer): Buffer => {
		const text = Buffer.from(name);
		const flags = entry("RR", [HAS_MODE_AND_TIMES | HAS_NAME]);
		const nameEntry = entry("NM", [0, ...text]);
		if (text.length <= MAX_NAME_INSIDE) return Buffer.concat([flags, nameEntry, attributes]);
		return continued(Buffer.concat([flags, attributes]), nameEntry);
	};
	return {
		continuations,
		file: (name) => named(name, fileAttributes),
		folder: (name, links) => named(name, Buffer.concat([mode(FOLDER_MODE, links), times])),
		relative,
		root: (links) => continued(Buffer.concat([DECLARATION, relative(links)]), extensionReference()),
	};
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
