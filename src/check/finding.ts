/** What a check tells. */
import type { Client } from "./clients.ts";

/**
 * What a client makes of the fault:
 * `crash`: it stops; the guest has no networking, or only what was done before;
 * `lost`: a link, an address or a route of the document never comes up;
 * `wrong`: networking comes up, but not as the document says;
 * `ignored`: it leaves this out, and the guest's networking does not suffer.
 */
export type Outcome = "crash" | "lost" | "wrong" | "ignored";

/**
 * `error`: a client loses networking; `warning`: a client gets something wrong, or loses networking because it has no
 * means for what the document says; `info`: good to know.
 */
export type Severity = "error" | "warning" | "info";

/** What happens in one client. */
export interface ClientEffect {
	readonly client: Client;
	readonly outcome: Outcome;
	readonly severity: Severity;
	/** One sentence without a capital letter or full stop. */
	readonly text: string;
}

export interface Finding {
	/** Id of the rule, as in `docs/check.md`. */
	readonly rule: string;
	/** The highest among the effects. */
	readonly severity: Severity;
	/** JSON pointer (RFC 6901) to a value of the document; where a member is missing, to the object that lacks it. */
	readonly pointer: string;
	/** What is wrong there, in one sentence. */
	readonly message: string;
	/** What to change. */
	readonly fix: string;
	/** One entry a client that is hit, in the order of `CLIENTS`; empty when the fault is nobody's in particular. */
	readonly effects: readonly ClientEffect[];
}
