/** The tables of test results in docs/. A run replaces its own rows and keeps the others. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TestedTable {
	/** Name of its file in docs/. */
	readonly file: string;
	/** Everything before the first section. */
	readonly head: string;
	/** What tells the rows of a section apart, such as `wiring` and `carrier`. */
	readonly columns: readonly string[];
}

/** One run. */
export interface Tested {
	/** Heading of its section: what sets up the network, with versions. */
	readonly section: string;
	/** A value for each of the table's columns. */
	readonly run: readonly string[];
	readonly differences: readonly string[];
	/** Defects of the client that explain them. */
	readonly defects: readonly string[];
}

type Row = readonly string[];

/** Today's result goes to the table. For one process at a time. */
export function writeTested(table: TestedTable, { section, run, differences, defects }: Tested): void {
	const path = join(import.meta.dirname, "../docs", table.file);
	const sections = readSections(existsSync(path) ? readFileSync(path, "utf8") : "");
	const others = (sections.get(section) ?? []).filter((row) => run.some((value, i) => row[i] !== value));
	const result = differences.length === 0 ? "right" : [...differences, ...defects.map((one) => `(${one})`)].join("; ");
	const date = new Date().toISOString().slice(0, 10);
	sections.set(section, [...others, [...run, result.replaceAll("|", "\\|"), date]]);
	const texts = [...sections].toSorted().map(([heading, rows]) => sectionText(heading, table.columns, rows));
	writeFileSync(path, table.head + texts.join(""));
}

function sectionText(heading: string, columns: readonly string[], rows: readonly Row[]): string {
	const titles = [...columns, "result", "date"];
	const [head = "", ...lines] = [titles, ...rows.toSorted()].map((row) => `| ${row.join(" | ")} |\n`);
	return `\n## ${heading}\n\n${head}|${"---|".repeat(titles.length)}\n${lines.join("")}`;
}

function readSections(text: string): Map<string, Row[]> {
	const sections = new Map<string, Row[]>();
	for (const section of text.split(/^## /m).slice(1)) {
		const [heading = "", ...lines] = section.split("\n");
		const [, , ...rows] = lines.filter((line) => line.startsWith("|"));
		sections.set(
			heading,
			rows.map((line) => line.slice(2, -2).split(/(?<!\\) \| /)),
		);
	}
	return sections;
}
