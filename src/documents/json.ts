/**
 * JSON as Nova writes it: one line, with `", "` and `": "` as separators and non-ASCII characters escaped. Start-up
 * scripts in real images parse these documents with grep and sed, and an ASCII document works in any locale.
 */

/**
 * The text of a document. Members that are undefined are left out, as by `JSON.stringify`. A `Map` is an object whose keys
 * are in its order, whatever they are.
 */
export function jsonText(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
	if (typeof value !== "object" || value === null) return scalarText(value);
	// A large instance has tens of thousands of members, which have to be written at once.
	let members = "";
	for (const [key, member] of value instanceof Map ? value : Object.entries(value)) {
		if (member === undefined) continue;
		members += `${members === "" ? "" : ", "}${scalarText(key)}: ${jsonText(member)}`;
	}
	return `{${members}}`;
}

/** The bytes of a document. */
export function jsonBytes(value: unknown): Uint8Array {
	return Buffer.from(jsonText(value), "latin1");
}

/** What Python escapes and `JSON.stringify` does not: DEL, and everything outside ASCII. */
const ESCAPED = /[^ -~]/g;

function scalarText(value: unknown): string {
	const text = JSON.stringify(value ?? null);
	if (text.search(ESCAPED) < 0) return text;
	return text.replaceAll(ESCAPED, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
