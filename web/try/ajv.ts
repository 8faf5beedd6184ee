/** The part of ajv that reads a document, in browsers: ajv compiles schemas to code, which a strict policy forbids. */
import { Check, Errors } from "typebox/schema";

export class Ajv2020 {
	compile(schema: object) {
		const isValid = (value: unknown): boolean => {
			const valid = Check(schema, value);
			isValid.errors = valid ? null : Errors(schema, value)[1];
			return valid;
		};
		isValid.errors = null as unknown;
		return isValid;
	}
}
