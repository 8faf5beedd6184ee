/** Parses an inventory file into validated resources, and finds the line of a resource again. */
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { explain, formatPath, type JsonPath, parseYaml, suggest, type YamlDocument } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import { getOrInsert } from "../../get-or-insert.ts";
import { isMap } from "../../instance/is-map.ts";
import { parseInOrder } from "../../key-order.ts";
import { createPicker, type Picker } from "../picker.ts";
import { COLLECTION_NAMES, COLLECTIONS, type CollectionName, type Collections, type Complain } from "./collections.ts";
import { type InvalidRecord, invalidRecordOf, isIronic } from "./invalid-records.ts";

/** A parsed file. */
export interface InventoryFile {
	readonly path: string;
	readonly collections: Collections;
	readonly invalid: readonly InvalidRecord[];
	/** The members that Ironic's records have in the file: the others are defaults. */
	readonly given: ReadonlyMap<object, ReadonlySet<string>>;
}

/** Most characters to parse as YAML: the parser's syntax tree takes a hundred times the memory of the text. */
const MOST_YAML = 8 * 1024 * 1024;

const ajv = new Ajv2020({ useDefaults: true, verbose: true, meta: false, validateSchema: false });

/** Compiled on first use: most inventories have few of the collections. */
const compiled = new Map<CollectionName, { readonly check: ValidateFunction; readonly pick: Picker }>();

function compile(name: CollectionName) {
	return getOrInsert(compiled, name, () => {
		const { schema } = COLLECTIONS[name];
		return { check: ajv.compile(schema), pick: createPicker(schema) };
	});
}

/** Every top-level key, in the singular and in the plural. Ironic's own name for its nodes is another. */
const KEYS: ReadonlyMap<string, CollectionName> = new Map<string, CollectionName>([
	...COLLECTION_NAMES.flatMap((name): [string, CollectionName][] => [
		[name, name],
		[COLLECTIONS[name].singular, name],
	]),
	["nodes", "baremetal_nodes"],
	["node", "baremetal_nodes"],
]);

/** An API's paged list of `ports` has `ports_links` beside it, Ironic's has `next`. */
const PAGING = /_links$|^next$/;

/** Ironic's ports have the same key as Neutron's. They name their node, and have a `uuid` in place of an `id`. */
function collectionOf(name: CollectionName, value: unknown): CollectionName {
	if (name !== "ports" || !isMap(value)) return name;
	return "node_uuid" in value || ("uuid" in value && !("id" in value)) ? "baremetal_ports" : name;
}

/** The collection of a file that is one of Ironic's records, which its API answers without a key around it. */
function collectionOfRecord(value: object): CollectionName | undefined {
	if (!("uuid" in value)) return undefined;
	if ("node_uuid" in value) return "mode" in value ? "portgroups" : "baremetal_ports";
	return "instance_uuid" in value ? "baremetal_nodes" : collectionInLinks(value);
}

/** An answer limited by `fields` may have none of these members. Ironic always adds the record's URLs. */
function collectionInLinks(record: object): CollectionName | undefined {
	const [link] = "links" in record && Array.isArray(record.links) ? record.links : [];
	const [, name] = /\/v1\/(nodes|ports|portgroups)\//.exec(isMap(link) ? String(link["href"]) : "") ?? [];
	return name === "ports" ? "baremetal_ports" : KEYS.get(name ?? "");
}

/** Answers of Ironic without records, by a member that they have. */
const WITHOUT_RECORDS = {
	default_version: "the root of Ironic's API",
	media_types: "the root of Ironic's API",
	error_message: "an error that Ironic answered",
};

/**
 * @param path of the file, for errors
 * @throws GuestwireError `inventory`, naming file, line and path of the value
 */
export function parseInventoryFile(text: string, path: string): InventoryFile {
	const strings = new Map<string, string>();
	const collections = Object.fromEntries(COLLECTION_NAMES.map((name): [string, unknown[]] => [name, []])) as Record<
		CollectionName,
		unknown[]
	>;
	const invalid: InvalidRecord[] = [];
	const given = new Map<object, ReadonlySet<string>>();
	for (const document of parseText(text, path)) {
		for (const { name, place, value } of resourcesOf(document, path)) {
			const complain: Complain = (within, what) => fail(document, path, [...place, ...within], what);
			const members = isIronic(name) && isMap(value) ? readMembers(name, value) : undefined;
			try {
				if (place.length === 0 && name === "baremetal_nodes" && members?.has("instance_uuid") === false) {
					complain(["instance_uuid"], 'is missing: save the node\'s whole record, without "fields"');
				}
				const resource = checkResource(name, value, complain, strings);
				collections[name].push(resource);
				if (members) given.set(resource as object, members);
			} catch (error) {
				const isRecord = isMap(value) || typeof place.at(-1) === "number";
				if (!isIronic(name) || !isRecord || !(error instanceof GuestwireError)) throw error;
				const index = collections[name].length + invalid.filter(({ collection }) => collection === name).length;
				invalid.push(invalidRecordOf({ collection: name, index, problem: error.message }, value));
			}
		}
	}
	return { path, collections: collections as unknown as Collections, invalid, given };
}

