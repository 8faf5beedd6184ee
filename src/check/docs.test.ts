import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CLIENTS, type Outcome, RULES, type Rule } from "./index.ts";
import { highest, severityOf } from "./rule.ts";

const file = new URL("../../docs/check.md", import.meta.url).pathname;

/** `crash: cloud-init, glean; lost: talos`. */
function clientsOf({ effects }: Rule): string {
	const outcomes: Outcome[] = ["crash", "lost", "wrong", "ignored"];
	return outcomes
		.map((outcome) => ({ outcome, clients: CLIENTS.filter((client) => effects[client]?.outcome === outcome) }))
		.filter(({ clients }) => clients.length > 0)
		.map(
			({ outcome, clients }) =>
				`${outcome}: ${clients.length === CLIENTS.length ? "every client" : clients.join(", ")}`,
		)
		.join("; ");
}

function rowOf(rule: Rule): string {
	const severity = highest(Object.values(rule.effects).map(({ outcome }) => severityOf(outcome, rule)));
	const what = rule.limitation ? `${rule.title} (*limit*)` : rule.title;
	return `| \`${rule.id}\` | ${severity} | ${what.replaceAll("|", "\\|")} | ${clientsOf(rule)} |`;
}

it("docs/check.md lists every rule as it is", async () => {
	const table = ["| rule | severity | what | clients |", "|---|---|---|---|", ...RULES.map(rowOf)].join("\n");
	const text = readFileSync(file, "utf8");
	const current = text.replace(/(?<=<!-- rules: [^\n]*\n)[\s\S]*(?=<!-- \/rules -->)/, () => `\n${table}\n\n`);
	expect(current).toContain(table);
	await expect(current).toMatchFileSnapshot(file);
});
