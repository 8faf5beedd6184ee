/** The kind of a failure, for programs to match on. The message is for people. */
export type ErrorCode =
	| "usage" // invalid command line
	| "config" // invalid configuration file
	| "inventory" // an inventory, or one of its records, that is invalid or can't be read
	| "unknown-instance" // no such instance
	| "unknown-path" // no such document
	| "cloud-unavailable" // the cloud is unreachable, and nothing is known about the instance
	| "cloud-answer" // the cloud returned an unexpected response
	| "vendor-data" // a vendor data service did not respond, and its data is required
	| "limit" // an instance with more ports, addresses, routes or bytes than documents may have, or a document that takes too long
	| "listen" // cannot listen on an address
	| "document" // an unreadable network_data.json
	| "drive" // a tree that does not fit on a config drive, or an unreadable image
	| "compare" // a metadata service that differs from Nova's, or gives no answer
	| "doctor" // a part that is unreachable or configured incorrectly
	| "password" // a guest's password that is not set, or can't be shown
	| "output" // a file cannot be written
	| "state"; // the state database is unusable

/** An error meant for the user. It is shown as one line, without a stack trace: what, where, what to do. */
export class GuestwireError extends Error {
	readonly code: ErrorCode;

	/**
	 * @param code the kind of failure
	 * @param message one line: what, where, what to do
	 */
	constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = "GuestwireError";
		this.code = code;
	}
}

/** Runs `work` and prefixes the message of a `GuestwireError` with a place: `guestwire.yaml:7: metadata[0].listen: …`. */
export async function withLocation<T>(place: string | undefined, work: () => T | Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (place === undefined || !(error instanceof GuestwireError)) throw error;
		throw new GuestwireError(error.code, `${place}: ${error.message}`, { cause: error });
	}
}
