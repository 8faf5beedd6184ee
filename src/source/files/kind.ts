import type { FactsSource } from "../source.ts";
import { checkPart, type SourceContext, type SourceKind } from "../source-kind.ts";
import { openFilesSource } from "./files-source.ts";
import { openWatchedSource } from "./watched-source.ts";

/** An inventory in a folder or file. */
export const filesKind: SourceKind<{ readonly path: string }> = {
	async open({ path }, { onReload, onWarning }) {
		const source = await openInventory(path, { onReload, onWarning });
		// A watched inventory reports every change; one that is read once never changes.
		return { source, maxAge: Number.POSITIVE_INFINITY, sourceAge: 0 };
	},
	async check({ path }) {
		return [await checkPart("inventory", () => describeInventory(path))];
	},
};

/** Watched, if reloads are reported. */
export function openInventory(
	path: string,
	{ onReload, onWarning }: Pick<SourceContext, "onReload" | "onWarning">,
): Promise<FactsSource> {
	return onReload === undefined
		? openFilesSource(path, { onWarning })
		: openWatchedSource(path, { onReload, onWarning });
}

/** What it has, in one line, for operators. */
export async function describeInventory(path: string): Promise<string> {
	const warnings: string[] = [];
	const source = await openFilesSource(path, { onWarning: (warning) => warnings.push(warning) });
	return [`${(await source.list()).length} instances`, ...warnings].join("; ");
}
