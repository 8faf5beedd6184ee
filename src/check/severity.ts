/** How an outcome becomes a severity. */
import type { Outcome, Severity } from "./finding.ts";
import type { Rule } from "./rule.ts";

/** Whether the guest loses networking. */
export function losesNetworking(outcome: Outcome): boolean {
	return outcome === "crash" || outcome === "lost";
}

/** The severity of an outcome under a rule. */
export function severityOf(outcome: Outcome, rule: Pick<Rule, "limitation">): Severity {
	if (losesNetworking(outcome)) return rule.limitation ? "warning" : "error";
	return outcome === "wrong" && !rule.limitation ? "warning" : "info";
}

const RANKS: readonly Severity[] = ["error", "warning", "info"];

/** 0 for the highest severity. */
export function rank(severity: Severity): number {
	return RANKS.indexOf(severity);
}

/** The highest of them; `info` if there is none. */
export function highest(severities: readonly Severity[]): Severity {
	return RANKS.find((severity) => severities.includes(severity)) ?? "info";
}
