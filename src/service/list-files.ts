import type { MetadataTree } from "../documents/tree.ts";
import { startWorkTurn } from "../work-turn.ts";

/** A file of a tree, and its size. */
export interface ListedFile {
	readonly path: string;
	readonly bytes: number;
}

/** All files of a tree, made in turns: a large instance has megabytes of them. */
export async function listFiles(tree: MetadataTree): Promise<ListedFile[]> {
	const files: ListedFile[] = [];
	const turn = startWorkTurn();
	for (const path of tree.paths()) {
		files.push({ path, bytes: tree.read(path)?.length ?? 0 });
		if (turn.isOver()) await turn.next();
	}
	return files;
}
