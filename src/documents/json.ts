/**
 * JSON as Nova writes it: one line, with `", "` and `": "` as separators and non-ASCII characters escaped. Start-up
 * scripts in real images parse these documents with grep and sed, and an ASCII document works in any locale.
 */

/** The text of a document. Members that are undefined are left out, as by `JSON.stringify`. */
export function jsonText(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
	if (typeof value === "object" && value !== null) {
		const members = Object.entries(value).filter(([, member]) => member !== undefined);
		return `{${members.map(([key, member]) => `${jsonText(key)}: ${jsonText(member)}`).join(", ")}}`;
	}
	return escapeNonAscii(JSON.stringify(value ?? null));
}

/** The bytes of a document. */
export function jsonBytes(value: unknown): Uint8Array {
	return Buffer.from(jsonText(value), "latin1");
}

function escapeNonAscii(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: DEL too is escaped by Python only outside ASCII; keep ASCII
	return text.replaceAll(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
