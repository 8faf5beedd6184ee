/**
 * Deliberate bugs, each of which the simulation must find. A bug replaces text of a source file while that is loaded, so
 * that the files themselves stay as they are.
 */
import { registerHooks } from "node:module";

interface Bug {
	readonly file: string;
	readonly correct: string;
	readonly wrong: string;
}

export const BUGS = {
	/** Takes facts from messages instead of reading them from the API. */
	"trusted-payload": {
		file: "/src/mirror/watcher.ts",
		correct: "signals: remote.signals, jobs",
		wrong: `signals: remote.signals.map((one) => ({
			...one,
			listen: (handler) => one.listen({
				...handler,
				onSignals(messages) {
					for (const { kind, ids, payload } of messages) {
						if (payload === undefined) continue;
						const resources = ids.map((id) => ({ kind, id, requestedAt: clock.now(), content: payload }));
						void store.apply(payload ? { upserts: resources } : { deletes: resources }).catch(() => {});
					}
				},
			}),
		})), jobs`,
	},
	/** Leaves what changed while the broker was away to the next comparison that is due. */
	"no-comparison-after-gap": {
		file: "/src/mirror/maintain.ts",
		correct: "const uncertain = compared.uncertain();",
		wrong: "const uncertain: ResourceKind[] = [];",
	},
	/** Keeps whose an address is when its port has changed. */
	"owners-survive-deletion": {
		file: "/src/source/instance-cache.ts",
		correct: "for (const cache of caches) cache.invalidateTag(tag);",
		wrong: "for (const cache of instances) cache.invalidateTag(tag);",
	},
} as const satisfies Record<string, Bug>;

export type BugName = keyof typeof BUGS;

/** Makes all modules that are loaded from now on have the bug. */
export function addBug(name: BugName): void {
	const { file, correct, wrong }: Bug = BUGS[name];
	registerHooks({
		load(url, context, nextLoad) {
			const loaded = nextLoad(url, context);
			if (!url.endsWith(file)) return loaded;
			const source = String(loaded.source);
			if (!source.includes(correct)) throw new Error(`${file} has changed: bug ${name} no longer applies`);
			return { ...loaded, source: source.replace(correct, () => wrong) };
		},
	});
}
