import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SingleBar } from "cli-progress";
import { Command } from "commander";
import { GuestwireError } from "../errors.ts";
import type { InstanceFacts } from "../instance/facts.ts";
import type { FactsSource } from "../source/source.ts";
import { type CommonOptions, commonOptions, type Io, printResult, say } from "./frame.ts";
import { openContext } from "./source.ts";

interface SnapshotOptions extends CommonOptions {
	readonly directory: string;
	readonly includeUserData?: boolean;
	readonly force?: boolean;
}

/** `guestwire snapshot`: the facts of all instances as an inventory (docs/inventory.md) that gives the same documents. */
export function snapshotCommand(io: Io): Command {
	return commonOptions(new Command("snapshot"))
		.requiredOption("-d, --directory <dir>", "folder to write the inventory into")
		.option("--include-user-data", "user data too, which often holds secrets")
		.option("--force", "replace a snapshot that is there")
		.action(async (options: SnapshotOptions) => {
			await checkFolder(options.directory, options.force === true);
			// Nova's profile reads more than the other: what is taken for it serves both.
			const context = await openContext({ ...options, profile: "nova" }, io);
			try {
				await takeSnapshot(context.source, options, io);
			} finally {
				await context.close();
			}
		});
}

async function takeSnapshot(source: FactsSource, options: SnapshotOptions, io: Io): Promise<void> {
	const ids = (await source.list()).map(({ id }) => id);
	const collections = emptyCollections();
	const failures: string[] = [];
	const bar = new SingleBar({ stream: io.stderr, format: "{bar} {value}/{total} instances, {eta_formatted} left" });
	bar.start(ids.length, 0);
	for (let start = 0; start < ids.length; start += AT_ONCE) {
		const some = ids.slice(start, start + AT_ONCE);
		const found = await Promise.allSettled(some.map((id) => source.facts(id, "all")));
		for (const [at, outcome] of found.entries()) {
			if (outcome.status === "rejected") failures.push(`${some[at]}: ${reasonOf(outcome.reason)}`);
			else if (outcome.value !== undefined) add(collections, outcome.value, options.includeUserData === true);
		}
		bar.increment(some.length);
	}
	bar.stop();
	const files = await write(collections, options.directory);
	for (const failure of failures) say(io, failure);
	const instances = collections.servers.size;
	printResult(io, options, { instances, files }, () => [...files, `${instances} instances`].join("\n"));
	if (failures.length > 0) {
		throw new GuestwireError("cloud-answer", `${failures.length} of ${ids.length} instances are not in it: see above`);
	}
}

/** As many as share calls well. */
const AT_ONCE = 200;

function reasonOf(error: unknown): string {
	if (error instanceof GuestwireError) return error.message;
	throw error;
}

/** An inventory's collections, each resource once, by what tells it from others. */
type Collections = Readonly<Record<(typeof COLLECTIONS)[number], Map<string, object>>>;

const COLLECTIONS = [
	"servers",
	"keypairs",
	"ports",
	"networks",
	"subnets",
	"trunks",
	"floatingips",
	"security_groups",
	"interfaceAttachments",
	"volumeAttachments",
	"versions",
] as const;

function emptyCollections(): Collections {
	return Object.fromEntries(COLLECTIONS.map((name) => [name, new Map()])) as unknown as Collections;
}

function add(collections: Collections, facts: InstanceFacts, withUserData: boolean): void {
	const put = <T extends object>(name: keyof Collections, resources: readonly T[], key: (resource: T) => string) => {
		for (const resource of resources) collections[name].set(key(resource), resource);
	};
	const byId = ({ id }: { readonly id: string }) => id;
	const { server, keypair } = facts;
	const hidden = withUserData ? {} : { "OS-EXT-SRV-ATTR:user_data": null };
	if (server !== undefined) put("servers", [{ ...server, ...hidden }], byId);
	if (keypair !== undefined) {
		put("keypairs", [{ user_id: server?.user_id, ...keypair }], ({ name, user_id }) => `${user_id} ${name}`);
	}
	put("ports", [...facts.ports, ...facts.subports, ...facts.dhcpPorts].map(withoutStatus), byId);
	put("networks", facts.networks, byId);
	put("subnets", facts.subnets, byId);
	put("trunks", facts.trunks.map(withoutStatus), byId);
	put("floatingips", facts.floatingIps.map(withoutStatus), byId);
	put("security_groups", facts.securityGroups, byId);
	put(
		"interfaceAttachments",
		facts.interfaceAttachments.filter(({ tag }) => tag),
		({ port_id }) => port_id,
	);
	const { novaMicroversion: version } = facts;
	if (version !== undefined) put("versions", [{ id: "v2.1", version }], byId);
	put("volumeAttachments", facts.volumeAttachments, ({ serverId, volumeId }) => `${serverId} ${volumeId}`);
}

/** It changes by itself, and nothing reads it: without it the same cloud gives the same files. */
function withoutStatus<T extends { readonly status?: unknown }>({ status: _, ...resource }: T): Omit<T, "status"> {
	return resource;
}

/** A file a collection, a line a resource, in the order of their keys. */
async function write(collections: Collections, directory: string): Promise<string[]> {
	const files: string[] = [];
	for (const name of COLLECTIONS) {
		const keys = [...collections[name].keys()].sort();
		const lines = keys.map((key) => JSON.stringify(collections[name].get(key)));
		const file = join(directory, fileOf(name));
		await replaceFile(file, `{"${name}": [\n${lines.join(",\n")}\n]}\n`);
		files.push(file);
	}
	return files;
}

const fileOf = (name: string) => `${name}.json`;

/** Whole or not at all, and for its owner's eyes: a reader of the inventory leaves names with a dot alone. */
async function replaceFile(file: string, text: string): Promise<void> {
	const unfinished = join(file, "..", `.${crypto.randomUUID()}`);
	try {
		await writeFile(unfinished, text, { mode: 0o600 });
		await rename(unfinished, file);
	} catch (error) {
		throw new GuestwireError("output", `${file}: can't be written (${(error as NodeJS.ErrnoException).code})`);
	} finally {
		await rm(unfinished, { force: true });
	}
}

/** Something else in the folder would be read as a part of the inventory. */
async function checkFolder(directory: string, force: boolean): Promise<void> {
	let there: string[];
	try {
		await mkdir(directory, { recursive: true });
		there = await readdir(directory);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new GuestwireError("output", `${directory}: can't be used as a folder (${code}): give another one`);
	}
	const ours = new Set(COLLECTIONS.map(fileOf));
	const foreign = there.find((name) => !ours.has(name));
	if (foreign !== undefined) {
		throw new GuestwireError("output", `${directory}: holds ${foreign}, which is no snapshot's: give an empty folder`);
	}
	if (there.length > 0 && !force) {
		throw new GuestwireError("output", `${directory}: holds a snapshot already: --force replaces it`);
	}
}
