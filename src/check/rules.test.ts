import { describe, expect, it } from "vitest";
import { CASES, type Case } from "../../test/check/cases.ts";
import { document } from "../../test/check/documents.ts";
import { step } from "../../test/check/step.ts";
import { RULES } from "./catalogue.ts";
import { check } from "./check.ts";
import { CLIENTS } from "./clients/index.ts";
import { fractionsIn } from "./fractions.ts";
import { severityOf } from "./severity.ts";
import { compareVersions, type VersionRange } from "./versions.ts";

const findingsOf = ({ rule, nics, options }: Case, of: unknown, notJson?: string) => {
	const { document: read, text } = step(rule, of);
	const more = { ...(nics && { nics }), ...(notJson !== undefined && { notJson }), fractions: fractionsIn(text) };
	return check(read, { ...options, ...more }).filter((one) => one.rule === rule);
};
const badFindingsOf = (one: Case) => findingsOf(one, one.bad, one.notJson);

describe.each(RULES.map(({ id }) => id))("rule %s", (rule) => {
	const cases = CASES.filter((one) => one.rule === rule);

	it("has a document that breaks it and a similar one that does not", () => {
		expect(cases).not.toEqual([]);
	});

	it.each(cases)("is reported at $at", (one) => {
		expect(badFindingsOf(one).map(({ pointer }) => pointer)).toContain(one.at);
	});

	it.each(cases)("is not reported for the similar document, at $at", (one) => {
		expect(findingsOf(one, one.good)).toEqual([]);
	});

	it("has a document for each client whose table reacts to it", () => {
		const hit = new Set(
			cases.flatMap((one) => badFindingsOf(one).flatMap(({ effects }) => effects)).map(({ client }) => client),
		);
		const named = CLIENTS.filter(({ reactions }) => reactions[rule]?.some(({ text }) => text !== ""));
		expect(named.map(({ name }) => name).filter((name) => !hit.has(name))).toEqual([]);
	});
});

describe("the catalogue", () => {
	it("names no rule twice", () => {
		expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
	});

	it("has every rule that a client's table reacts to", () => {
		const rules = RULES.map(({ id }) => id);
		expect(CLIENTS.flatMap(({ reactions }) => Object.keys(reactions)).filter((rule) => !rules.includes(rule))).toEqual(
			[],
		);
	});

	it("has no case for a rule that does not exist", () => {
		const rules = RULES.map(({ id }) => id);
		expect(CASES.filter(({ rule }) => !rules.includes(rule))).toEqual([]);
	});

	it("calls the loss of networking an error, except for limitations", () => {
		expect(severityOf("crash", {})).toBe("error");
		expect(severityOf("lost", {})).toBe("error");
		expect(severityOf("wrong", {})).toBe("warning");
		expect(severityOf("ignored", {})).toBe("info");
		expect(severityOf("lost", { limitation: true })).toBe("warning");
		expect(severityOf("wrong", { limitation: true })).toBe("info");
	});
});

describe("the tables of the clients", () => {
	const ranges = CLIENTS.flatMap(({ name, reactions, reads, networkTypes }) =>
		[reactions, reads, networkTypes].flatMap((table) =>
			Object.entries<readonly VersionRange[]>(table).flatMap(([entry, conditions]) =>
				conditions.map(({ since, until }) => ({ entry: `${name}: ${entry}`, since, until })),
			),
		),
	);

	it("have no range of versions that ends before it begins", () => {
		const closed = ranges.flatMap(({ entry, since, until }) => (since && until ? [{ entry, since, until }] : []));
		expect(closed).not.toEqual([]);
		expect(closed.filter(({ since, until }) => compareVersions(since, until) >= 0)).toEqual([]);
	});
});

describe("a sound document", () => {
	it("has no finding", () => {
		expect(check(document())).toEqual([]);
	});
});
