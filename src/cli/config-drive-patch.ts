import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
	type DriveContents,
	type DriveEncoding,
	decodeConfigDrive,
	encodeConfigDrive,
	encodingOf,
	filesNamed,
	patchConfigDrive,
	readConfigDrive,
} from "../config-drive/index.ts";
import type { MetadataTree } from "../documents/tree.ts";
import { GuestwireError } from "../errors.ts";
import { quoted } from "../printable.ts";
import { checkByValue, forRequest } from "./drive-by-value.ts";
import { checkOutput, readDriveFile, writeImage } from "./drive-files.ts";
import { type CommonOptions, type Io, printResult } from "./frame.ts";

/** A file of the drive and the file with its new bytes. */
export interface Replace {
	/** A name, for every version folder, or a path. */
	readonly name: string;
	readonly file: string;
}

export interface PatchOptions extends CommonOptions {
	/** The drive; `-` is standard input. */
	readonly patch: string;
	readonly replace?: readonly Replace[];
	readonly output?: string;
	readonly force?: boolean;
	/** Default: that of the drive. */
	readonly encoding?: DriveEncoding;
}

/** Parses `PATH=FILE`. */
export function replaceOption(text: string, before: readonly Replace[] = []): Replace[] {
	const [, name, file] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
	if (name !== undefined && file !== undefined) return [...before, { name: name.replace(/^\/+/, ""), file }];
	throw new GuestwireError("usage", `--replace must be PATH=FILE, such as user_data=new.sh, not ${quoted(text)}`);
}

/**
 * Writes a drive with some of its files replaced: those of an instance's network, and those that `--replace` names.
 *
 * @param drive the tree of the instance's drive, if one is named
 */
export async function patchDrive(
	options: PatchOptions,
	drive: (() => Promise<MetadataTree>) | undefined,
	io: Io,
): Promise<void> {
	const { patch, replace = [], force } = options;
	const output = options.output ?? (patch === "-" ? "-" : undefined);
	if (output === undefined) {
		throw new GuestwireError("usage", "missing output: give -o FILE, or the drive's own name and --force");
	}
	if (drive === undefined && replace.length === 0) {
		throw new GuestwireError("usage", "nothing to replace: give an instance, or --replace PATH=FILE");
	}
	if ([patch, ...replace.map(({ file }) => file)].filter((name) => name === "-").length > 1) {
		throw new GuestwireError("usage", "standard input can be read only once: name a file");
	}
	const file = await readDriveFile(patch, io.stdin);
	const image = decodeConfigDrive(file);
	const contents = readConfigDrive(image);
	const encoding = options.encoding ?? encodingOf(file);
	checkByValue(contents.format, encoding);
	checkOutput(output, encoding, io);
	const replacements = new Map(drive && networkFiles(contents, await drive()));
	for (const one of replace) {
		const paths = pathsOf(contents, one.name);
		const bytes = await newBytes(one, io);
		for (const path of paths) replacements.set(path, bytes);
	}
	const chunks = forRequest(encodeConfigDrive(patchConfigDrive(image, replacements), encoding), encoding);
	if (output === "-") {
		await pipeline(Readable.from(chunks), io.stdout, { end: false });
		return;
	}
	const bytes = await writeImage(output, chunks, force === true, io.stopSignal());
	const replaced = [...replacements.keys()].sort();
	printResult(io, options, { file: output, bytes, replaced }, () => [...replaced, `${bytes}  ${output}`].join("\n"));
}

const NETWORK_DATA = "network_data.json";
/** In the form of OpenStack's blueprint. */
const NETWORK_PORTS = "metadata/network_data";

/** The drive's network documents with the instance's new bytes. An unknown version folder gets those of the newest. */
function networkFiles(contents: DriveContents, drive: MetadataTree): Map<string, Uint8Array> {
	const ports = [...contents.paths()].filter((path) => path.endsWith(`/${NETWORK_PORTS}`));
	return new Map(
		[...pathsOf(contents, NETWORK_DATA), ...ports].map((path) => {
			const bytes = drive.read(path) ?? drive.read(path.replace(/^openstack\/[^/]+/, "openstack/latest"));
			if (bytes !== undefined) return [path, bytes];
			throw new GuestwireError("drive", `the instance has no ${quoted(path)}: check that it has ports`);
		}),
	);
}

function pathsOf(contents: DriveContents, name: string): string[] {
	const paths = filesNamed(contents, name);
	if (paths.length > 0) return paths;
	throw new GuestwireError("drive", `the drive has no ${quoted(name)}: list its files with --read`);
}

/** A JSON document that is not JSON would make every client ignore the drive. */
async function newBytes({ name, file }: Replace, io: Io): Promise<Uint8Array> {
	const bytes = await readDriveFile(file, io.stdin);
	if (!name.endsWith(".json")) return bytes;
	try {
		JSON.parse(bytes.toString());
		return bytes;
	} catch {
		throw new GuestwireError("document", `${file} is not JSON, but ${quoted(name)} must be: correct it`);
	}
}
