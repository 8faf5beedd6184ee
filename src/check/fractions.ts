/** Whole numbers that are written with a fraction or an exponent, `1500.0`: JavaScript reads 1500, Python and Go do not. */
import { pointerToken } from "../json-pointer.ts";

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** Stands for such a number. */
const FRACTION = Symbol("fraction");
/** No member that a client reads is deeper: `/networks/0/routes/0/services/0/address`. */
const DEEPEST = 7;

const mark: Reviver = (_, value, context) =>
	Number.isInteger(value) && /[.e]/i.test(context?.source ?? "") ? FRACTION : value;

/**
 * Finds them. Where the runtime does not hand out the source of numbers, and in a document nested too deeply to be read by a
 * client, none are found.
 *
 * @param text JSON
 * @returns JSON pointers, in the order of the document
 */
export function fractionsIn(text: string): string[] {
	if (!/\d[.eE]/.test(text)) return [];
	try {
		return pointersIn(JSON.parse(text, mark as (key: string, value: unknown) => unknown), "", DEEPEST);
	} catch {
		return [];
	}
}

function pointersIn(value: unknown, pointer: string, depth: number): string[] {
	if (value === FRACTION) return [pointer];
	if (typeof value !== "object" || value === null || depth === 0) return [];
	return Object.entries(value).flatMap(([key, child]) =>
		pointersIn(child, `${pointer}/${pointerToken(key)}`, depth - 1),
	);
}
