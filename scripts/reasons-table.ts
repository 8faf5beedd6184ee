// The table of reasons at the end of docs/http.md.
import { REASONS } from "../src/http/guest/reasons.ts";

const HEAD = "| `reason` | status | what it means |\n|---|---|---|\n";

/** The document with its table made anew; everything before it as it is. */
export function withReasonsTable(current: string): string {
	const start = current.indexOf("| `reason` |");
	const rows = Object.entries(REASONS).map(
		([reason, { status, meaning }]) => `| \`${reason}\` | ${status} | ${meaning} |`,
	);
	return `${start < 0 ? current : current.slice(0, start)}${HEAD}${rows.join("\n")}\n`;
}
