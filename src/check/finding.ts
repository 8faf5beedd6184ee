/** The results of a check. */
import type { ClientName } from "./clients/names.ts";

/**
 * What a client makes of a fault:
 * `crash`: it stops; the guest has no networking, or only what was set up before;
 * `lost`: a link, an address or a route of the document never comes up;
 * `wrong`: networking comes up, but not as the document says;
 * `ignored`: the client leaves this out, and the guest's networking does not suffer.
 */
export type Outcome = "crash" | "lost" | "wrong" | "ignored";

/**
 * `error`: a client loses networking, and another document would avoid it; `warning`: a client gets something wrong, or
 * loses networking because it does not support what the document says; `info`: good to know.
 */
export type Severity = "error" | "warning" | "info";

/** Where an effect occurs, when not in every version and renderer that was judged. */
export interface EffectScope {
	/** The first version, within those that were judged. Absent: from the oldest on. */
	readonly since?: string;
	/** The version that no longer does it. Absent: up to the newest. */
	readonly until?: string;
	/** Names from the client's table. Absent: with every renderer that was judged, or the client has only one. */
	readonly renderers?: readonly string[];
}

/** What happens in one client. */
export interface ClientEffect {
	readonly client: ClientName;
	readonly outcome: Outcome;
	readonly severity: Severity;
	/** One sentence without a capital letter or full stop. */
	readonly text: string;
	/** Where it happens. Absent: wherever the client was judged. */
	readonly scopes?: readonly EffectScope[];
}

/** One fault of a document, with its effects. */
export interface Finding {
	/** Id of the rule, as in `docs/check.md`. */
	readonly rule: string;
	/** The highest severity among the effects. */
	readonly severity: Severity;
	/** JSON pointer (RFC 6901) to a value of the document; if a member is missing, to the object that lacks it. */
	readonly pointer: string;
	/** What is wrong there, in one sentence. */
	readonly message: string;
	/** What to change. */
	readonly fix: string;
	/** In the order of the clients; empty if the finding is about the check itself. */
	readonly effects: readonly ClientEffect[];
}
