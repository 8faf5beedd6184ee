/**
 * YAML and JSON written by people: parsing, and telling what is wrong where. A fault is told in one line that starts
 * with `file:line:`.
 */
import type { ErrorObject } from "ajv";
import { closest } from "fastest-levenshtein";
import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseAllDocuments } from "yaml";
import { type ErrorCode, GuestwireError } from "./errors.ts";

/** Keys and indexes from a document's root to a value. */
export type Place = readonly (string | number)[];

/** One document of a YAML stream. */
export interface YamlDocument {
	readonly value: unknown;
	/** The line, from 1, of the value at a place or of its nearest ancestor in the text; undefined when it is unknown. */
	line(place: Place): number | undefined;
}

/**
 * Parses a YAML stream (of which JSON is one); documents without content are left out.
 *
 * @param file named in errors
 * @throws GuestwireError of the given code
 */
export function parseYaml(text: string, file: string, code: ErrorCode): YamlDocument[] {
	const lines = new LineCounter();
	const format = file.endsWith(".json") ? "JSON" : "YAML";
	const fail = (line: number, why: string): never => {
		throw new GuestwireError(code, `${file}:${line}: not ${format}: ${why}; correct the file`);
	};
	try {
		const documents = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true })];
		return documents.flatMap((document) => {
			const [error] = document.errors;
			if (error !== undefined) return fail(lines.linePos(error.pos[0]).line, error.message);
			if (document.contents === null) return [];
			return [{ value: document.toJS(), line: (place) => lineOf(document, lines, place) }];
		});
	} catch (error) {
		if (error instanceof GuestwireError) throw error;
		// Aliases that grow out of bounds, aliases of nothing, nesting deeper than the stack.
		return fail(1, error instanceof Error ? error.message : String(error));
	}
}

function lineOf(document: Document, lines: LineCounter, place: Place): number {
	let node: Node | null = document.contents as Node | null;
	let line = startLine(node, lines) ?? 1;
	for (const step of place) {
		if (isMap(node)) {
			const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(step));
			line = startLine(pair?.key, lines) ?? line;
			node = isNode(pair?.value) ? pair.value : null;
		} else {
			const item: unknown = isNode(node) && "items" in node ? node.items[Number(step)] : undefined;
			line = startLine(item, lines) ?? line;
			node = isNode(item) ? item : null;
		}
	}
	return line;
}

function startLine(node: unknown, lines: LineCounter): number | undefined {
	const start = isNode(node) ? node.range?.[0] : undefined;
	return start === undefined ? undefined : lines.linePos(start).line;
}

/** `metadata[0].listen`. */
export function placeText(place: Place): string {
	if (place.length === 0) return "the document";
	return place.reduce<string>(
		(text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
		"",
	);
}

/** What a schema's validator (ajv, `verbose`) complains of, in words, and the place of it. */
export function explain(errors: readonly ErrorObject[]): { readonly place: Place; readonly what: string } {
	// A misspelt key is missing under its right name too; and of a union, its own complaint says more than its branches'.
	const error =
		errors.find(({ keyword }) => keyword === "additionalProperties") ??
		errors.find(({ schemaPath }) => !schemaPath.includes("/anyOf/"));
	if (error === undefined) return { place: [], what: "is not valid" };
	const place = pointerPlace(error.instancePath);
	if (error.keyword === "additionalProperties") {
		const key: string = error.params["additionalProperty"];
		return { place: [...place, key], what: `is no known key; ${suggest(key, Object.keys(known(error)))}` };
	}
	return { place, what: complaint(error) };
}

function known(error: ErrorObject): Record<string, unknown> {
	return (error.parentSchema?.["properties"] ?? {}) as Record<string, unknown>;
}

function complaint(error: ErrorObject): string {
	const { keyword, params, data } = error;
	if (keyword === "required") return `"${params["missingProperty"]}" is missing: add it`;
	if (keyword === "enum") {
		const allowed: string[] = params["allowedValues"].map(String);
		const nearest = typeof data === "string" ? `; did you mean "${nearestOf(data, allowed)}"?` : "";
		return `must be one of ${allowed.join(", ")}${nearest}`;
	}
	const [example] = error.parentSchema?.["examples"] ?? [];
	if (keyword === "pattern" && example !== undefined) return `must be like ${example}`;
	if (keyword === "minProperties" || keyword === "maxProperties") {
		const limit = error.parentSchema?.["minProperties"] === 1 ? "exactly" : "at most";
		return `must have ${limit} one of ${Object.keys(known(error)).join(", ")}`;
	}
	const types = allowedTypes(error.parentSchema);
	if ((keyword === "type" || keyword === "anyOf") && types.length > 0) {
		const quotes = types.includes("string") && (typeof data === "number" || typeof data === "boolean");
		return `must be ${types.map(typeName).join(" or ")}${quotes ? ": put it in quotes" : `, not ${nameOf(data)}`}`;
	}
	return error.message ?? "is not valid";
}

function allowedTypes(schema: ErrorObject["parentSchema"]): string[] {
	const branches: { type?: string }[] = schema?.["anyOf"] ?? [{ type: schema?.["type"] }];
	return [...new Set(branches.flatMap(({ type }) => type ?? []))];
}

const typeNames: Readonly<Record<string, string>> = {
	string: "text",
	array: "a list",
	object: "a map",
	boolean: "true or false",
	integer: "a whole number",
	number: "a number",
};

function typeName(type: string): string {
	return typeNames[type] ?? type;
}

function nameOf(value: unknown): string {
	if (value === null || value === undefined) return "empty";
	return typeName(Array.isArray(value) ? "array" : typeof value);
}

function pointerPlace(pointer: string): Place {
	return pointer
		.split("/")
		.slice(1)
		.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
		.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** The known word nearest to one that isn't known. */
export function nearestOf(word: string, words: readonly string[]): string {
	return closest(word, words);
}

/** What to do about an unknown word: `did you mean "…"?`. */
export function suggest(word: string, words: readonly string[]): string {
	return words.length === 0 ? "leave it out" : `did you mean "${nearestOf(word, words)}"?`;
}
