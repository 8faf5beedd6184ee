/** Files, links and headings that the documentation refers to exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CommandHelp, commandLine } from "../scripts/release/command-line.ts";

const root = new URL("../", import.meta.url).pathname;
const pages = [...readdirSync(root), ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((name) =>
	name.endsWith(".md"),
);
const read = (page: string) => readFileSync(join(root, page), "utf8");

/** The anchor that a heading gets on GitHub. */
function anchorOf(heading: string): string {
	return heading
		.toLowerCase()
		.replace(/[^\p{L}\p{N}\s_-]/gu, "")
		.replaceAll(" ", "-");
}

describe.each(pages)("%s", (page) => {
	const text = read(page).replaceAll(/^```[\s\S]*?^```/gm, "");

	it("names only files that exist", () => {
		const named = Array.from(
			text.matchAll(/`((?:src|test|docs|scripts|schema|examples|bench)\/[\w./-]+)`/g),
			([, path = ""]) => path,
		);
		expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
	});

	it("links only to pages and headings that exist", () => {
		const links = Array.from(text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g));
		const broken = links.filter(([, path = "", anchor]) => {
			const target = path === "" ? page : join(dirname(page), path);
			if (!existsSync(join(root, target))) return true;
			if (anchor === undefined) return false;
			return !Array.from(read(target).matchAll(/^#+ (.+)$/gm), ([, heading = ""]) => anchorOf(heading)).includes(
				anchor,
			);
		});
		expect(broken.map(([link]) => link)).toEqual([]);
	});
});

describe("the commands of guestwire in the documentation", async () => {
	const known = new Map((await commandLine()).map((command) => [command.name, command]));
	const written = pages.flatMap((page) => [...inBlocks(read(page)), ...inText(read(page))]);
	const commands = written.flatMap((text) => {
		const [name = "", ...words] = text.split(/\s+/);
		const command = known.get(name);
		return command === undefined ? [] : [{ text, name, ...parse(command, words) }];
	});

	it("have only options that exist", () => {
		expect(commands.length).toBeGreaterThan(50);
		expect(commands.filter(({ unknown }) => unknown.length > 0)).toEqual([]);
	});

	it("name the source of the instance that they are about: no command has a configuration by default", () => {
		const sources = ["--config", "--inventory", "--os-cloud"];
		const about = commands.filter(({ name, operands, flags }) => {
			if (name === "check" || name === "render") return flags.includes("--instance");
			return (operands.length > 0 || flags.includes("--all")) && !flags.includes("--read");
		});
		expect(about.length).toBeGreaterThan(15);
		expect(about.filter(({ flags }) => !sources.some((source) => flags.includes(source)))).toEqual([]);
	});
});

/** What follows `guestwire` in code blocks, fenced or indented, up to what the shell does with it. */
function inBlocks(text: string): string[] {
	const blocks = text.match(/^ *```[\s\S]*?^ *```$|^ {4}\S.*$/gm) ?? [];
	return blocks.flatMap((block) => commandsIn(block.replaceAll(/\\\n\s*/g, "")));
}

/** The same in lines of text, but not in tables, which have forms of commands. */
function inText(text: string): string[] {
	const lines = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").replaceAll(/^\|.*$/gm, "");
	const quoted = lines.match(/`guestwire [^`]+`/g) ?? [];
	return quoted.flatMap((code) => commandsIn(code.replaceAll(/\s+/g, " ")));
}

function commandsIn(text: string): string[] {
	const found = text.matchAll(/\bguestwire (?:-- )?([a-z][^\n]*)/g);
	return Array.from(found, ([, rest = ""]) => rest.split(/ +[|>&#]|[;)"`]/)[0]?.trim() ?? "");
}

function parse({ options }: CommandHelp, words: readonly string[]) {
	const [flags, operands, unknown]: [string[], string[], string[]] = [[], [], []];
	for (let at = 0; at < words.length; at++) {
		const word = words[at] ?? "";
		const option = options.find(({ short, long }) => word === short || word === long);
		if (option !== undefined) flags.push(option.long);
		else (/^-./.test(word) ? unknown : operands).push(word);
		if (option?.value !== undefined) at++;
	}
	return { flags, operands, unknown };
}

it("CONTRIBUTING.md answers twelve questions with one file each", () => {
	const [, table = ""] = /^\| question \| file \|\n\|---\|---\|\n((?:\|.*\n)+)/m.exec(read("CONTRIBUTING.md")) ?? [];
	const answers = table.trim().split("\n");
	expect(answers).toHaveLength(12);
	for (const answer of answers) expect(answer).toMatch(/^\| [^|]+\? \| `src\/[\w./-]+\.ts` \|$/);
});

it("the README links every page of the documentation", () => {
	const readme = read("README.md");
	expect(pages.filter((page) => page.startsWith("docs/") && !readme.includes(`(${page})`))).toEqual([]);
});

it("every threat in docs/security.md names a test that exists", () => {
	const [, table = ""] =
		/^\| who \| tries \| what limits it \| test \|\n\|[-|]+\n((?:\|.*\n)+)/m.exec(read("docs/security.md")) ?? [];
	const threats = table.trim().split("\n");
	expect(threats.length).toBeGreaterThan(20);
	for (const threat of threats) {
		const tests = Array.from((threat.split(" | ").at(-1) ?? "").matchAll(/\]\(([^)]+)\)/g), ([, path = ""]) => path);
		expect(tests.length, threat).toBeGreaterThan(0);
		for (const path of tests) {
			expect(path).toMatch(/\.test\.ts$/);
			expect(existsSync(join(root, "docs", path)), path).toBe(true);
		}
	}
});
