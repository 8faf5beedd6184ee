/**
 * What went wrong, in a word that programs can match on. The message says it to a person, in one line:
 * what, where, what to do.
 */
export type ErrorCode =
	| "usage" // wrong command line
	| "config" // wrong configuration file
	| "inventory" // wrong inventory file
	| "unknown-instance" // no such instance
	| "unknown-path" // no such document
	| "cloud-unavailable" // the cloud could not be asked; nothing is known
	| "cloud-answer" // the cloud answered something unexpected
	| "listen" // an address can't be listened on
	| "document" // a network_data.json that can't be read
	| "drive" // a tree that can't be put on a drive, or an image that can't be read
	| "output" // a file can't be written
	| "state"; // the state database can't be used

/** An error whose message is for the user: shown as one line, without a stack trace. */
export class GuestwireError extends Error {
	readonly code: ErrorCode;

	/**
	 * @param code what kind of fault it is
	 * @param message one line: what, where, what to do
	 */
	constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = "GuestwireError";
		this.code = code;
	}
}

/** Runs something of which errors must say where it was asked for: `guestwire.yaml:7: metadata[0].listen: …`. */
export async function placed<T>(place: string | undefined, work: () => T | Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (place === undefined || !(error instanceof GuestwireError)) throw error;
		throw new GuestwireError(error.code, `${place}: ${error.message}`, { cause: error });
	}
}
