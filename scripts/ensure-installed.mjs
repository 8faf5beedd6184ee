// Installs the development dependencies (Node.js 24 among them) when they are missing or older than the lock file,
// so that a fresh clone needs one command. Runs on any Node.js from 20 on, hence plain JavaScript.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const installed = `${root}node_modules/.package-lock.json`;
const isNew = () => statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs;
const current = existsSync(installed) && existsSync(`${root}node_modules/.bin/vitest`) && isNew();
if (!current) {
	process.stderr.write("guestwire: installing what is missing (npm ci), once\n");
	const { status } = spawnSync("npm", ["ci", "--loglevel=error", "--no-fund", "--no-audit"], {
		cwd: root,
		stdio: ["ignore", 2, 2],
	});
	process.exit(status ?? 1);
}
