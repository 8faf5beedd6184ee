/** The check: every rule over one document, for every client that is asked for. */
import { RULES } from "./catalogue.ts";
import { type Cell, holds } from "./clients/cell.ts";
import type { Effect, Reaction } from "./clients/client.ts";
import { CLIENTS } from "./clients/index.ts";
import type { ClientName } from "./clients/names.ts";
import { type DocumentView, viewDocument } from "./document-view.ts";
import type { ClientEffect, Finding } from "./finding.ts";
import type { Fault, Rule } from "./rule.ts";
import { scopesOf } from "./scopes.ts";
import { highest, losesNetworking, rank, severityOf } from "./severity.ts";
import { causes } from "./stops.ts";
import { ALL_TARGETS, parseTarget, type Target } from "./targets.ts";
import { compareVersions } from "./versions.ts";

/** The options of `check`. */
export interface CheckOptions {
	/**
	 * Only what these clients suffer, each as `client[@version][:renderer]`: `talos`, `cloud-init@22.4:netplan`.
	 * Default: every client, in all versions in use and with all renderers.
	 */
	readonly clients?: readonly string[];
	/** The MAC addresses of the guest's NICs, when they are known. */
	readonly nics?: readonly string[];
	/**
	 * Pointers of whole numbers that the document's text has with a fraction, `1500.0`, as `fractionsIn` finds them. A parsed
	 * document no longer shows it, and many clients do not read such a number.
	 */
	readonly fractions?: readonly string[];
	/** Why the document's text is not JSON, if it is YAML. */
	readonly notJson?: string;
}

/** The most findings of one rule that are reported; the last one says how many more there are. */
const MAX_FINDINGS_OF_A_RULE = 50;
/** The others are counted up to this number, to bound the work on a hostile document. */
const MAX_COUNTED = 500;

/**
 * Reports what is wrong with a `network_data.json`, whatever wrote it, and what each guest-side client makes of it.
 *
 * @param document the parsed JSON, of any shape. Of very long lists only the beginning is read, which is a finding
 * itself.
 * @returns the highest severity first, then in the order of `RULES`, then in document order. Empty for a document that
 * suits every client.
 * @throws GuestwireError `usage` for an unknown client, version or renderer; never because of the document
 */
export function check(document: unknown, options: CheckOptions = {}): Finding[] {
	const view = viewDocument(document, options);
	const targets = options.clients?.map(parseTarget) ?? ALL_TARGETS;
	const crashed = new Set<Cell>();
	const findings = RULES.flatMap((rule) => findingsOf(rule, view, targets, crashed));
	return findings.sort((one, other) => rank(one.severity) - rank(other.severity));
}

/**
 * The clients that lose networking, or part of it, in the order of `CLIENTS`. A limitation that no maintained version has
 * any longer does not count: name the older version to have it counted.
 */
export function losingClients(findings: readonly Finding[]): ClientName[] {
	const losing = new Set(findings.flatMap((finding) => finding.effects.filter(loses).map(({ client }) => client)));
	return CLIENTS.map(({ name }) => name).filter((name) => losing.has(name));
}

function loses({ client, outcome, severity, scopes }: ClientEffect): boolean {
	if (!losesNetworking(outcome)) return false;
	const maintained = CLIENTS.find(({ name }) => name === client)?.versions.maintained;
	const isCurrent = (until: string | undefined) =>
		until === undefined || (maintained !== undefined && compareVersions(until, maintained) > 0);
	return severity === "error" || scopes === undefined || scopes.some(({ until }) => isCurrent(until));
}

/** @param crashed the cells in which an earlier rule reports a crash; this rule's are added */
function findingsOf(rule: Rule, document: DocumentView, targets: readonly Target[], crashed: Set<Cell>): Finding[] {
	const findings: Finding[] = [];
	let more = 0;
	for (const found of rule.find(document)) {
		const fault: Fault = { ...found, document };
		if (findings.length === MAX_FINDINGS_OF_A_RULE) {
			if (rule.concernsCheck || targets.some((target) => reactsAnywhere(target, rule, fault))) more++;
			if (more === MAX_COUNTED) break;
			continue;
		}
		const effects = targets.flatMap((target) => effectsOn(target, rule, fault, crashed));
		if (effects.length > 0 || rule.concernsCheck) findings.push(findingOf(rule, fault, effects));
	}
	const last = findings.at(-1);
	if (last && more > 0)
		findings.splice(-1, 1, {
			...last,
			message: `${last.message} (and ${more === MAX_COUNTED ? "at least " : ""}${more} more like this)`,
		});
	return findings;
}

/** What a client does about a fault: one entry per different effect, each with the cells it occurs in. */
function effectsOn(target: Target, rule: Rule, fault: Fault, crashed: Set<Cell>): ClientEffect[] {
	const candidates = reactionsTo(rule, fault, target);
	const cellsOf = new Map<Effect, Set<Cell>>();
	for (const cell of candidates.length > 0 ? target.cells : []) {
		const effect = rule.fallback && crashed.has(cell) ? undefined : effectIn(cell, rule, fault, candidates);
		if (!effect) continue;
		if (effect.outcome === "crash") crashed.add(cell);
		cellsOf.set(effect, (cellsOf.get(effect) ?? new Set()).add(cell));
	}
	const isLimitation = rule.limitation ?? rule.isLimitation?.(fault);
	return [...cellsOf].map(([{ outcome, text }, cells]) => {
		const scopes = scopesOf(target, cells);
		const severity = severityOf(outcome, isLimitation ? { limitation: true } : {});
		return { client: target.client.name, outcome, severity, text, ...(scopes && { scopes }) };
	});
}

function reactsAnywhere(target: Target, rule: Rule, fault: Fault): boolean {
	const candidates = reactionsTo(rule, fault, target);
	return candidates.length > 0 && target.cells.some((cell) => effectIn(cell, rule, fault, candidates));
}

function effectIn(cell: Cell, rule: Rule, fault: Fault, candidates: readonly Reaction[]): Effect | undefined {
	const { stops } = cell.client;
	const stop = stops?.(fault.document, cell.renderer);
	const survives = stops !== undefined && !(stop && causes(fault, stop));
	const reaction = candidates.find(
		(candidate) => holds(cell, candidate) && !(candidate.outcome === "crash" && survives),
	);
	if (!reaction || reaction.text === "" || rule.concerns?.(cell, fault) === false) return undefined;
	return reaction;
}

/** The reactions in the client's table that this fault can set off, in some version or renderer. */
function reactionsTo(rule: Rule, fault: Fault, { client }: Target): readonly Reaction[] {
	const own = client.reactions[rule.id];
	if (own) return own.filter(({ when }) => when?.(fault) !== false);
	return rule.effect && client.configuresNetwork !== false ? [rule.effect] : [];
}

function findingOf({ id, fix }: Rule, { pointer, message }: Fault, effects: readonly ClientEffect[]): Finding {
	return { rule: id, severity: highest(effects.map((effect) => effect.severity)), pointer, message, fix, effects };
}
