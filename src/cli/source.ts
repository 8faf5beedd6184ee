/** Where a command's instances come from, by its options: `--config`, `--inventory`, `--os-cloud`, `OS_*`. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { distance } from "fastest-levenshtein";
import { suggest } from "../checked-text.ts";
import { type DocumentSettings, defaultSettings } from "../documents/settings.ts";
import { GuestwireError } from "../errors.ts";
import type { Instance } from "../instance/instance.ts";
import type { FilesCloudOptions } from "../source/files/files-source.ts";
import { createDirectory, type Directory, type DirectoryOptions } from "../source/instance-cache.ts";
import type { Cloud } from "../source/source.ts";
import { defaultConfig, type LoadedConfig, readConfig } from "./config.ts";
import type { Config } from "./config-schema.ts";
import type { CommonOptions, Io } from "./frame.ts";

export interface Source {
	readonly directory: Directory;
	/** What the directory asks: for raw facts, past the directory's memory. */
	readonly cloud: Cloud;
	readonly settings: DocumentSettings;
	/** As the file has it, but for what the command line says. */
	readonly config: Config;
	/** Where the configuration says what, for errors about a value. */
	readonly where: LoadedConfig["where"];
	close(): Promise<void>;
}

/** What a command line says of its source. */
export interface SourceChoice extends CommonOptions {
	/** In place of the configuration's. */
	readonly profile?: DocumentSettings["profile"];
}

export interface SourceOptions {
	/** Given, the files of a files cloud are watched; see FilesCloudOptions. */
	readonly onReload?: FilesCloudOptions["onReload"];
	/** See DirectoryOptions. */
	readonly onStale?: DirectoryOptions["onStale"];
}

/**
 * Opens the cloud that the options and the configuration name.
 *
 * @throws GuestwireError `usage` when none is named, `config`, `inventory`, `cloud-unavailable`
 */
export async function openSource(options: SourceChoice, io: Io, watch: SourceOptions = {}): Promise<Source> {
	const loaded = options.config === undefined ? defaultConfig() : await readConfig(options.config);
	const { networkData } = loaded.config;
	const config = {
		...loaded.config,
		cloud: cloudConfig(options, io, loaded.config.cloud),
		networkData: { ...networkData, profile: options.profile ?? networkData.profile },
	};
	const settings = await documentSettings(config, loaded.where);
	const { cloud, freshness } = await openCloud(config, io, watch);
	const directory = createDirectory(cloud, { freshness, ...(watch.onStale && { onStale: watch.onStale }) });
	return { directory, cloud, settings, config, where: loaded.where, close: () => directory.close() };
}

type CloudConfig = NonNullable<Config["cloud"]>;
/** A configuration that names a cloud. */
type SourceConfig = Config & { readonly cloud: CloudConfig };

function cloudConfig({ inventory, osCloud }: CommonOptions, { env }: Io, configured: Config["cloud"]): CloudConfig {
	if (inventory !== undefined && osCloud !== undefined) {
		throw new GuestwireError("usage", "--inventory and --os-cloud name two sources: leave one out");
	}
	if (inventory !== undefined) return { files: { path: resolve(inventory) } };
	if (osCloud !== undefined) return { openstack: { cloud: osCloud } };
	if (configured !== undefined) return configured;
	if (env["OS_CLOUD"] !== undefined || env["OS_AUTH_URL"] !== undefined) return { openstack: {} };
	const ways = '--inventory DIR, --os-cloud NAME, or --config FILE with "cloud" in it';
	throw new GuestwireError("usage", `no source of instances is named: give ${ways}`);
}

/** A cloud, and for how many seconds an answer of it is fresh. */
async function openCloud(
	{ cloud, networkData, freshness }: SourceConfig,
	io: Io,
	{ onReload }: SourceOptions,
): Promise<{ readonly cloud: Cloud; readonly freshness: number }> {
	if (cloud.files) {
		const { createFilesCloud } = await import("../source/files/files-source.ts");
		const files = await createFilesCloud(cloud.files.path, onReload && { onReload });
		// Watched files tell of every change; what is read once and never watched is never asked again.
		return { cloud: files, freshness: Number.POSITIVE_INFINITY };
	}
	const { openOpenStackCloud } = await import("../source/openstack/index.ts");
	// What is shared was asked for that much earlier: both together are the freshness.
	const sharing = Math.min(2, freshness / 2);
	const { profile } = networkData;
	const openstack = await openOpenStackCloud({ ...cloud.openstack, profile, sharing, env: io.env });
	return { cloud: openstack, freshness: freshness - sharing };
}

