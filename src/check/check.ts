/** The check: every rule over one document. */
import { RULES } from "./catalogue.ts";
import { CLIENTS, type Client } from "./clients.ts";
import { type DocumentView, viewDocument } from "./document-view.ts";
import type { ClientEffect, Finding } from "./finding.ts";
import { type Hit, highest, losesNetworking, type Rule, rank, severityOf } from "./rule.ts";

export interface CheckOptions {
	/** Only what hits these. Default: every client. */
	readonly clients?: readonly Client[];
}

/** Of a rule that is broken in more places, so many are told, the last of them with the number of the others. */
const MOST_OF_A_RULE = 50;

/**
 * What is wrong with a `network_data.json` of any maker, and what each guest-side client makes of it.
 *
 * @param document the parsed JSON, of any shape; never throws, whatever it is. Of very long lists only the beginning is
 * read, which is a finding itself.
 * @returns the highest severity first, then in the order of `RULES`, then in that of the document; the same for the
 * same document. Empty for a document that suits every client.
 */
export function check(document: unknown, options: CheckOptions = {}): Finding[] {
	const view = viewDocument(document);
	const clients = options.clients ?? CLIENTS;
	const findings = RULES.flatMap((rule) => findingsOf(rule, view, clients));
	return findings.sort((one, other) => rank(one.severity) - rank(other.severity));
}

/** The clients that would lose networking, or part of it, in the order of `CLIENTS`. */
export function losingClients(findings: readonly Finding[]): Client[] {
	const effects = findings.flatMap((finding) => finding.effects);
	return CLIENTS.filter((client) => effects.some((one) => one.client === client && losesNetworking(one.outcome)));
}

function findingsOf(rule: Rule, view: DocumentView, clients: readonly Client[]): Finding[] {
	const findings: Finding[] = [];
	let more = 0;
	for (const hit of rule.find(view)) {
		const effects = effectsOf(rule, hit, clients);
		// A rule without effects is about the check itself.
		if (effects.length === 0 && Object.keys(rule.effects).length > 0) continue;
		if (findings.length === MOST_OF_A_RULE) more++;
		else findings.push(findingOf(rule, hit, effects));
	}
	const last = findings.at(-1);
	if (last && more > 0) findings.splice(-1, 1, { ...last, message: `${last.message} (and ${more} more like this)` });
	return findings;
}

function effectsOf(rule: Rule, { only }: Hit, clients: readonly Client[]): ClientEffect[] {
	return CLIENTS.flatMap((client) => {
		const effect = rule.effects[client];
		if (!effect || !clients.includes(client) || only?.has(client) === false) return [];
		return [{ client, outcome: effect.outcome, severity: severityOf(effect.outcome, rule), text: effect.text }];
	});
}

function findingOf({ id, fix }: Rule, { pointer, message }: Hit, effects: readonly ClientEffect[]): Finding {
	return { rule: id, severity: highest(effects.map((effect) => effect.severity)), pointer, message, fix, effects };
}
