/** Reading JSON of unknown shape: nothing here throws, whatever the value. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object's own member; undefined when it has none of that name. */
export function member(object: JsonObject, name: string): unknown {
	return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether a client that tests for truth finds nothing there: missing, null, false, 0, or an empty text or list. */
export function isBlank(value: unknown): boolean {
	if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
	return !value;
}

const LONGEST_SHOWN = 60;

/**
 * A value for a message: bounded, on one line, without a character that a terminal or the eye takes for something else.
 */
export function show(value: unknown): string {
	if (Array.isArray(value)) return "a list";
	if (isObject(value)) return "an object";
	if (typeof value !== "string") return String(value);
	const text = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
	const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
	const spelled = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
	return `"${text.replace(unsafe, spelled)}"`;
}
