import { checkPart, type SourceKind } from "../source-kind.ts";
import { openFilesSource } from "./files-source.ts";
import { openWatchedSource } from "./watched-source.ts";

/** An inventory in a folder or file. */
export const filesKind: SourceKind<{ readonly path: string }> = {
	async open({ path }, { onReload }) {
		const source = await (onReload === undefined ? openFilesSource(path) : openWatchedSource(path, onReload));
		// A watched inventory reports every change; one that is read once never changes.
		return { source, maxAge: Number.POSITIVE_INFINITY };
	},
	async check({ path }) {
		const countInstances = async () => {
			const source = await openFilesSource(path);
			return `${(await source.list()).length} instances`;
		};
		return [await checkPart("inventory", countInstances)];
	},
};
