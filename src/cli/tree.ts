import { Command } from "commander";
import { buildTree } from "../documents/guest-tree.ts";
import { type CommonOptions, commonOptions, type Io, printResult } from "./frame.ts";
import { withInstance } from "./source.ts";
import { UNUSED_SEED_KEY } from "./state.ts";

/** `guestwire tree`: every path of the instance's tree, with sizes in bytes. */
export function treeCommand(io: Io): Command {
	return commonOptions(new Command("tree"))
		.argument("<instance>", "id or name")
		.action(async (nameOrId: string, options: CommonOptions) => {
			await withInstance(nameOrId, options, io, (instance, { settings }) => {
				const tree = buildTree(instance, { ...settings, seedKey: UNUSED_SEED_KEY });
				const files = Array.from(tree.paths(), (path) => ({ path, bytes: tree.read(path)?.length ?? 0 }));
				const width = Math.max(...files.map(({ bytes }) => String(bytes).length));
				const lines = files.map(({ path, bytes }) => `${String(bytes).padStart(width)}  ${path}`);
				printResult(io, options, files, () => lines.join("\n"));
			});
		});
}
