/**
 * JSON as Nova writes it: one line, with `", "` and `": "` as separators and non-ASCII characters escaped. Start-up
 * scripts in real images parse these documents with grep and sed, and an ASCII document works in any locale.
 */

/**
 * The text of a document. Members that are undefined are left out, as by `JSON.stringify`. A `Map` is an object whose keys
 * are in its order, whatever they are.
 */
export function jsonText(value: unknown): string {
	const text = unescapedText(value);
	return ESCAPED.test(text) ? escapedBytes(text).toString("latin1") : text;
}

/** The bytes of a document. */
export function jsonBytes(value: unknown): Uint8Array {
	const text = unescapedText(value);
	return ESCAPED.test(text) ? escapedBytes(text) : Buffer.from(text, "latin1");
}

function unescapedText(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(unescapedText).join(", ")}]`;
	if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
	// A large instance has tens of thousands of members, which have to be written at once.
	let members = "";
	for (const [key, member] of value instanceof Map ? value : Object.entries(value)) {
		if (member === undefined) continue;
		members += `${members === "" ? "" : ", "}${JSON.stringify(key)}: ${unescapedText(member)}`;
	}
	return `{${members}}`;
}

/** What Python escapes and `JSON.stringify` does not: DEL, and everything outside ASCII. It occurs only in strings. */
const ESCAPED = /[^ -~]/;
const isPlain = (unit: number) => unit >= 0x20 && unit < 0x7f;
/** Bytes of an escaped UTF-16 unit, such as `\u00e9`. */
const ESCAPE_LENGTH = 6;
const HEX = Buffer.from("0123456789abcdef");
const [BACKSLASH, U] = Buffer.from("\\u") as unknown as readonly [number, number];

/** Unit by unit into bytes: replacing each of a million units in a text would stall for a tenth of a second. */
function escapedBytes(text: string): Buffer {
	let size = text.length;
	for (let at = 0; at < text.length; at++) if (!isPlain(text.charCodeAt(at))) size += ESCAPE_LENGTH - 1;
	const bytes = Buffer.allocUnsafe(size);
	let end = 0;
	for (let at = 0; at < text.length; at++) {
		const unit = text.charCodeAt(at);
		if (isPlain(unit)) {
			bytes[end++] = unit;
			continue;
		}
		bytes[end] = BACKSLASH;
		bytes[end + 1] = U;
		bytes[end + 2] = HEX[unit >> 12] ?? 0;
		bytes[end + 3] = HEX[(unit >> 8) & 15] ?? 0;
		bytes[end + 4] = HEX[(unit >> 4) & 15] ?? 0;
		bytes[end + 5] = HEX[unit & 15] ?? 0;
		end += ESCAPE_LENGTH;
	}
	return bytes;
}
