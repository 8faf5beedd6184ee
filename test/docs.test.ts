/** Files, links and headings that the documentation refers to exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

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
