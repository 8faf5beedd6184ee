import { diffLines } from "diff";
import { useMemo } from "preact/hooks";
import { readable } from "../lib/text.ts";

/** Unchanged lines that are shown around a change. */
const CONTEXT = 3;

/** Two texts line by line: what the second one removed and added. */
export function DiffView({
	before,
	after,
	label,
	equal,
}: {
	readonly before: string;
	readonly after: string;
	readonly label: string;
	/** What to say if there is no difference. */
	readonly equal: string;
}) {
	const rows = useMemo(() => rowsOf(readable(before), readable(after)), [before, after]);
	if (before === after) return <p class="good">{equal}</p>;
	return (
		<section aria-label={label}>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines have to be scrolled with the keyboard */}
			<pre class="diff" tabIndex={0}>
				{rows.map(({ kind, text }, at) => (
					<Row key={at} kind={kind} text={text} />
				))}
			</pre>
		</section>
	);
}

type Kind = "same" | "removed" | "added" | "gap";
interface Line {
	readonly kind: Kind;
	readonly text: string;
}
const SIGNS: Readonly<Record<Kind, string>> = { same: "  ", removed: "- ", added: "+ ", gap: "" };

function Row({ kind, text }: Line) {
	const line = `${SIGNS[kind]}${text}\n`;
	if (kind === "removed") return <del>{line}</del>;
	if (kind === "added") return <ins>{line}</ins>;
	return <span class={kind}>{line}</span>;
}

function rowsOf(before: string, after: string): Line[] {
	const lines = diffLines(`${before}\n`, `${after}\n`).flatMap(({ added, removed, value }): Line[] => {
		const kind = added ? "added" : removed ? "removed" : "same";
		return value
			.split("\n")
			.slice(0, -1)
			.map((text) => ({ kind, text }));
	});
	const isNear = (at: number) =>
		lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== "same");
	return lines.flatMap((line, at): Line[] => {
		if (isNear(at)) return [line];
		return at === 0 || isNear(at - 1) ? [{ kind: "gap", text: "⋯" }] : [];
	});
}
