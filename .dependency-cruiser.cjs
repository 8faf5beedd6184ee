// The arrows between folders go one way: cli → http, store → documents, config-drive, guest, check → instance ← cloud.
const layer = (name, from, allowed) => ({
	name,
	severity: "error",
	comment: `src/${from} may import only: ${allowed.join(", ")} (and src/*.ts)`,
	from: { path: `^src/${from}/`, pathNot: "\\.test\\.ts$" },
	to: { path: "^src/[^/]+/", pathNot: `^src/(${[from, ...allowed].join("|")})/` },
});

module.exports = {
	forbidden: [
		{ name: "no-circular", severity: "error", from: { path: "^src" }, to: { circular: true } },
		layer("instance-stands-alone", "instance", []),
		layer("cloud-reads-instance", "cloud", ["instance"]),
		layer("documents-read-instance", "documents", ["instance"]),
		layer("drives-carry-documents", "config-drive", ["documents"]),
		layer("guest-reads-network-data", "guest", ["documents"]),
		layer("check-reads-network-data", "check", ["documents"]),
		layer("store-stands-alone", "store", ["instance"]),
		layer("http-serves", "http", ["instance", "cloud", "documents", "config-drive", "guest", "check", "store"]),
		{
			name: "pure-core-does-no-io",
			severity: "error",
			from: { path: "^src/(instance|documents|config-drive|guest|check)/", pathNot: "\\.test\\.ts$" },
			to: { path: "^(node:)?(fs|net|http|https|child_process|dgram|dns|tls|worker_threads)(/|$)" },
		},
	],
	options: {
		tsPreCompilationDeps: true,
		tsConfig: { fileName: "tsconfig.json" },
		doNotFollow: { path: "node_modules" },
		enhancedResolveOptions: { extensions: [".ts", ".js"] },
	},
};
