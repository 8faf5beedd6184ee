/** The volume descriptors of an image (ECMA-119, 8), and the name space of each. */
import { part, unreadable } from "../contents.ts";
import { FIRST_DESCRIPTOR, IDENTIFIER, PRIMARY, SUPPLEMENTARY, TERMINATOR } from "./descriptors.ts";
import { SECTOR } from "./fields.ts";
import { allRecords, type DirectoryRecord, plainName, rootRecord } from "./records.ts";
import { type Posix, posixReader, rockRidgeSkip } from "./rock-ridge-reader.ts";

const MAX_DESCRIPTORS = 64;
/** Joliet's three levels of UCS-2. */
const JOLIET_ESCAPES = ["%/@", "%/C", "%/E"];

/** A name space: its root, and how it names a record. */
export interface Names {
	readonly root: DirectoryRecord;
	describe(record: DirectoryRecord): Posix & { readonly name: string };
}

export interface Descriptors {
	/** The first primary descriptor, which has the label. */
	readonly primary: Buffer;
	/** Every descriptor that has a name space: primary and supplementary ones. */
	readonly volumes: readonly Buffer[];
	/** The byte at which their list ends. */
	readonly end: number;
}

export function isIso9660(image: Buffer): boolean {
	return image.toString("latin1", FIRST_DESCRIPTOR * SECTOR + 1, FIRST_DESCRIPTOR * SECTOR + 6) === IDENTIFIER;
}

export function descriptorsOf(image: Buffer): Descriptors {
	const volumes: Buffer[] = [];
	for (let sector = FIRST_DESCRIPTOR; sector < FIRST_DESCRIPTOR + MAX_DESCRIPTORS; sector++) {
		const descriptor = part(image, sector * SECTOR, SECTOR, "the list of volume descriptors");
		if (descriptor.toString("latin1", 1, 6) !== IDENTIFIER) throw unreadable("a volume descriptor lacks CD001");
		if (descriptor[0] === PRIMARY || descriptor[0] === SUPPLEMENTARY) volumes.push(descriptor);
		if (descriptor[0] !== TERMINATOR) continue;
		const primary = volumes.find((volume) => volume[0] === PRIMARY);
		if (primary === undefined) break;
		if (primary.readUInt16LE(128) !== SECTOR) throw unreadable(`its blocks do not have ${SECTOR} bytes`);
		return { primary, volumes, end: (sector + 1) * SECTOR };
	}
	throw unreadable("it has no primary volume descriptor, or no descriptor set terminator");
}

/** The name space that readers prefer: Rock Ridge's names if there are any, else Joliet's, else plain ones. */
export function preferredNames(image: Buffer, { primary, volumes }: Descriptors): Names {
	const joliet = volumes.find(isJoliet);
	return rockRidgeNames(image, primary) ?? (joliet ? jolietNames(joliet) : plainNames(primary));
}

/** The name space of every descriptor. Plain names and Rock Ridge's are in the same records. */
export function allNames(image: Buffer, { volumes }: Descriptors): Names[] {
	return volumes.map((volume) => {
		if (isJoliet(volume)) return jolietNames(volume);
		return rockRidgeNames(image, volume) ?? plainNames(volume);
	});
}

function isJoliet(descriptor: Buffer): boolean {
	return descriptor[0] === SUPPLEMENTARY && JOLIET_ESCAPES.includes(descriptor.toString("latin1", 88, 91));
}

function rockRidgeNames(image: Buffer, descriptor: Buffer): Names | undefined {
	const root = rootRecord(descriptor);
	const [self] = allRecords(part(image, root.start, Math.min(root.size, SECTOR), "the root"));
	const skip = self === undefined ? undefined : rockRidgeSkip(self.systemUse);
	if (skip === undefined) return undefined;
	const readPosix = posixReader(image);
	return {
		root,
		describe(record) {
			const posix = readPosix(record.systemUse.subarray(skip));
			return { ...posix, name: posix.name ?? plainName(record.id.toString("latin1")) };
		},
	};
}

function jolietNames(descriptor: Buffer): Names {
	return {
		root: rootRecord(descriptor),
		describe({ id }) {
			if (id.length % 2 !== 0) throw unreadable("it has a Joliet name with an odd number of bytes");
			return { name: plainName(Buffer.from(id).swap16().toString("utf16le")) };
		},
	};
}

function plainNames(descriptor: Buffer): Names {
	return {
		root: rootRecord(descriptor),
		describe: ({ id }) => ({ name: plainName(id.toString("latin1")) }),
	};
}
