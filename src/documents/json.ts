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
const ESCAPED = /[^ -~]/;
const HEX = Buffer.from("0123456789abcdef");
const [BACKSLASH, U] = Buffer.from("\\u") as unknown as readonly [number, number];

function scalarText(value: unknown): string {
	const text = JSON.stringify(value ?? null);
	return ESCAPED.test(text) ? escaped(text) : text;
}

/** Unit by unit into bytes: replacing each of a million units in a text would stall for a tenth of a second. */
function escaped(text: string): string {
	const bytes = Buffer.allocUnsafe(text.length * 6);
	let length = 0;
	for (let at = 0; at < text.length; at++) {
		const unit = text.charCodeAt(at);
		if (unit >= 0x20 && unit < 0x7f) {
			bytes[length++] = unit;
			continue;
		}
		bytes[length++] = BACKSLASH;
		bytes[length++] = U;
		for (let shift = 12; shift >= 0; shift -= 4) bytes[length++] = HEX[(unit >> shift) & 15] ?? 0;
	}
	return bytes.toString("latin1", 0, length);
}
