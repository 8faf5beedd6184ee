/**
 * The order of keys. JavaScript moves the keys of an object that are numbers ("10") to its front. Guests get metadata in
 * the API's order, and a server's NICs are in the order of the networks in its `addresses`, which are called "100" where
 * people name networks after VLANs. Facts therefore have such keys with a mark, which is taken off where they are read.
 */

/** In no key of metadata that Nova accepts (nova/api/validation/parameter_types.py), nor in any name that people write. */
const MARK = "\u0001";
const NUMBER = /^(?:0|[1-9]\d{0,9})$/;

/** A quote after a backslash is one in a string. */
const NUMBERS_IN_JSON = /(?<!\\)"((?:0|[1-9]\d{0,9})"[ \t\n\r]*:)/g;
const MARKED_IN_JSON = /(?<!\\)"\\u0001(?=\d+":)/g;

/** The key with a mark if it is a number. */
export function markedKey(key: string): string {
	return NUMBER.test(key) ? MARK + key : key;
}

/** The key without a mark. */
export function plainKey(key: string): string {
	return key.startsWith(MARK) ? key.slice(1) : key;
}

/**
 * `JSON.parse`, with marked keys.
 *
 * @throws SyntaxError
 */
export function parseInOrder(text: string): unknown {
	return JSON.parse(text.replace(NUMBERS_IN_JSON, '"\\u0001$1'));
}

/** `JSON.stringify` of a value with marked keys: without the marks, and in order. */
export function stringifyInOrder(value: unknown): string {
	return withoutMarks(JSON.stringify(value));
}

/** JSON without the marks of its keys. */
export function withoutMarks(json: string): string {
	return json.replace(MARKED_IN_JSON, '"');
}
