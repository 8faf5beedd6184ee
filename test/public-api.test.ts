/** Every module that package.json exports, and every symbol of it, has a doc comment. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url).pathname;
const exported: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports;
const modules = Object.entries(exported)
	.filter(([, file]) => file.endsWith(".js"))
	.map(([name, file]) => [name, file.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts")] as const);

/** Where a symbol is declared, and the comments of its declarations. */
interface Declared {
	readonly file: string;
	readonly comments: readonly string[];
}

const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Every symbol that a module exports. Sources are formatted by biome, so a declaration starts its line. */
function symbolsOf(file: string): Map<string, Declared> {
	const text = read(file);
	const symbols = new Map<string, Declared>();
	for (const [, comment = "", name = ""] of text.matchAll(
		/(?:(\/\*\*(?:[^*]|\*(?!\/))*\*\/)\n)?^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm,
	)) {
		symbols.set(name, { file, comments: [...(symbols.get(name)?.comments ?? []), comment] });
	}
	for (const [, names = "", from = ""] of text.matchAll(/^export (?:type )?\{([^}]*)\} from "(.*)";/gm)) {
		const source = symbolsOf(join(dirname(file), from));
		for (const name of names.split(",").map((part) => part.trim().replace(/^type /, ""))) {
			if (name !== "") symbols.set(name, source.get(name) ?? { file: from, comments: [] });
		}
	}
	for (const [, from = ""] of text.matchAll(/^export (?:type )?\* from "(.*)";/gm)) {
		for (const [name, declared] of symbolsOf(join(dirname(file), from))) symbols.set(name, declared);
	}
	return symbols;
}

describe.each(modules)("guestwire%s", (_name, file) => {
	it("says what it is for", () => {
		expect(read(file)).toMatch(/^\/\*\*/);
	});

	it("documents every symbol", () => {
		const symbols = symbolsOf(file);
		expect(symbols.size).toBeGreaterThan(0);
		// A type derived from a schema of the same name shares its comment.
		const bare = [...symbols].filter(([, { comments }]) => !comments.some((comment) => comment !== ""));
		expect(bare.map(([name, declared]) => `${declared.file}: ${name}`)).toEqual([]);
	});
});