async function documentSettings(config: Config, where: LoadedConfig["where"]): Promise<DocumentSettings> {
	const { networkData, hostnameDomain, vendorData, guestFiles } = config;
	return {
		...defaultSettings(randomBytes(32)),
		...networkData,
		hostnameDomain,
		...(vendorData.staticFile !== undefined && {
			staticVendorData: await readVendorData(vendorData.staticFile, where),
		}),
		...(guestFiles.length > 0 && { guestFiles: await guestFilesOf(guestFiles, where) }),
	};
}

async function readVendorData(file: string, where: LoadedConfig["where"]): Promise<unknown> {
	const fail = (what: string): never => {
		throw new GuestwireError("config", `${where(["vendorData", "staticFile"])} ${file} ${what}`);
	};
	const text = await readFile(file, "utf8").catch((error) => fail(`can't be read (${error.code}): correct the path`));
	try {
		return JSON.parse(text);
	} catch {
		return fail("is not JSON: correct it");
	}
}

/** The renderers are loaded only where their files are wanted. */
async function guestFilesOf(
	wanted: Config["guestFiles"],
	where: LoadedConfig["where"],
): Promise<NonNullable<DocumentSettings["guestFiles"]>> {
	const [{ FORMATS }, { guestFiles }] = await Promise.all([
		import("../render/index.ts"),
		import("../render/guest-files.ts"),
	]);
	const formats = wanted.map((name, index) => {
		const format = FORMATS.find((known) => known === name);
		if (format !== undefined) return format;
		const what = `there is no format "${name}"; ${suggest(name, FORMATS)}`;
		throw new GuestwireError("config", `${where(["guestFiles", index])} ${what}`);
	});
	return (data) => guestFiles(data, formats);
}

/**
 * Opens a source for as long as one of its instances is used.
 *
 * @param nameOrId see findInstance
 * @throws GuestwireError as openSource and findInstance
 */
export async function withInstance<T>(
	nameOrId: string,
	options: SourceChoice,
	io: Io,
	use: (instance: Instance, source: Source) => T,
): Promise<Awaited<T>> {
	const source = await openSource(options, io);
	try {
		const id = await findInstance(source.directory, nameOrId);
		const instance = await source.directory.get(id, "all");
		if (instance === undefined) throw new GuestwireError("unknown-instance", `instance ${id} is gone: try again`);
		return await use(instance, source);
	} finally {
		await source.close();
	}
}

/** How many names an error shows. */
const SUGGESTIONS = 3;

/**
 * The id of the instance that a person names: by its id in any case, or by a name that is its alone.
 *
 * @throws GuestwireError `unknown-instance`, with the nearest names, or with the ids that share the name
 */
export async function findInstance(directory: Directory, nameOrId: string): Promise<string> {
	const id = nameOrId.toLowerCase();
	if ((await directory.get(id, "wiring")) !== undefined) return id;
	const instances = await directory.list();
	const ids = instances.filter(({ name }) => name === nameOrId).map((instance) => instance.id);
	const [only, ...more] = ids;
	if (only !== undefined && more.length === 0) return only;
	if (only !== undefined) {
		const list = `${ids.slice(0, SUGGESTIONS).join(", ")}${ids.length > SUGGESTIONS ? ", …" : ""}`;
		throw new GuestwireError(
			"unknown-instance",
			`${ids.length} instances are called "${nameOrId}": give an id: ${list}`,
		);
	}
	const names = nearestNames(
		nameOrId,
		instances.map(({ name }) => name),
	);
	const advice = names.length > 0 ? `the nearest names are ${names.join(", ")}` : "the source has none at all";
	throw new GuestwireError("unknown-instance", `there is no instance "${nameOrId}": ${advice}`);
}

function nearestNames(wanted: string, names: readonly string[]): string[] {
	const measured = [...new Set(names)].map((name) => ({ name, distance: distance(wanted, name) }));
	return measured
		.sort((a, b) => a.distance - b.distance)
		.slice(0, SUGGESTIONS)
		.map(({ name }) => `"${name}"`);
}
