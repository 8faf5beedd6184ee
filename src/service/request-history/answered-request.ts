/** What is recorded of a request. */

/** A request that has been answered, as the listener hands it over: nothing is computed before the answer is sent. */
export interface AnsweredRequest {
	/** Milliseconds since 1970. */
	readonly at: number;
	/** The instance's id, if the request has proved to speak for it. */
	readonly instance: string | undefined;
	readonly method: string;
	/** The normalized path; undefined if no document can have it. */
	readonly path: string | undefined;
	readonly status: number;
	/** The size of the body. */
	readonly bytes: number;
	/** Milliseconds until the response was handed to the kernel. */
	readonly ms: number;
	readonly userAgent: string;
	/** The listener's address, as configured. */
	readonly listener: string;
	/** The document that was sent; undefined for errors. */
	readonly body: Uint8Array | undefined;
	readonly reason?: string | undefined;
	/** For operators: names no file of this machine. */
	readonly detail?: string | undefined;
	/** Who asked, for a request without an instance. */
	readonly source?: RequestSource | undefined;
}

/** What a refused request says about its origin. None of it is proved. */
export interface RequestSource {
	/** The peer's address; absent on a unix socket. */
	readonly peer?: string | undefined;
	/** `X-Forwarded-For`. */
	readonly address?: string | undefined;
	readonly networkId?: string | undefined;
	readonly routerId?: string | undefined;
	/** The id that was claimed. */
	readonly instance?: string | undefined;
	readonly projectId?: string | undefined;
	/** `X-Metadata-Provider`. */
	readonly providerId?: string | undefined;
}

/** Who sent a request, as far as that is certain: refusals are bounded by it, because all else can be made up. */
export function peerOf(source: RequestSource | undefined): string {
	return source?.peer ?? "";
}

/** A stored request of an instance. */
export interface RecordedRequest {
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly method: string;
	/** Empty if no document can have it. */
	readonly path: string;
	readonly status: number;
	readonly bytes: number;
	readonly ms: number;
	readonly userAgent: string;
	readonly listener: string;
	readonly node: string;
	/** Why there was no document; empty if there was one. */
	readonly reason: string;
}
