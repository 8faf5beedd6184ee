/** The application with everything that it runs on but the C library, and an example: for the Debian package and the image. */
import {
	chmodSync,
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	realpathSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ROOT, run } from "./tools.ts";

/** Where the application is in a package or an image. */
export const HOME = "/usr/lib/guestwire";

interface LockedPackage {
	readonly dev?: boolean;
	readonly optional?: boolean;
}

/** Read by people and compilers, not by Node.js. Licences stay. */
const NEEDLESS = /\.(map|markdown|d\.[cm]?ts|[cm]?ts|tsx|flow|tgz)$|^(?!licen[cs]e|copying|notice).*\.md$/i;
const NEEDLESS_FOLDERS = /^(\.github|\.vscode|benchmarks?|docs?|examples?|tests?|__tests__|test-types|types)$/;

/**
 * Writes the built application, its production dependencies as the lock file has them, and Node.js below `root`, at HOME;
 * also the command in /usr/bin, the example in /usr/share, which an upgrade replaces, and in /etc/guestwire a configuration
 * that serves it. `npm run build` has to have run.
 */
export function stageApplication(root: string): void {
	const home = join(root, HOME);
	mkdirSync(home, { recursive: true });
	for (const name of ["dist", "schema"])
		cpSync(join(ROOT, name), join(home, name), { recursive: true, filter: isNeeded });
	for (const name of ["package.json", "LICENSE"]) cpSync(join(ROOT, name), join(home, name));
	for (const folder of productionFolders()) {
		cpSync(join(ROOT, folder), join(home, folder), { recursive: true, filter: (path) => isNeededOf(folder, path) });
	}
	stageNode(home);
	setInterpreter(join(home, "dist/cli/main.js"));
	normalizeModes(home);
	linkCommand(root);
	copyExample(root);
}

function productionFolders(): string[] {
	const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
	return Object.entries<LockedPackage>(packages)
		.filter(([path, { dev = false, optional = false }]) => path !== "" && !dev && !optional)
		.map(([path]) => path);
}

const isNeeded = (path: string) => !NEEDLESS.test(basename(path));

/** A package's own packages are copied when their turn comes. */
function isNeededOf(folder: string, path: string): boolean {
	const isOwnTop = dirname(path) === join(ROOT, folder);
	return isNeeded(path) && !(isOwnTop && (NEEDLESS_FOLDERS.test(basename(path)) || basename(path) === "node_modules"));
}

/** The Node.js that the project pins, without debugging information, and its licence. */
function stageNode(home: string): void {
	const binary = realpathSync(join(ROOT, "node_modules/.bin/node"));
	run("strip", ["-o", join(home, "node"), binary]);
	const licence = join(ROOT, `node_modules/node/node_modules/node-linux-${process.arch}/LICENSE`);
	cpSync(licence, join(home, "LICENSE.node"));
}

/** The command runs with the Node.js beside it, whatever is on the PATH. */
function setInterpreter(file: string): void {
	const text = readFileSync(file, "utf8");
	if (!text.startsWith("#!")) throw new Error(`${file} has no first line that names its interpreter`);
	writeFileSync(file, text.replace(/.*/, `#!${HOME}/node`));
}

function linkCommand(root: string): void {
	mkdirSync(join(root, "usr/bin"));
	symlinkSync(`..${HOME.slice("/usr".length)}/dist/cli/main.js`, join(root, "usr/bin/guestwire"));
}

function copyExample(root: string): void {
	cpSync(join(ROOT, "packaging/guestwire.yaml"), join(root, "etc/guestwire/guestwire.yaml"));
	cpSync(join(ROOT, "examples/inventory"), join(root, "usr/share/guestwire/examples/inventory"), { recursive: true });
}

function normalizeModes(home: string): void {
	const programs = [join(home, "node"), join(home, "dist/cli/main.js")];
	for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name);
		if (!entry.isSymbolicLink()) chmodSync(path, entry.isDirectory() || programs.includes(path) ? 0o755 : 0o644);
	}
}
