/** What a command works on, from its options: the configuration, and the source of instances that it names. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { distance } from "fastest-levenshtein";
import { suggest } from "../checked-text.ts";
import { pythonJson } from "../documents/python-json.ts";
import { type DocumentSettings, defaultSettings } from "../documents/settings.ts";
import { GuestwireError } from "../errors.ts";
import type { Instance } from "../instance/instance.ts";
import { SIGNALLED_OWNER_AGE } from "../source/cache-times.ts";
import { createInstanceCache, type InstanceCache, type InstanceCacheOptions } from "../source/instance-cache.ts";
import { openSource, type SourceConfig } from "../source/registry.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { FactsSource } from "../source/source.ts";
import type { OpenedSource, SourceContext } from "../source/source-kind.ts";
import { defaultConfig, type LoadedConfig, readConfig } from "./config.ts";
import type { Config } from "./config-schema.ts";
import { type CommonOptions, type Io, say } from "./frame.ts";

/** A configuration that names a source. */
type ContextConfig = Config & { readonly cloud: SourceConfig };

export interface CommandContext {
	readonly instances: InstanceCache;
	/** The source behind `instances`. */
	readonly source: FactsSource;
	/** Complete except for the key of `random_seed`, which is kept in the state: see `seededSettings`. */
	readonly settings: Omit<DocumentSettings, "seedKey">;
	/** The configuration with the command line's options applied. */
	readonly config: ContextConfig;
	/** For how many seconds workers may keep answers of `instances`; 0 without workers. */
	readonly workerMaxAge: number;
	/** See OpenedSource. */
	readonly sourceAge: number;
	/** Where the configuration gives a value, for errors about it. */
	readonly where: LoadedConfig["where"];
	close(): Promise<void>;
}

/** The command line's options that change the configuration. */
export interface ContextOptions extends CommonOptions {
	/** Overrides the configuration's. */
	readonly profile?: DocumentSettings["profile"];
}

export interface WatchOptions {
	/** Given, the source is watched; see SourceContext. */
	readonly onReload?: SourceContext["onReload"];
	/** See InstanceCacheOptions. */
	readonly onStale?: InstanceCacheOptions["onStale"];
	/** Whether processes that keep answers of their own share the cache. */
	readonly hasWorkers?: (config: Config) => boolean;
	/** Given, puts a mirror in front of a remote source. Its answers may be `age` seconds old. */
	readonly mirrored?: (remote: RemoteSource, config: Config, age: number) => Promise<FactsSource>;
}

/**
 * Reads the configuration and opens the source that the options or the configuration name.
 *
 * @throws GuestwireError `usage` when none is named, `config`, `inventory`, `cloud-unavailable`
 */
export async function openContext(options: ContextOptions, io: Io, watch: WatchOptions = {}): Promise<CommandContext> {
	const loaded = options.config === undefined ? defaultConfig() : await readConfig(options.config);
	const { networkData } = loaded.config;
	const config = {
		...loaded.config,
		cloud: cloudConfig(options, io, loaded.config.cloud),
		networkData: { ...networkData, profile: options.profile ?? networkData.profile },
	};
	const settings = await documentSettings(config, loaded.where);
	const opened = await openSource(config.cloud, sourceContext(config, io, watch));
	const { source, maxAge, sourceAge } = await mirrored(opened, config, watch);
	const workerMaxAge = watch.hasWorkers?.(config) ? shareOf(maxAge) : 0;
	const instances = createInstanceCache(source, {
		maxAge: maxAge === Number.POSITIVE_INFINITY ? maxAge : maxAge - workerMaxAge,
		sourceAge,
		maxBytes: config.cacheMegabytes * 2 ** 20,
		...(watch.onStale && { onStale: watch.onStale }),
	});
	const close = () => instances.close();
	return { instances, source, settings, config, workerMaxAge, sourceAge, where: loaded.where, close };
}

/** Seconds by which a mirror may be behind the signals: a busy process learns late that they have reported everything. */
const MIRROR_AGE = 5;

/** The source behind a mirror if it is remote: together, the mirror and the cache keep an answer for `freshness`. */
async function mirrored(
	opened: OpenedSource,
	config: Config,
	{ mirrored: mirror }: WatchOptions,
): Promise<OpenedSource> {
	const { source, maxAge } = opened;
	const isRemote = (one: FactsSource): one is RemoteSource => "resources" in one;
	if (mirror === undefined || !isRemote(source)) return opened;
	const age = Math.max(config.freshness - maxAge, Math.min(MIRROR_AGE, config.freshness / 3));
	const sourceAge = Math.max(opened.sourceAge, SIGNALLED_OWNER_AGE);
	return { source: await mirror(source, config, age), maxAge: config.freshness - age, sourceAge };
}

/** Seconds. The cache of a worker asks the shared one this often: together they keep an answer for the maximum age. */
const WORKER_MAX_AGE = 2;

function shareOf(maxAge: number): number {
	return maxAge === Number.POSITIVE_INFINITY ? maxAge : Math.min(WORKER_MAX_AGE, maxAge / 4);
}

