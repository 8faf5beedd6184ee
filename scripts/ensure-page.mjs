// Builds the operators' page when it is missing or older than its sources, so that a checkout serves it. In a package it
// is built already. Runs on any Node.js from 20 on, hence plain JavaScript.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = `${root}dist/web/index.html`;
const sources = readdirSync(`${root}web`, { recursive: true, withFileTypes: true })
	.filter((entry) => entry.isFile())
	.map((entry) => `${entry.parentPath}/${entry.name}`);
const newest = Math.max(...[...sources, `${root}package-lock.json`].map((file) => statSync(file).mtimeMs));
if (!existsSync(built) || statSync(built).mtimeMs < newest) {
	process.stderr.write("guestwire: building the operators' page, once\n");
	const vite = `${root}node_modules/vite/bin/vite.js`;
	const args = [vite, "build", "web", "--logLevel", "error"];
	const { status } = spawnSync(`${root}node_modules/.bin/node`, args, { cwd: root, stdio: ["ignore", 2, 2] });
	if (status !== 0)
		process.stderr.write("guestwire: the operators' page can't be built; the API is served without it\n");
}
