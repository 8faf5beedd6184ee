import { GuestwireError } from "../errors.ts";

/** The database works, but rejects a statement for its values or its size, and will reject it again. */
export class RejectedStatementError extends GuestwireError {
	constructor(message: string, options: ErrorOptions) {
		super("state", message, options);
		this.name = "RejectedStatementError";
	}
}
