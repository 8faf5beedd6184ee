import { describe, expect, it } from "vitest";
import { CASES } from "../../test/check/cases.ts";
import { document } from "../../test/check/documents.ts";
import { RULES } from "./catalogue.ts";
import { check } from "./check.ts";
import { CLIENTS } from "./clients.ts";
import { severityOf } from "./rule.ts";

const findingsOf = (rule: string, of: unknown) => check(of).filter((finding) => finding.rule === rule);

describe.each(RULES.map(({ id }) => id))("rule %s", (rule) => {
	const cases = CASES.filter((one) => one.rule === rule);

	it("has a document that triggers it and one that just does not", () => {
		expect(cases).not.toEqual([]);
	});

	it.each(cases)("is triggered at $at", ({ at, bad }) => {
		expect(findingsOf(rule, bad).map(({ pointer }) => pointer)).toContain(at);
	});

	it.each(cases)("is not triggered by the document beside it, at $at", ({ good }) => {
		expect(findingsOf(rule, good)).toEqual([]);
	});

	it("hits in its documents each client that it names", () => {
		const named = CLIENTS.filter((client) => RULES.find(({ id }) => id === rule)?.effects[client]);
		const effects = cases.flatMap(({ bad }) => findingsOf(rule, bad)).flatMap((finding) => finding.effects);
		expect(CLIENTS.filter((client) => effects.some((one) => one.client === client))).toEqual(named);
	});
});

describe("the catalogue", () => {
	it("names no rule twice", () => {
		expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
	});

	it("has no case for a rule that is not there", () => {
		const rules = RULES.map(({ id }) => id);
		expect(CASES.filter(({ rule }) => !rules.includes(rule))).toEqual([]);
	});

	it("calls the loss of networking an error, but for a client's own limit", () => {
		expect(severityOf("crash", {})).toBe("error");
		expect(severityOf("lost", {})).toBe("error");
		expect(severityOf("wrong", {})).toBe("warning");
		expect(severityOf("ignored", {})).toBe("info");
		expect(severityOf("lost", { limitation: true })).toBe("warning");
		expect(severityOf("wrong", { limitation: true })).toBe("info");
	});
});

describe("a sound document", () => {
	it("has no finding", () => {
		expect(check(document())).toEqual([]);
	});
});