/** What the source is opened and checked with. */
export function sourceContext(config: Config, io: Io, { onReload, mirrored }: WatchOptions = {}): SourceContext {
	const { networkData, freshness, mirror } = config;
	return {
		...{ env: io.env, profile: networkData.profile, freshness },
		onWarning: (message) => say(io, message),
		...(mirrored && { changes: mirror.changes }),
		...(onReload && { onReload }),
	};
}

function cloudConfig({ inventory, osCloud }: CommonOptions, { env }: Io, configured: Config["cloud"]): SourceConfig {
	if (inventory !== undefined && osCloud !== undefined) {
		throw new GuestwireError("usage", "--inventory and --os-cloud name two sources: omit one");
	}
	if (inventory !== undefined) return { files: { path: resolve(inventory) } };
	if (osCloud !== undefined) return { openstack: { cloud: osCloud } };
	if (configured !== undefined) return configured;
	if (env["OS_CLOUD"] !== undefined || env["OS_AUTH_URL"] !== undefined) return { openstack: {} };
	const ways = '--inventory DIR, --os-cloud NAME, or --config FILE with "cloud"';
	throw new GuestwireError("usage", `no source of instances: give ${ways}`);
}

async function documentSettings(config: Config, where: LoadedConfig["where"]): Promise<CommandContext["settings"]> {
	const { networkData, hostnameDomain, vendorData, guestFiles } = config;
	const { seedKey: _, ...defaults } = defaultSettings(new Uint8Array());
	return {
		...defaults,
		...networkData,
		hostnameDomain,
		vendorDataProviders: vendorData.providers,
		...(vendorData.staticFile !== undefined && {
			staticVendorData: await readVendorData(vendorData.staticFile, where),
		}),
		...(guestFiles.length > 0 && { guestFiles: await guestFilesOf(guestFiles, where) }),
	};
}

async function readVendorData(file: string, where: LoadedConfig["where"]): Promise<string> {
	const fail = (what: string): never => {
		throw new GuestwireError("config", `${where(["vendorData", "staticFile"])} ${file} ${what}`);
	};
	const text = await readFile(file, "utf8").catch((error) => fail(`can't be read (${error.code}): correct the path`));
	try {
		return pythonJson(text);
	} catch {
		return fail("is not JSON: correct it");
	}
}

/** The renderers are loaded only where their files are wanted. */
export async function guestFilesOf(
	wanted: Config["guestFiles"],
	where: LoadedConfig["where"],
): Promise<NonNullable<DocumentSettings["guestFiles"]>> {
	const { GUEST_FILES, guestFiles } = await import("../render/guest-files.ts");
	const formats = wanted.map((name, index) => {
		const format = GUEST_FILES.find((known) => known === name);
		if (format !== undefined) return format;
		const what = `there is no format "${name}"; ${suggest(name, GUEST_FILES)}`;
		throw new GuestwireError("config", `${where(["guestFiles", index])} ${what}`);
	});
	return (data, document) => guestFiles(data, formats, document);
}

/**
 * Opens the context, uses one of its instances, and closes it.
 *
 * @param nameOrId see findInstance
 * @throws GuestwireError as openContext and findInstance
 */
export async function withInstance<T>(
	nameOrId: string,
	options: ContextOptions,
	io: Io,
	use: (instance: Instance, context: CommandContext) => T,
): Promise<Awaited<T>> {
	const context = await openContext(options, io);
	try {
		const instance = await wholeInstance(context.instances, await findInstance(context.instances, nameOrId));
		return await use(instance, context);
	} finally {
		await context.close();
	}
}

/**
 * The instance with everything that any document needs.
 *
 * @throws GuestwireError `unknown-instance` if it was deleted after its id was found
 */
export async function wholeInstance(cache: Pick<InstanceCache, "get">, id: string): Promise<Instance> {
	const instance = await cache.get(id, "all");
	if (instance !== undefined) return instance;
	throw new GuestwireError("unknown-instance", `instance ${id} is gone: try again`);
}

/** How many names an error shows. */
const SUGGESTIONS = 3;

/**
 * The id of the instance that a person names: by its id in any case, or by a name that is its alone.
 *
 * @throws GuestwireError `unknown-instance`, with the nearest names, or with the ids that share the name
 */
export async function findInstance(cache: InstanceCache, nameOrId: string): Promise<string> {
	const id = nameOrId.toLowerCase();
	if ((await cache.get(id, "wiring")) !== undefined) return id;
	const instances = await cache.list();
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
	const advice = names.length > 0 ? `the nearest names are ${names.join(", ")}` : "the source has no instances";
	throw new GuestwireError("unknown-instance", `there is no instance "${nameOrId}": ${advice}`);
}

function nearestNames(wanted: string, names: readonly string[]): string[] {
	const measured = [...new Set(names)].map((name) => ({ name, distance: distance(wanted, name) }));
	return measured
		.sort((a, b) => a.distance - b.distance)
		.slice(0, SUGGESTIONS)
		.map(({ name }) => `"${name}"`);
}
