/** Parses YAML and JSON written by people. Every error is one line that starts with `file:line:`. */
import type { ErrorObject } from "ajv";
import { closest } from "fastest-levenshtein";
import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseAllDocuments, visit } from "yaml";
import { type ErrorCode, GuestwireError } from "./errors.ts";
import { markedKey, plainKey } from "./key-order.ts";

/** The path of a value: keys and indexes from the document's root. */
export type JsonPath = readonly (string | number)[];

/** One document of a YAML stream. */
export interface YamlDocument {
	readonly value: unknown;
	/** The line, counted from 1, of the value at `place`, or of its nearest ancestor; undefined if unknown. */
	line(place: JsonPath): number | undefined;
}

export interface YamlOptions {
	/** Marks keys, so that their order is kept (key-order.ts). Default: false. */
	readonly markKeys?: boolean;
}

/**
 * Parses a YAML or JSON stream. Empty documents are dropped.
 *
 * @param file the name shown in errors
 * @throws GuestwireError with the given code
 */
export function parseYaml(
	text: string,
	file: string,
	code: ErrorCode,
	{ markKeys = false }: YamlOptions = {},
): YamlDocument[] {
	const lines = new LineCounter();
	const format = file.endsWith(".json") ? "JSON" : "YAML";
	const fail = (line: number, why: string): never => {
		throw new GuestwireError(code, `${file}:${line}: invalid ${format}: ${why}; correct the file`);
	};
	try {
		const documents = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true })];
		return documents.flatMap((document) => {
			const [error] = document.errors;
			if (error !== undefined) return fail(lines.linePos(error.pos[0]).line, error.message);
			const { contents } = document;
			if (contents === null || (isScalar(contents) && contents.value === null)) return [];
			if (markKeys) visit(document, { Pair: (_, { key }) => void markKey(key) });
			return [{ value: document.toJS(), line: (place) => lineOf(document, lines, place) }];
		});
	} catch (error) {
		if (error instanceof GuestwireError) throw error;
		// Aliases that expand without bound, unresolved aliases, nesting deeper than the stack.
		return fail(1, error instanceof Error ? error.message : String(error));
	}
}

function markKey(key: unknown): void {
	if (isScalar(key) && /^(string|number)$/.test(typeof key.value)) key.value = markedKey(String(key.value));
}

function lineOf(document: Document, lines: LineCounter, place: JsonPath): number {
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

/** Formats a path: `metadata[0].listen`. */
export function formatPath(place: JsonPath): string {
	if (place.length === 0) return "the document";
	return place.reduce<string>(
		(text, step) =>
			typeof step === "number" ? `${text}[${step}]` : `${text === "" ? "" : `${text}.`}${plainKey(step)}`,
		"",
	);
}

/** Turns ajv's errors (`verbose`) into one message and the path it applies to. */
export function explain(errors: readonly ErrorObject[]): { readonly place: JsonPath; readonly what: string } {
	// A misspelt key is also reported as missing. For a union, its own error is clearer than its branches' errors.
	const error =
		errors.find(({ keyword }) => keyword === "additionalProperties") ??
		errors.find(({ schemaPath }) => !schemaPath.includes("/anyOf/"));
	if (error === undefined) return { place: [], what: "is invalid" };
	const place = pointerPlace(error.instancePath);
	if (error.keyword === "additionalProperties") {
		const key: string = error.params["additionalProperty"];
		return { place: [...place, key], what: `is not a known key; ${suggest(key, Object.keys(known(error)))}` };
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
	const { types, names, values } = allowed(error.parentSchema);
	if ((keyword === "type" || keyword === "anyOf") && types.length > 0) {
		const quotes = types.includes("string") && (typeof data === "number" || typeof data === "boolean");
		const found = values.length > 0 ? JSON.stringify(data) : nameOf(data);
		return `must be ${[...names, ...values].join(" or ")}${quotes ? ": quote it" : `, not ${found}`}`;
	}
	return error.message ?? "is invalid";
}

/** The types of a schema or its branches, their names, and the values that stand beside a type, such as `auto`. */
function allowed(schema: ErrorObject["parentSchema"]) {
	const branches: Branch[] = schema?.["anyOf"] ?? [{ type: schema?.["type"] }];
	const typed = branches.flatMap(({ type, minimum, maximum }) => {
		const range = minimum === undefined || maximum === undefined ? "" : ` from ${minimum} to ${maximum}`;
		return type === undefined ? [] : [{ type, name: typeName(type) + range }];
	});
	return {
		types: typed.map(({ type }) => type),
		names: [...new Set(typed.map(({ name }) => name))],
		values: branches.flatMap(({ enum: values = [] }) => values.map(String)),
	};
}

interface Branch {
	readonly type?: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly enum?: readonly unknown[];
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

function pointerPlace(pointer: string): JsonPath {
	return pointer
		.split("/")
		.slice(1)
		.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
		.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** The known word closest to an unknown one. */
export function nearestOf(word: string, words: readonly string[]): string {
	return closest(word, words);
}

/** Advice for an unknown word: `did you mean "…"?`. */
export function suggest(word: string, words: readonly string[]): string {
	return words.length === 0 ? "remove it" : `did you mean "${nearestOf(word, words)}"?`;
}
