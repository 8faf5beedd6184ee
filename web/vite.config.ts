import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { checkWeight } from "./check-weight.ts";

/** Kilobytes after gzip that all files of the page have together. */
const MAX_WEIGHT = 100;

export default defineConfig({
	root: fileURLToPath(new URL(".", import.meta.url)),
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	build: {
		outDir: "../dist/web",
		emptyOutDir: true,
		target: "es2022",
		modulePreload: false,
		// A data URL would need an exception in the content security policy.
		assetsInlineLimit: 0,
		reportCompressedSize: false,
		// What the licences of the bundled packages ask for, and what the bill of materials reads.
		license: { fileName: "licenses.md" },
	},
	plugins: [checkWeight(MAX_WEIGHT)],
	// Beside a running service: vite web.
	server: { proxy: { "/api": "http://127.0.0.1:8790" } },
});
