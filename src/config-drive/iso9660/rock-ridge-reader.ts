import { quoted } from "../../printable.ts";
import { part, unreadable } from "../contents.ts";
import { SECTOR } from "./fields.ts";

/** What the system use area of a record says. */
export interface Posix {
	readonly name?: string;
	/** Type and permission bits. */
	readonly mode?: number;
}

/** NM's flags for `.` and `..`: the entry has no name. */
const RELATIVE = 2 | 4;
/** Bytes. Linux has a limit of 255. A name in several entries could be as long as the image. */
const MAX_NAME = 1024;

/**
 * The number of bytes to skip in each system use area, from the root's own record; undefined if the image has no Rock
 * Ridge (SUSP, 5.3).
 */
export function rockRidgeSkip(rootArea: Buffer): number | undefined {
	const declared = rootArea.length >= 7 && signatureOf(rootArea) === "SP" && rootArea.readUInt16BE(4) === 0xbeef;
	return declared ? rootArea[6] : undefined;
}

/**
 * Reads system use areas and their continuation areas (SUSP, 5.1). All continuations together must not be longer than
 * the image: a hostile image could make a reader read the same bytes forever.
 */
export function posixReader(image: Buffer): (area: Buffer) => Posix {
	let left = image.length;
	return (area) => {
		const name: Buffer[] = [];
		let nameLength = 0;
		let mode: number | undefined;
		let next: Buffer | undefined = area;
		while (next !== undefined) {
			const entries = systemUseEntries(next);
			next = undefined;
			for (const entry of entries) {
				const signature = signatureOf(entry);
				if (signature === "CL") throw unreadable("it has relocated folders");
				if (signature === "ZF") throw unreadable("it has compressed files (zisofs)");
				if (signature === "CE" && entry.length >= 28) next = continuation(image, entry);
				if (signature === "PX" && entry.length >= 12) mode = entry.readUInt32LE(4);
				if (!isName(signature, entry)) continue;
				name.push(entry.subarray(5));
				nameLength += entry.length - 5;
				if (nameLength > MAX_NAME) throw unreadable(`it has a name of more than ${MAX_NAME} bytes`);
			}
			left -= next?.length ?? 0;
			if (left < 0) throw unreadable("its records continue forever");
		}
		return { ...(name.length > 0 && { name: utf8(Buffer.concat(name)) }), ...(mode !== undefined && { mode }) };
	};
}

function isName(signature: string, entry: Buffer): boolean {
	return signature === "NM" && entry.length > 5 && ((entry[4] ?? 0) & RELATIVE) === 0;
}

function signatureOf(entry: Buffer): string {
	return entry.toString("latin1", 0, 2);
}

/** The entries of an area, up to the first invalid one. */
function systemUseEntries(area: Buffer): Buffer[] {
	const entries: Buffer[] = [];
	for (let offset = 0; offset + 4 <= area.length; ) {
		const length = area[offset + 2] ?? 0;
		if (length < 4 || offset + length > area.length) break;
		entries.push(area.subarray(offset, offset + length));
		offset += length;
	}
	return entries;
}

function continuation(image: Buffer, entry: Buffer): Buffer {
	const length = entry.readUInt32LE(20);
	if (length > SECTOR) throw unreadable("it has a record that continues for more than a sector");
	return part(image, entry.readUInt32LE(4) * SECTOR + entry.readUInt32LE(12), length, "the continuation of a record");
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(bytes: Buffer): string {
	try {
		return decoder.decode(bytes);
	} catch {
		throw unreadable(`it has a name that is not UTF-8: ${quoted(bytes.toString("latin1"))}`);
	}
}
