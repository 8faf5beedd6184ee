/** What Python does with a JSON value, as far as glean can fail at it. */
import { printable } from "../../printable.ts";
import { isObject, valueText } from "../json.ts";

interface StopDetails {
	readonly missing?: string;
	readonly isOfLink?: boolean;
}

/** An exception that ends glean. */
export class GleanStop extends Error {
	/** The part of the document that glean was reading. */
	readonly pointer: string;
	/** The member that is missing there. */
	readonly missing: string | undefined;
	/** Whether the link of the network there may be the reason. */
	readonly isOfLink: boolean;

	constructor(pointer: string, message: string, { missing, isOfLink = false }: StopDetails = {}) {
		super(message);
		this.pointer = pointer;
		this.missing = missing;
		this.isOfLink = isOfLink;
	}
}

/** `dictionary[key]`, when it has no such key. */
export function keyError(key: unknown, pointer: string): GleanStop {
	return new GleanStop(pointer, `KeyError '${printable(valueText(key).slice(0, 60))}'`, { isOfLink: true });
}

/** More than any real document has. */
const LONGEST = 512;

/** `object[key]`. */
export function get(object: unknown, key: string, pointer: string): unknown {
	if (!isObject(object)) throw new GleanStop(pointer, "TypeError");
	if (!Object.hasOwn(object, key)) throw new GleanStop(pointer, `KeyError '${key}'`, { missing: key });
	return object[key];
}

/** `for item in value`: a text has its letters, an object its keys. */
export function iterate(value: unknown, pointer: string): readonly unknown[] {
	if (Array.isArray(value)) return value.slice(0, LONGEST);
	if (typeof value === "string") return [...value.slice(0, LONGEST)];
	if (isObject(value)) return Object.keys(value).slice(0, LONGEST);
	throw new GleanStop(pointer, "TypeError");
}

/** `key in value`. */
export function isIn(key: string, value: unknown, pointer: string): boolean {
	if (isObject(value)) return Object.hasOwn(value, key);
	if (typeof value === "string" || Array.isArray(value)) return value.includes(key);
	throw new GleanStop(pointer, "TypeError");
}

/** A value as the key of a dictionary: lists and objects cannot be one. */
export function asKey(value: unknown, pointer: string): unknown {
	if (typeof value === "object" && value !== null) throw new GleanStop(pointer, "TypeError");
	return typeof value === "boolean" ? Number(value) : value;
}

/** `value.lower()`. */
export function lower(value: unknown, pointer: string): string {
	if (typeof value !== "string") throw new GleanStop(pointer, "AttributeError");
	return value.toLowerCase();
}

/** A value that is added to text. */
export function asText(value: unknown, pointer: string): string {
	if (typeof value !== "string") throw new GleanStop(pointer, "TypeError");
	return value;
}

/** `sorted()` by these values: Python orders numbers, and texts, but not one beside the other. */
export function sort<T>(items: readonly T[], keyOf: (item: T) => unknown, pointerOf: (item: T) => string): T[] {
	const kinds = new Set(items.map((item) => kindOf(keyOf(item))));
	if (items.length > 1 && (kinds.size > 1 || kinds.has("none") || kinds.has("object"))) {
		const odd = items.find((item) => kindOf(keyOf(item)) !== "string") ?? items[0];
		throw new GleanStop(odd === undefined ? "" : pointerOf(odd), "TypeError");
	}
	return items.toSorted((one, other) => compare(keyOf(one), keyOf(other)));
}

function kindOf(value: unknown): string {
	if (value === null || value === undefined) return "none";
	if (Array.isArray(value)) return "list";
	return typeof value === "boolean" ? "number" : typeof value;
}

function compare(one: unknown, other: unknown): number {
	const [a, b] = (Array.isArray(one) ? [valueText(one), valueText(other)] : [one, other]) as [string, string];
	return a < b ? -1 : a > b ? 1 : 0;
}

/** `ipv6_netmask_length`: groups of four digits up to the first that is empty or zero. */
export function ipv6Length(mask: unknown, pointer: string): number {
	let length = 0;
	for (const group of typeof mask === "string" ? mask.slice(0, 100).split(":") : [undefined]) {
		if (group === "") break;
		const bits = /^\s*(0x)?[0-9a-f]{1,8}\s*$/i.test(group ?? "") ? Number.parseInt(group ?? "", 16) : -1;
		if (bits === 0) break;
		const ones = 32 - Math.clz32(~bits & 0xffff);
		if (bits < 0 || bits > 0xffff || (0xffff << ones) & (0xffff & ~bits)) throw new GleanStop(pointer, badMask);
		if (ones > 15) throw new GleanStop(pointer, badMask);
		length += 16 - ones;
	}
	return length;
}

const badMask = 'SyntaxError "Bad Netmask"';

/** `ipv4_netmask_length`: any whole numbers between dots. */
export function ipv4Length(mask: unknown, pointer: string): void {
	if (typeof mask !== "string") throw new GleanStop(pointer, "AttributeError");
	const isNumber = (part: string) => /^\s*[+-]?\d+(_\d+)*\s*$/.test(part);
	if (!mask.slice(0, 100).split(".").every(isNumber)) throw new GleanStop(pointer, "ValueError");
}
