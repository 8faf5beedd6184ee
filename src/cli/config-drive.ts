import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SingleBar } from "cli-progress";
import { Command, Option } from "commander";
import { suggest } from "../checked-text.ts";
import {
	type ConfigDriveOptions,
	type ConfigDriveStream,
	type DriveContents,
	type DriveEncoding,
	type DriveEntry,
	type DriveFormat,
	driveFileName,
	streamConfigDrive,
} from "../config-drive/index.ts";
import { driveTree } from "../documents/drive-tree.ts";
import type { GuestTree } from "../documents/guest-tree.ts";
import type { MetadataTree } from "../documents/tree.ts";
import { EC2_VERSIONS, OPENSTACK_VERSIONS } from "../documents/versions.ts";
import { GuestwireError } from "../errors.ts";
import { createGuestDocuments, type GuestDocuments } from "../service/guest-documents.ts";
import { createLog } from "../service/log.ts";
import { patchDrive, type Replace, replaceOption } from "./config-drive-patch.ts";
import { minutesOption, printUrl } from "./config-drive-url.ts";
import { checkByValue, forRequest } from "./drive-by-value.ts";
import { checkOutput, extractImage, makeFolder, readImage, writeImage } from "./drive-files.ts";
import { type CommonOptions, commonOptions, type Io, printResult, say } from "./frame.ts";
import { type CommandContext, findInstance, openContext, wholeInstance } from "./source.ts";
import { openState, seededSettings } from "./state.ts";
import { openVendorData } from "./vendor-data.ts";

interface DriveOptions extends CommonOptions {
	readonly output?: string;
	readonly all?: boolean;
	readonly directory?: string;
	readonly read?: string;
	readonly patch?: string;
	readonly replace?: readonly Replace[];
	readonly url?: boolean;
	readonly minutes?: number;
	readonly format?: DriveFormat;
	readonly encoding?: DriveEncoding;
	readonly size?: number;
	readonly versions?: readonly string[];
	readonly force?: boolean;
	readonly nocloud?: boolean;
}

/** An image that was written, as in the result. */
interface Made {
	readonly instance: string;
	readonly file: string;
	readonly bytes: number;
}

/** `guestwire config-drive`: writes the drive of one instance or of all, or reads or patches a drive. */
export function configDriveCommand(io: Io): Command {
	return commonOptions(new Command("config-drive"))
		.argument("[instance]", "id or name")
		.option("-o, --output <file>", "where to write the image; - is standard output")
		.option("--all", "write a drive for every instance into the folder given by -d")
		.option("-d, --directory <dir>", "with --all and --read: the folder to write into")
		.option("--read <file>", "list a drive made by any program; with -d, extract it")
		.option(
			"--patch <file>",
			"write a drive made by any program, with the instance's network_data.json; - is standard input",
		)
		.option("--replace <path=file>", "with --patch: other files to replace, in every version folder", replaceOption)
		.option("--url", "print a link to the instance's drive on the operator server, for Ironic: it needs no token")
		.option("--minutes <number>", "with --url: how long the link is valid; default: 60", minutesOption)
		.addOption(new Option("--format <format>", "default: iso9660").choices(["iso9660", "vfat"]))
		.addOption(new Option("--encoding <encoding>", "default: raw").choices(["raw", "gzip-base64"]))
		.option("--size <MiB>", "the size of a VFAT drive; default: as small as possible", wholeNumber)
		.option("--versions <list>", "only these version folders, such as 2018-08-27,latest", versionList)
		.option("--nocloud", "a seed for cloud-init's NoCloud, labelled cidata, instead of a config drive")
		.option("--force", "replace existing files")
		.action(async (instance: string | undefined, options: DriveOptions) => {
			if (options.read !== undefined) await read(options.read, instance, options, io);
			else if (options.patch !== undefined) await patch(options.patch, instance, options, io);
			else if (options.url === true) await url(instance, options, io);
			else if (options.minutes !== undefined) throw new GuestwireError("usage", "--minutes needs --url: omit it");
			else if (options.replace !== undefined) throw new GuestwireError("usage", "--replace needs --patch: omit it");
			else if (options.all === true) await makeAll(instance, options, io);
			else await makeOne(instance, options, io);
		});
}

function wholeNumber(text: string): number {
	if (!/^[1-9]\d*$/.test(text))
		throw new GuestwireError("usage", `--size must be a whole number of MiB, at least 1, not "${text}"`);
	return Number(text);
}

