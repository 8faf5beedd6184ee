/** One inventory file's text to checked resources, and back from a resource to the line that it stands on. */
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { explain, type Place, parseYaml, placeText, suggest, type YamlDocument } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import { createPicker, type Picker } from "../picker.ts";
import { COLLECTION_NAMES, COLLECTIONS, type CollectionName, type Collections, type Complain } from "./collections.ts";

/** What a file is known by. */
export interface InventoryFile {
	readonly path: string;
	readonly collections: Collections;
}

/** Characters that YAML's parser is given at most: its syntax tree takes a hundred times the memory of the text. */
const MOST_YAML = 8 * 1024 * 1024;

const ajv = new Ajv2020({ useDefaults: true, verbose: true, meta: false, validateSchema: false });

/** Compiled when a file first has the collection: most inventories have a few of them. */
const compiled = new Map<CollectionName, { readonly check: ValidateFunction; readonly keep: Picker }>();

function compile(name: CollectionName) {
	const known = compiled.get(name);
	if (known !== undefined) return known;
	const { schema } = COLLECTIONS[name];
	const made = { check: ajv.compile(schema), keep: createPicker(schema) };
	compiled.set(name, made);
	return made;
}

/** Every top-level key, in the singular and in the plural. */
const KEYS: ReadonlyMap<string, CollectionName> = new Map(
	COLLECTION_NAMES.flatMap((name) => [
		[name, name],
		[COLLECTIONS[name].singular, name],
	]),
);

/** A list that an API answers in pages has a `ports_links` beside it. */
const PAGING = /_links$/;

/**
 * @param path the file's, named in errors
 * @throws GuestwireError `inventory`, naming file, line and place
 */
export function parseInventoryFile(text: string, path: string): InventoryFile {
	const strings = new Map<string, string>();
	const collections = Object.fromEntries(COLLECTION_NAMES.map((name): [string, unknown[]] => [name, []])) as Record<
		CollectionName,
		unknown[]
	>;
	for (const document of parseText(text, path)) {
		for (const { name, place, value } of resourcesOf(document, path)) {
			const complain: Complain = (within, what) => fail(document, path, [...place, ...within], what);
			collections[name].push(checkResource(name, value, complain, strings));
		}
	}
	return { path, collections: collections as unknown as Collections };
}

function checkResource(
	name: CollectionName,
	value: unknown,
	complain: Complain,
	strings: Map<string, string>,
): unknown {
	nameAfterId(value);
	const { check, keep } = compile(name);
	if (!check(value)) {
		const { place, what } = explain(check.errors ?? []);
		complain(place, what);
	}
	COLLECTIONS[name].refine?.(value as never, complain);
	return keep(value, strings);
}

/** A resource without a name is called by its id. */
function nameAfterId(resource: unknown): void {
	if (isMap(resource) && "id" in resource) resource["name"] ??= resource["id"];
}

function parseText(text: string, path: string): YamlDocument[] {
	const plain = text.startsWith("\uFEFF") ? text.slice(1) : text;
	if (!path.endsWith(".json")) return parseBoundedYaml(plain, path);
	try {
		const line = (place: Place) =>
			plain.length > MOST_YAML ? undefined : parseBoundedYaml(plain, path)[0]?.line(place);
		return [{ value: JSON.parse(plain), line }];
	} catch {
		// JSON is YAML too: its parser knows lines, and takes the comma too many that a person left.
		return parseBoundedYaml(plain, path);
	}
}

function parseBoundedYaml(text: string, path: string): YamlDocument[] {
	if (text.length <= MOST_YAML) return parseYaml(text, path, "inventory");
	throw new GuestwireError(
		"inventory",
		`${path}: not JSON, and too large for YAML (8 MiB): split it, or write it as JSON`,
	);
}

interface Resource {
	readonly name: CollectionName;
	/** From the document's root. */
	readonly place: Place;
	readonly value: unknown;
}

function* resourcesOf(document: YamlDocument, path: string): Generator<Resource> {
	if (!isMap(document.value)) fail(document, path, [], `must be a map of collections (${COLLECTION_NAMES.join(", ")})`);
	for (const [key, content] of Object.entries(document.value as object)) {
		if (PAGING.test(key)) continue;
		const name = KEYS.get(key);
		if (!name) return fail(document, path, [key], `is no known collection; ${suggest(key, [...KEYS.keys()])}`);
		for (const [index, value] of (Array.isArray(content) ? content : [content]).entries()) {
			const place = Array.isArray(content) ? [key, index] : [key];
			// Nova's list of key pairs is [{"keypair": {…}}].
			const { singular } = COLLECTIONS[name];
			const nested = isMap(value) && isMap(value[singular]);
			yield nested ? { name, place: [...place, singular], value: value[singular] } : { name, place, value };
		}
	}
}

/**
 * Where a resource stands: `inventory/lan.yaml:12: ports[3]`.
 *
 * @param text of its file, as it is now
 * @param index the resource's in its collection of the file
 * @param within a place in the resource
 */
export function placeOf(text: string, path: string, name: CollectionName, index: number, within: Place = []): string {
	let passed = 0;
	for (const document of parseText(text, path)) {
		for (const resource of resourcesOf(document, path)) {
			if (resource.name === name && passed++ === index) return describe(document, path, [...resource.place, ...within]);
		}
	}
	return path;
}

function describe(document: YamlDocument, path: string, place: Place): string {
	const line = document.line(place);
	return `${path}${line === undefined ? "" : `:${line}`}: ${placeText(place)}`;
}

function fail(document: YamlDocument, path: string, place: Place, what: string): never {
	throw new GuestwireError("inventory", `${describe(document, path, place)} ${what}`);
}

function isMap(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