const memberSets = new Map<string, ReadonlySet<string>>();

/** Those that are read. Most records of a file have the same, and share the set. */
function readMembers(name: CollectionName, value: object): ReadonlySet<string> {
	const members = Object.keys(COLLECTIONS[name].schema.properties).filter((member) => member in value);
	return getOrInsert(memberSets, members.join(" "), () => new Set(members));
}

function checkResource(
	name: CollectionName,
	value: unknown,
	complain: Complain,
	strings: Map<string, string>,
): unknown {
	nameAfterId(value);
	const { check, pick } = compile(name);
	if (!check(value)) {
		const { place, what } = explain(check.errors ?? []);
		complain(place, what);
	}
	COLLECTIONS[name].refine?.(value as never, complain);
	return pick(value, strings);
}

/** The default name of a resource is its id. */
function nameAfterId(resource: unknown): void {
	if (isMap(resource) && "id" in resource) resource["name"] ??= resource["id"];
}

function parseText(text: string, path: string): YamlDocument[] {
	const plain = text.startsWith("\uFEFF") ? text.slice(1) : text;
	if (!path.endsWith(".json")) return parseBoundedYaml(plain, path);
	let parsed: YamlDocument[] | undefined;
	const line = (place: JsonPath) => {
		if (plain.length > MOST_YAML) return undefined;
		parsed ??= parseBoundedYaml(plain, path);
		return parsed[0]?.line(place);
	};
	try {
		return [{ value: parseInOrder(plain), line }];
	} catch {
		// JSON is YAML too, and the YAML parser knows lines and accepts a trailing comma.
		return parseBoundedYaml(plain, path);
	}
}

function parseBoundedYaml(text: string, path: string): YamlDocument[] {
	if (text.length <= MOST_YAML) return parseYaml(text, path, "inventory", { markKeys: true });
	throw new GuestwireError(
		"inventory",
		`${path} is not JSON, and larger than 8 MiB, the limit for YAML: split it, or convert it to JSON`,
	);
}

interface Resource {
	readonly name: CollectionName;
	/** From the document's root. */
	readonly place: JsonPath;
	readonly value: unknown;
}

function* resourcesOf(document: YamlDocument, path: string): Generator<Resource> {
	if (!isMap(document.value)) fail(document, path, [], `must be a map of collections (${COLLECTION_NAMES.join(", ")})`);
	const root = document.value as object;
	const record = collectionOfRecord(root);
	if (record) return yield { name: record, place: [], value: root };
	for (const [member, what] of Object.entries(WITHOUT_RECORDS)) {
		const advice = "save /v1/nodes/detail, /v1/ports/detail and /v1/portgroups/detail instead, and remove it";
		if (member in root) fail(document, path, [], `is ${what}, and has no records: ${advice}`);
	}
	for (const [key, content] of Object.entries(root)) {
		if (PAGING.test(key)) continue;
		const name = KEYS.get(key);
		if (!name) return fail(document, path, [key], `is not a known collection; ${suggest(key, [...KEYS.keys()])}`);
		for (const [index, value] of (Array.isArray(content) ? content : [content]).entries()) {
			const place = Array.isArray(content) ? [key, index] : [key];
			// Nova's list of key pairs is [{"keypair": {…}}].
			const { singular } = COLLECTIONS[name];
			const nested = isMap(value) && isMap(value[singular]);
			const [at, resource] = nested ? [[...place, singular], value[singular]] : [place, value];
			yield { name: collectionOf(name, resource), place: at, value: resource };
		}
	}
}

/**
 * Describes where a resource is: `inventory/lan.yaml:12: ports[3]`.
 *
 * @param text the current text of its file
 * @param index of the resource in its collection of the file
 * @param within a path in the resource
 */
export function locateInText(
	text: string,
	path: string,
	name: CollectionName,
	index: number,
	within: JsonPath = [],
): string {
	let passed = 0;
	for (const document of parseText(text, path)) {
		for (const resource of resourcesOf(document, path)) {
			if (resource.name === name && passed++ === index) return describe(document, path, [...resource.place, ...within]);
		}
	}
	return path;
}

function describe(document: YamlDocument, path: string, place: JsonPath): string {
	const line = document.line(place);
	return `${path}${line === undefined ? "" : `:${line}`}: ${formatPath(place)}`;
}

function fail(document: YamlDocument, path: string, place: JsonPath, what: string): never {
	throw new GuestwireError("inventory", `${describe(document, path, place)} ${what}`);
}
