// The table of reasons at the end of docs/http.md.
import { REASONS, type ReasonEntry } from "../src/http/guest/reasons.ts";

const HEAD = "| `reason` | status | what it means |\n|---|---|---|\n";

/** The document with its table made anew; everything before it as it is. */
export function withReasonsTable(current: string): string {
	const start = current.indexOf("| `reason` |");
	const rows = Object.entries<ReasonEntry>(REASONS).map(
		([reason, entry]) => `| \`${reason}\` | ${entry.status} | ${meaningOf(entry)} |`,
	);
	return `${start < 0 ? current : current.slice(0, start)}${HEAD}${rows.join("\n")}\n`;
}

function meaningOf({ meaning, detail }: ReasonEntry): string {
	return detail === undefined ? meaning : meaning.replace(/\.$/, `; \`detail\` ${detail}.`);
}
