/** The border: what an API or a file says becomes a typed value here, or an error that names the place. */
import { Ajv } from "ajv";
import type { Static, TSchema } from "typebox";
import { explain, placeText } from "../../checked-text.ts";
import { type ErrorCode, GuestwireError } from "../../errors.ts";
import { createPicker } from "../picker.ts";

const ajv = new Ajv({ useDefaults: true, verbose: true });

/** Turns an unknown value into a `T`: defaults filled in, and nothing in it that the schema doesn't name. */
export type Reader<T> = (value: unknown, where: string) => T;

/**
 * A reader for a schema.
 *
 * @throws (the reader) GuestwireError of the code: where, which member, what was expected; never the value
 */
export function reader<T extends TSchema>(schema: T, code: ErrorCode = "cloud-answer"): Reader<Static<T>> {
	const isValid = ajv.compile<Static<T>>(schema);
	const keep = createPicker(schema);
	return (value, where) => {
		if (isValid(value)) return keep(value, new Map()) as Static<T>;
		const { place, what } = explain(isValid.errors ?? []);
		throw new GuestwireError(code, `${where}: ${placeText(place)} ${what}`);
	};
}
