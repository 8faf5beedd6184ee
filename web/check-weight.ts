import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Prints what the page weighs after gzip, and fails the build of one that is too heavy. No browser loads the licences. */
export function checkWeight(maxKilobytes: number): Plugin {
	return {
		name: "guestwire-weight",
		writeBundle(_options, bundle) {
			const loaded = Object.values(bundle).filter(({ fileName }) => !fileName.endsWith(".md"));
			const weights = loaded.map(
				(file) => gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 }).length,
			);
			const kilobytes = weights.reduce((sum, weight) => sum + weight, 0) / 1000;
			const text = `the page weighs ${kilobytes.toFixed(1)} kB (gzip), of at most ${maxKilobytes}`;
			if (kilobytes > maxKilobytes) this.error(text);
			this.info(text);
		},
	};
}
