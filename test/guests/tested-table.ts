/** The table of docs/guests-tested.md. A boot replaces its own row and leaves the others. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const PATH = join(import.meta.dirname, "../../docs/guests-tested.md");

export interface TestedGuest {
	/** Heading of its section: what sets up the network, with versions. */
	readonly guest: string;
	readonly wiring: string;
	readonly carrier: string;
	/** `YYYY-MM-DD` */
	readonly date: string;
	readonly differences: readonly string[];
	/** Defects of the client that explain them. */
	readonly defects: readonly string[];
}

type Row = readonly [wiring: string, carrier: string, result: string, date: string];

const HEAD = `# Guests that were booted

\`npm run test:guests\` boots virtual machines from Guestwire's documents and compares what they have with the document:
addresses, routes, MTUs, MAC addresses, VLANs, bonds, DNS servers and search domains of each link. It also pings every
gateway and something behind it, asks the DNS servers for a name, and looks for failed units. The runs write this file.
"right" means no difference at all. \`GUESTWIRE_GUESTS=matrix npm run test:guests\` boots every guest with every wiring;
the wirings are in \`test/clients/wirings/\`.
`;

export async function writeTested({ guest, wiring, carrier, date, differences, defects }: TestedGuest): Promise<void> {
	const sections = readSections(await readFile(PATH, "utf8").catch(() => ""));
	const others = (sections.get(guest) ?? []).filter(([name, as]) => name !== wiring || as !== carrier);
	const result = differences.length === 0 ? "right" : [...differences, ...defects.map((one) => `(${one})`)].join("; ");
	sections.set(guest, [...others, [wiring, carrier, result.replaceAll("|", "\\|"), date]]);
	await writeFile(PATH, `${HEAD}${[...sections].toSorted().map(sectionText).join("")}`);
}

function sectionText([guest, rows]: readonly [string, readonly Row[]]): string {
	const lines = rows.toSorted().map((row) => `| ${row.join(" | ")} |\n`);
	return `\n## ${guest}\n\n| wiring | carrier | result | date |\n|---|---|---|---|\n${lines.join("")}`;
}

function readSections(text: string): Map<string, Row[]> {
	const sections = new Map<string, Row[]>();
	for (const section of text.split(/^## /m).slice(1)) {
		const [guest = "", ...lines] = section.split("\n");
		const rows = lines.filter((line) => line.startsWith("| ") && !line.startsWith("| wiring |"));
		sections.set(
			guest,
			rows.map((line) => line.slice(2, -2).split(/(?<!\\) \| /) as unknown as Row),
		);
	}
	return sections;
}