const VERSIONS: readonly string[] = [...OPENSTACK_VERSIONS, ...EC2_VERSIONS, "latest"];

function versionList(text: string): string[] {
	const versions = text.split(",");
	const unknown = versions.find((version) => !VERSIONS.includes(version));
	if (unknown === undefined) return versions;
	throw new GuestwireError("usage", `--versions: unknown version "${unknown}"; ${suggest(unknown, VERSIONS)}`);
}

async function makeOne(nameOrId: string | undefined, options: DriveOptions, io: Io): Promise<void> {
	const { output } = options;
	if (nameOrId === undefined) throw new GuestwireError("usage", "missing instance: give one, or --all, or --read FILE");
	if (output === undefined)
		throw new GuestwireError("usage", "missing output: give -o FILE, or -o - for standard output");
	if (options.directory !== undefined) throw new GuestwireError("usage", "-d needs --all or --read: omit it");
	checkOutput(output, options.encoding ?? "raw", io);
	await using drives = await openDrives(options, io);
	const id = await findInstance(drives.context.instances, nameOrId);
	const drive = await drives.of(id);
	if (output === "-") {
		await pipeline(Readable.from(drive.chunks()), io.stdout, { end: false });
		return;
	}
	const bytes = await writeImage(output, drive.chunks(), options.force === true, io.stopSignal());
	const made: Made = { instance: id, file: output, bytes };
	printResult(io, options, made, () => line(made));
}

/** Reports at the end which drives failed. The others are written. */
async function makeAll(instance: string | undefined, options: DriveOptions, io: Io): Promise<void> {
	const { directory } = options;
	if (directory === undefined) throw new GuestwireError("usage", "missing folder: give -d DIR");
	if (instance !== undefined || options.output !== undefined) {
		const what = "--all writes the drive of every instance into the folder given by -d";
		throw new GuestwireError("usage", `${what}: omit instance and -o`);
	}
	await using drives = await openDrives(options, io);
	const ids = (await drives.context.instances.list()).map(({ id }) => id);
	await makeFolder(directory);
	const { made, failures } = await makeEach(ids, directory, drives, options, io);
	for (const failure of failures) say(io, failure);
	printResult(io, options, made, () => [...made.map(line), `${made.length} drives`].join("\n"));
	if (failures.length > 0) {
		throw new GuestwireError("drive", `${failures.length} of ${ids.length} drives failed: see above`);
	}
}

/** One after the other, with a progress bar if stderr is a terminal. */
async function makeEach(ids: readonly string[], directory: string, drives: Drives, options: DriveOptions, io: Io) {
	const { format = "iso9660", encoding = "raw" } = options;
	const stop = io.stopSignal();
	const bar = new SingleBar({ stream: io.stderr, format: "{bar} {value}/{total} drives, {eta_formatted} left" });
	const made: Made[] = [];
	const failures: string[] = [];
	bar.start(ids.length, 0);
	try {
		for (const id of ids) {
			if (stop.aborted)
				throw new GuestwireError(
					"output",
					`stopped after ${made.length} of ${ids.length} drives: run the command again`,
				);
			try {
				const file = join(directory, driveFileName(id, format, encoding));
				const drive = await drives.of(id);
				made.push({ instance: id, file, bytes: await writeImage(file, drive.chunks(), options.force === true, stop) });
			} catch (error) {
				if (!(error instanceof GuestwireError)) throw error;
				failures.push(`${id}: ${error.message}`);
			}
			bar.increment();
		}
	} finally {
		bar.stop();
	}
	return { made, failures };
}

function line({ file, bytes }: Made): string {
	return `${String(bytes).padStart(10)}  ${file}`;
}

interface Drives extends AsyncDisposable {
	readonly context: CommandContext;
	of(id: string): Promise<ConfigDriveStream>;
	/** What would be on the drive. */
	tree(id: string): Promise<MetadataTree>;
}

async function openDrives(options: DriveOptions, io: Io): Promise<Drives> {
	checkByValue(options.format ?? "iso9660", options.encoding ?? "raw");
	await using open = new AsyncDisposableStack();
	const context = open.adopt(await openContext(options, io), ({ close }) => close());
	const state = open.adopt(await openState(context.config.state, io), ({ close }) => close());
	const log = createLog({ write: (text) => io.stderr.write(text) });
	const targets = await openVendorData(context, io, { log });
	const vendorData = open.adopt(targets, ({ close }) => close());
	const documents = createGuestDocuments(await seededSettings(context, state), vendorData);
	const opened = open.move();
	return {
		context,
		of: (id) => layout(id, context, documents, options),
		tree: async (id) => driveTree((await completeTree(id, context.instances, documents)).complete),
		[Symbol.asyncDispose]: () => opened.disposeAsync(),
	};
}

