/** Writes facts as an inventory that the reader in this folder reads back. */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { GuestwireError } from "../../errors.ts";
import type { InstanceFacts, KeypairFacts, ServerFacts } from "../../instance/facts.ts";
import { stringifyInOrder } from "../../key-order.ts";
import { writeFileAtomically } from "../../write-file-atomically.ts";
import { createPicker } from "../picker.ts";
import { COLLECTION_NAMES, COLLECTIONS, COMPUTE_API, type CollectionName } from "./collections.ts";

/** The options of `createInventoryWriter`. */
export interface InventoryWriterOptions {
	/** Whether user data is written, which often contains secrets. Default false. */
	readonly userData?: boolean;
}

/** Collects facts and writes them as an inventory. */
export interface InventoryWriter {
	/** Adds an instance's facts. A resource of several instances is written once. */
	add(facts: InstanceFacts): void;
	/** Number of servers added. */
	readonly servers: number;
	/**
	 * Writes a file per collection, with mode 0600 and a line per resource, in the order of the resources' identities: the
	 * same facts give the same files.
	 *
	 * @returns the paths written
	 * @throws GuestwireError `output`
	 */
	write(folder: string): Promise<string[]>;
}

/** Where each collection is in the facts of an instance. */
const RESOURCES: Readonly<Record<CollectionName, (facts: InstanceFacts) => readonly object[]>> = {
	servers: ({ server, dedicatedCpus: dedicated_cpus }) =>
		server === undefined ? [] : [{ ...server, ...(dedicated_cpus && { dedicated_cpus }) }],
	keypairs: ({ keypairs = [], server }) => keypairs.map((keypair) => withOwner(keypair, server)),
	ports: ({ ports, subports, dhcpPorts }) => [...ports, ...subports, ...dhcpPorts],
	networks: ({ networks }) => networks,
	subnets: ({ subnets }) => subnets,
	trunks: ({ trunks }) => trunks,
	floatingips: ({ floatingIps }) => floatingIps,
	security_groups: ({ securityGroups }) => securityGroups,
	baremetal_nodes: ({ id, bareMetalPorts, portGroups }) =>
		[...new Set([...bareMetalPorts, ...portGroups].map(({ node_uuid }) => node_uuid))].map((uuid) => ({
			uuid,
			instance_uuid: id,
		})),
	baremetal_ports: ({ bareMetalPorts }) => bareMetalPorts,
	portgroups: ({ portGroups }) => portGroups,
	interfaceAttachments: ({ interfaceAttachments }) => interfaceAttachments.filter(({ tag }) => tag),
	shares: ({ id: server_id, shares = [] }) => shares.map((share) => ({ ...share, server_id })),
	versions: ({ novaMicroversion: version }) => (version === undefined ? [] : [{ id: COMPUTE_API, version }]),
	volumeAttachments: ({ volumeAttachments }) => volumeAttachments,
};

const withOwner = (keypair: KeypairFacts, server: ServerFacts | undefined): KeypairFacts => ({
	...(server?.user_id !== undefined && { user_id: server.user_id }),
	...keypair,
});

/** Collects the facts of many instances, to write them as one inventory. */
export function createInventoryWriter({ userData = false }: InventoryWriterOptions = {}): InventoryWriter {
	const collections = COLLECTION_NAMES.map((name) => ({
		name,
		resources: new Map<string, object>(),
		...toolsFor(name),
	}));
	const servers = collections.find(({ name }) => name === "servers")?.resources;
	const hidden = userData ? {} : { "OS-EXT-SRV-ATTR:user_data": null };
	return {
		add(facts) {
			for (const { name, resources, identityOf, pick } of collections) {
				for (const resource of RESOURCES[name](facts)) {
					const written = name === "servers" ? { ...resource, ...hidden } : resource;
					resources.set(identityOf(resource), pick(written, new Map()) as object);
				}
			}
		},
		get servers() {
			return servers?.size ?? 0;
		},
		async write(folder) {
			const files: string[] = [];
			for (const { name, resources } of collections) {
				const lines = [...resources.keys()].sort().map((key) => stringifyInOrder(resources.get(key)));
				const file = join(folder, fileOf(name));
				await writeText(file, `{"${name}": [\n${lines.join(",\n")}\n]}\n`);
				files.push(file);
			}
			return files;
		},
	};
}

/** The reader's own rules: what makes resources the same, and which members it reads. */
function toolsFor(name: CollectionName) {
	const { identity, schema } = COLLECTIONS[name];
	return { identityOf: identity as (resource: object) => string, pick: createPicker(schema) };
}

const fileOf = (name: CollectionName) => `${name}.json`;

async function writeText(file: string, text: string): Promise<void> {
	try {
		await writeFileAtomically(file, text, { mode: 0o600 });
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new GuestwireError("output", `can't write ${file} (${code}): choose another folder, or free some space`);
	}
}

/**
 * Makes a folder ready for an inventory. Any other file in it would be read as a part of the inventory.
 *
 * @param replace whether an inventory that this writer has written is replaced
 * @throws GuestwireError `output`
 */
export async function prepareFolder(folder: string, replace: boolean): Promise<void> {
	let names: string[];
	try {
		await mkdir(folder, { recursive: true });
		names = await readdir(folder);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new GuestwireError("output", `can't use ${folder} as a folder (${code}): choose another one`);
	}
	const own = new Set(COLLECTION_NAMES.map(fileOf));
	const foreign = names.find((name) => !own.has(name));
	if (foreign !== undefined) {
		throw new GuestwireError(
			"output",
			`${folder} contains ${foreign}, which is not part of a snapshot: choose an empty folder`,
		);
	}
	if (names.length > 0 && !replace) {
		throw new GuestwireError("output", `${folder} already contains a snapshot: replace it with --force`);
	}
}
