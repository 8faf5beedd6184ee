/** Reading JSON of unknown shape. Nothing here throws, whatever the value. */
import { printable } from "../printable.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object's own member; undefined if it has no such member. */
export function member(object: JsonObject, name: string): unknown {
	return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether Python finds nothing there: missing, null, false, 0, or an empty text, list or object. */
export function isBlank(value: unknown): boolean {
	if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
	return !value;
}

/** Whether it is an empty text or an empty object, which Python iterates over like an empty list. */
export function isEmptyContainer(value: unknown): boolean {
	return value === "" || (isObject(value) && isBlank(value));
}

/** How deep, and how far in each list or object, `valueText` looks. */
const DEEPEST_JSON = 3;
const WIDEST_JSON = 8;

/**
 * A value as text, whatever it is: `String` calls what a hostile document calls `toString`, and recurses. Lists and objects
 * become JSON, of which only the beginning is kept. Not safe to print.
 */
export function valueText(value: unknown, depth = DEEPEST_JSON): string {
	if (typeof value !== "object" || value === null) return String(value);
	const isList = Array.isArray(value);
	if (depth === 0) return isList ? "[…]" : "{…}";
	const keys = isList ? [...value.slice(0, WIDEST_JSON).keys()] : Object.keys(value).slice(0, WIDEST_JSON);
	const parts = keys.map((key) => {
		const text = valueText((value as Record<string | number, unknown>)[key], depth - 1);
		return isList ? text : `${JSON.stringify(key)}:${text}`;
	});
	return isList ? `[${parts.join()}]` : `{${parts.join()}}`;
}

const LONGEST_SHOWN = 60;

/** A value for a message: shortened and safe to print. */
export function show(value: unknown): string {
	if (Array.isArray(value)) return "a list";
	if (isObject(value)) return "an object";
	if (typeof value !== "string") return String(value);
	const text = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
	return `"${printable(text)}"`;
}

/** Whether it is a whole number, 0 included. */
export function isWhole(value: unknown): value is number {
	return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** Whether it is text of one to nine digits. */
export function isDigits(value: unknown): boolean {
	return typeof value === "string" && /^\d{1,9}$/.test(value);
}

/** The number that a value stands for, as text too; NaN for anything else. */
export function numberOf(value: unknown): number {
	return typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
}