async function layout(
	id: string,
	{ instances }: CommandContext,
	documents: GuestDocuments,
	{ format = "iso9660", size, encoding = "raw", versions, nocloud }: DriveOptions,
): Promise<ConfigDriveStream> {
	const { complete, created } = await completeTree(id, instances, documents);
	const tree = nocloud === true ? await seedTree(complete) : driveTree(complete, versions);
	const drive: ConfigDriveOptions = {
		format,
		...(nocloud === true && { label: "cidata" }),
		...(created !== undefined && { date: new Date(created) }),
		...(size !== undefined && { sizeMiB: size }),
	};
	const stream = streamConfigDrive(tree, drive, encoding);
	return { ...stream, chunks: () => forRequest(stream.chunks(), encoding) };
}

async function completeTree(id: string, instances: CommandContext["instances"], documents: GuestDocuments) {
	const instance = await wholeInstance(instances, id);
	return { complete: await documents.complete(instance), created: instance.server?.created };
}

/** The renderers are loaded only for a seed. */
async function seedTree(complete: GuestTree): Promise<MetadataTree> {
	const [{ render }, { nocloudSeed }] = await Promise.all([
		import("../render/index.ts"),
		import("../render/nocloud.ts"),
	]);
	const document = (path: string) => complete.read(`openstack/latest/${path}`);
	const network = document("network_data.json");
	const rendering = network && render("cloud-init", JSON.parse(Buffer.from(network).toString()));
	const files = new Map(nocloudSeed(document, rendering?.files[0]?.text).map(({ path, bytes }) => [path, bytes]));
	return { paths: () => files.keys(), read: (path) => files.get(path) };
}

async function patch(file: string, instance: string | undefined, options: DriveOptions, io: Io): Promise<void> {
	const { all, directory, format, size, versions, nocloud } = options;
	if ([all, directory, format, size, versions, nocloud].some((given) => given !== undefined)) {
		throw new GuestwireError(
			"usage",
			"--patch excludes --all, -d, --format, --size, --versions and --nocloud: omit them",
		);
	}
	const drive = instance === undefined ? undefined : () => treeOf(instance, options, io);
	await patchDrive({ ...options, patch: file }, drive, io);
}

async function url(instance: string | undefined, options: DriveOptions, io: Io): Promise<void> {
	const { all, output, directory, format, encoding, size, versions, nocloud, force, replace } = options;
	const others = [all, output, directory, format, encoding, size, versions, nocloud, force, replace];
	if (instance === undefined || others.some((given) => given !== undefined)) {
		throw new GuestwireError(
			"usage",
			"--url takes an instance and --minutes: give an instance, and omit other options",
		);
	}
	await printUrl(instance, options, io);
}

async function treeOf(instance: string, options: DriveOptions, io: Io): Promise<MetadataTree> {
	await using drives = await openDrives(options, io);
	return drives.tree(await findInstance(drives.context.instances, instance));
}

async function read(file: string, instance: string | undefined, options: DriveOptions, io: Io): Promise<void> {
	const { all, output, size, versions, nocloud, patch, replace } = options;
	if ([instance, all, output, size, versions, nocloud, patch, replace].some((given) => given !== undefined)) {
		throw new GuestwireError("usage", "--read excludes instance, --all, -o, --size, --versions and --patch: omit them");
	}
	const contents = await readImage(file);
	if (options.directory !== undefined) await extractImage(contents, options.directory);
	const { format, label } = contents;
	const entries = contents.entries.map(({ mode, ...entry }) => ({
		...entry,
		...(mode !== undefined && { mode: octal(mode) }),
	}));
	printResult(io, options, { format, label, entries }, () => listing(contents));
}

function octal(mode: number): string {
	return mode.toString(8).padStart(4, "0");
}

function listing({ format, label, entries }: DriveContents): string {
	return [`${format}, label ${label}`, ...entries.map(entryLine)].join("\n");
}

function entryLine({ kind, mode, size, path }: DriveEntry): string {
	const permissions = mode === undefined ? "   -" : octal(mode);
	return `${permissions}  ${String(kind === "file" ? size : "-").padStart(10)}  ${path}${kind === "folder" ? "/" : ""}`;
}
