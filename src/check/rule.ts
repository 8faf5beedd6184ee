/** The form of a rule, and how a client's outcome becomes a severity. */
import { CLIENTS, type Client, type ClientSet } from "./clients.ts";
import type { DocumentView } from "./document-view.ts";
import type { Outcome, Severity } from "./finding.ts";

/** What the fault does in one client. */
export interface Effect {
	readonly outcome: Outcome;
	readonly text: string;
}

export interface Rule {
	readonly id: string;
	/** What is wrong, without a document's values: a row of `docs/check.md`. */
	readonly title: string;
	/** What to change. */
	readonly fix: string;
	/**
	 * Set where the document is sound and the clients have no means for what it says: losing networking is a warning
	 * then, anything less is good to know.
	 */
	readonly limitation?: true;
	readonly effects: Readonly<Partial<Record<Client, Effect>>>;
	/** The places of the document that have the fault, in the document's order. */
	find(document: DocumentView): Iterable<Hit>;
}

/** One place that has a rule's fault. */
export interface Hit {
	readonly pointer: string;
	readonly message: string;
	/** Of the clients in the rule's effects, those that this place can hit. Default: all. */
	readonly only?: ClientSet;
}

export const crash = (text: string): Effect => ({ outcome: "crash", text });
export const lost = (text: string): Effect => ({ outcome: "lost", text });
export const wrong = (text: string): Effect => ({ outcome: "wrong", text });
export const ignored = (text: string): Effect => ({ outcome: "ignored", text });

/** The same in every client, since it is the guest's kernel or resolver that suffers. */
export function inEveryClient(effect: Effect): Record<Client, Effect> {
	return Object.fromEntries(CLIENTS.map((client) => [client, effect])) as Record<Client, Effect>;
}

/** Whether the outcome costs the guest networking. */
export function losesNetworking(outcome: Outcome): boolean {
	return outcome === "crash" || outcome === "lost";
}

export function severityOf(outcome: Outcome, rule: Pick<Rule, "limitation">): Severity {
	if (losesNetworking(outcome)) return rule.limitation ? "warning" : "error";
	return outcome === "wrong" && !rule.limitation ? "warning" : "info";
}

const RANKS: readonly Severity[] = ["error", "warning", "info"];

/** 0 for the highest. */
export function rank(severity: Severity): number {
	return RANKS.indexOf(severity);
}

/** The highest of them; `info` for none. */
export function highest(severities: readonly Severity[]): Severity {
	return RANKS.find((severity) => severities.includes(severity)) ?? "info";
}
