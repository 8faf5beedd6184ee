// The linter's rules for import directions, from one table. biome.json has no variables, so its overrides are generated.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What each folder of `src/` may import. All may import files directly in `src/`; pure ones only those without I/O. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
	instance: [],
	documents: ["instance"],
	"config-drive": ["instance", "documents"],
	render: ["instance", "documents"],
	check: ["instance", "documents"],
	store: [],
	source: ["instance"],
	mirror: ["instance", "source", "store"],
	service: ["instance", "documents", "config-drive", "render", "check", "store", "source", "mirror"],
	http: ["instance", "documents", "config-drive", "render", "check", "store", "source", "mirror", "service"],
	cli: ["instance", "documents", "config-drive", "render", "check", "store", "source", "mirror", "service", "http"],
};

/** What each folder of `src/source/` may import of the others. */
const IN_SOURCE: Readonly<Record<string, readonly string[]>> = {
	api: [],
	neutron: ["api"],
	files: [],
	ironic: ["api", "neutron", "files"],
	openstack: ["api", "neutron", "ironic"],
};

/** No clock, no I/O, no globals. */
const PURE = ["instance", "documents", "config-drive", "render", "check"];

/** What `web/` may import from elsewhere in `src/`: the operator API's schemas, and lists of views and of clients. */
const SHARED_WITH_WEB = [
	"http/operator/guest-schemas.ts",
	"http/operator/views.ts",
	"service/request-history/user-agents.ts",
];

const IO_MODULES = [
	"node:fs",
	"node:fs/*",
	"node:net",
	"node:http",
	"node:https",
	"node:child_process",
	"node:dns",
	"node:tls",
	"node:worker_threads",
	"undici",
	"fastify",
];

const SRC = new URL("../src/", import.meta.url);

/** The files directly in `src/` that do I/O. */
const IO_FILES = readdirSync(SRC).filter((name) => /^[\w-]+\.ts$/.test(name) && doesIo(name));

function doesIo(file: string): boolean {
	const text = readFileSync(new URL(file, SRC), "utf8");
	const imported = Array.from(text.matchAll(/^(?:import(?! type)|\}) .*"(.+)";$/gm), ([, module = ""]) => module);
	return imported.some((module) => IO_MODULES.includes(module.replace(/^(node:fs)\/.*/, "$1")));
}

const IO = [...IO_MODULES, ...IO_FILES.flatMap(pathsTo)];

interface Pattern {
	readonly group: readonly string[];
	readonly message: string;
}

interface Override {
	readonly includes: readonly string[];
	readonly linter: { readonly rules: { readonly style?: Readonly<Record<string, unknown>> } };
}

/** The text of biome.json with its import rules made anew; everything else as it is. */
export function withImportRules(current: string): string {
	const config = JSON.parse(current);
	const others = config.overrides.filter(({ linter }: Override) => !linter.rules.style?.["noRestrictedImports"]);
	const text = JSON.stringify({
		...config,
		overrides: [
			...others,
			...Object.keys(MAY_IMPORT).map(override),
			...Object.keys(IN_SOURCE).map(sourceOverride),
			webOverride(),
		],
	});
	return execFileSync("biome", ["format", "--stdin-file-path=biome.json"], { input: text, encoding: "utf8" });
}

function override(folder: string): Override {
	const patterns = [
		...restrictionsOf(folder, MAY_IMPORT, "src/"),
		...(PURE.includes(folder) ? [{ group: IO, message: `src/${folder} is pure: it may not do I/O` }] : []),
	];
	return restrict([`src/${folder}/**`], patterns);
}

/** It takes the place of the one for `src/source/`. */
function sourceOverride(folder: string): Override {
	const patterns = [
		...restrictionsOf("source", MAY_IMPORT, "src/"),
		...restrictionsOf(folder, IN_SOURCE, "src/source/"),
	];
	return restrict([`src/source/${folder}/**`], patterns);
}

/** At most one: a folder that may import all others has none. */
function restrictionsOf(folder: string, table: Readonly<Record<string, readonly string[]>>, below: string): Pattern[] {
	const allowed = table[folder] ?? [];
	const forbidden = Object.keys(table).filter((other) => other !== folder && !allowed.includes(other));
	if (forbidden.length === 0) return [];
	const message = `${below}${folder} may import only from: ${allowed.join(", ") || "nothing"}`;
	return [{ group: forbidden.flatMap(pathsInto), message }];
}

function webOverride(): Override {
	const forbidden = Object.keys(MAY_IMPORT).filter((folder) => !PURE.includes(folder));
	const group = [
		...forbidden.flatMap((folder) => pathsInto(`src/${folder}`)),
		...SHARED_WITH_WEB.flatMap((file) => [2, 3].map((depth) => `!${"../".repeat(depth)}src/${file}`)),
	];
	const message = `web/ may import from src/ only: ${[...PURE, ...SHARED_WITH_WEB].join(", ")}`;
	return restrict(["web/src/**", "web/try/**"], [{ group, message }]);
}

function restrict(files: readonly string[], patterns: readonly Pattern[]): Override {
	return {
		includes: [...files, "!**/*.test.ts"],
		linter: { rules: { style: { noRestrictedImports: { level: "error", options: { patterns } } } } },
	};
}

/** From any depth that `src/` has. */
function pathsTo(path: string): string[] {
	return [1, 2, 3].map((depth) => `${"../".repeat(depth)}${path}`);
}

function pathsInto(folder: string): string[] {
	return pathsTo(`${folder}/**`);
}
