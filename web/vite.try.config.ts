import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig } from "vite";
import { checkWeight } from "./check-weight.ts";
import { oneFile } from "./one-file.ts";
import page from "./vite.config.ts";

/** The view Try as one static file that works from anywhere, also from a disk: dist/try/index.html. */
const { plugins: _, server: __, ...common } = page;
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page, and what the service does for it otherwise. Kilobytes after gzip. */
const MAX_WEIGHT = 200;

export default mergeConfig(
	common,
	defineConfig({
		root: file("try"),
		base: "./",
		resolve: { alias: { "node:crypto": file("try/crypto.ts"), "ajv/dist/2020.js": file("try/ajv.ts") } },
		build: { outDir: "../../dist/try" },
		plugins: [oneFile(), checkWeight(MAX_WEIGHT)],
	}),
);
