/** The boundary: turns what an API or a file contains into a typed value, or an error that names the place. */
import { Ajv } from "ajv";
import type { Static, TSchema } from "typebox";
import { explain, formatPath } from "../../checked-text.ts";
import { type ErrorCode, GuestwireError } from "../../errors.ts";
import { createPicker } from "../picker.ts";

/** What to do about an answer that no sound service gives. */
export const CHECK_SERVICE = "check the service and any proxy in front of it";

const ajv = new Ajv({ useDefaults: true, verbose: true });

/** Turns an unknown value into a `T`, with defaults filled in and only the members of the schema. */
export type Reader<T> = (value: unknown, where: string) => T;

/**
 * Creates a reader for a schema.
 *
 * @throws (the reader) GuestwireError with the code: where, which member, what was expected; never the value
 */
export function reader<T extends TSchema>(schema: T, code: ErrorCode = "cloud-answer"): Reader<Static<T>> {
	const isValid = ajv.compile<Static<T>>(schema);
	const pick = createPicker(schema);
	return (value, where) => {
		if (isValid(value)) return pick(value, new Map()) as Static<T>;
		const { place, what } = explain(isValid.errors ?? []);
		throw new GuestwireError(code, `${where}: ${formatPath(place)} ${what}`);
	};
}
