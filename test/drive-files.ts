/** Trees for config drives. */
import fc from "fast-check";
import type { MetadataTree } from "../src/documents/tree.ts";

/** Path → bytes. */
export type Files = ReadonlyMap<string, Uint8Array>;

export function treeOf(files: Files): MetadataTree {
	return { paths: () => files.keys(), read: (path) => files.get(path) };
}

/** A name that every format takes. */
export const plainName = fc.string({ unit: fc.constantFrom(..."abcxyzABC019_-"), minLength: 1, maxLength: 12 });
/** Names on both sides of every limit. */
export const anyName = fc.oneof(
	{ weight: 4, arbitrary: plainName },
	fc.string({ unit: "grapheme", maxLength: 20 }),
	fc.string({ unit: "binary", maxLength: 8 }),
	fc.string({ unit: fc.constantFrom(...'ab. -_+~:*?\\"<>|;'), maxLength: 12 }),
	fc.string({ unit: fc.constantFrom("a", "é", "鍵", "ß"), minLength: 50, maxLength: 70 }),
	fc.string({ unit: fc.constantFrom("a", "A", "."), minLength: 1, maxLength: 3 }),
	fc.constantFrom("", ".", "..", "CON", "nul.txt", "\ud800", "e\u0301", "a".repeat(255), "a".repeat(256)),
);

/** @param deepest names of a path
 * @param most files */
export function filesOf(name: fc.Arbitrary<string>, deepest: number, most: number): fc.Arbitrary<Files> {
	const path = fc.array(name, { minLength: 1, maxLength: deepest }).map((names) => names.join("/"));
	const bytes = fc.oneof(
		fc.uint8Array({ maxLength: 64 }),
		fc.nat(5000).map((length) => new Uint8Array(length).fill(7)),
	);
	return fc.array(fc.tuple(path, bytes), { maxLength: most }).map((entries) => new Map(entries));
}

/** The path that a refusal starts with: a JSON string, but with `\u{e0001}` for what JSON writes as two escapes. */
export function refusedPath(message: string): unknown {
	const quoted = /^"(?:[^"\\]|\\.)*"/.exec(message)?.[0] ?? "null";
	return JSON.parse(
		quoted.replace(
			/(?<!\\)((?:\\\\)*)\\u\{([0-9a-f]+)\}/g,
			(_, before, code) => before + String.fromCodePoint(Number.parseInt(code, 16)),
		),
	);
}
