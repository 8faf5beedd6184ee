/** Every kind of source. A new one is a folder, a line here, and its part of the configuration's schema. */
import type { CheckResult, OpenedSource, SourceContext, SourceKind } from "./source-kind.ts";

/** By the key below `cloud` in the configuration. A kind is loaded when it is used. */
const KINDS = {
	files: async () => (await import("./files/kind.ts")).filesKind,
	ironic: async () => (await import("./ironic/kind.ts")).ironicKind,
	openstack: async () => (await import("./openstack/kind.ts")).openStackKind,
};

type ConfigOf<Load> = Load extends () => Promise<SourceKind<infer C>> ? C : never;

/** The configuration's `cloud`: exactly one of its members. */
export type SourceConfig = { readonly [K in keyof typeof KINDS]?: ConfigOf<(typeof KINDS)[K]> };

/** @throws GuestwireError `config`, `inventory` */
export async function openSource(config: SourceConfig, context: SourceContext): Promise<OpenedSource> {
	const [kind, own] = await load(config);
	return kind.open(own, context);
}

/** Checks each part of the source, for `guestwire doctor`. */
export async function checkSource(config: SourceConfig, context: SourceContext): Promise<readonly CheckResult[]> {
	const [kind, own] = await load(config);
	return kind.check(own, context);
}

async function load(config: SourceConfig): Promise<[SourceKind<unknown>, unknown]> {
	for (const [name, loadKind] of Object.entries(KINDS)) {
		const own = config[name as keyof SourceConfig];
		if (own !== undefined) return [(await loadKind()) as SourceKind<unknown>, own];
	}
	throw new Error("the configuration names no source");
}
