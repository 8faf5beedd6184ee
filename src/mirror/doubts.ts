/** Resources whose stored content may be wrong, because their record could not be read. */
import { type ResourceName, textOfName } from "../source/resource.ts";

export interface Doubts {
	/** `full` if there are too many: the resource is not among them. */
	add(name: ResourceName): "new" | "known" | "full";
	/** The resource was read and stored, by a request at a time. A request from before the doubt may show an older content. */
	clear(name: ResourceName & { readonly requestedAt: number }): void;
	names(): readonly ResourceName[];
	/** As `textOfName` writes them. */
	texts(): ReadonlySet<string>;
	/** Grows when the list changes. */
	version(): number;
}

/** More are a fault of the source, not of some records. */
const MOST = 1000;

/** @param now milliseconds since 1970 */
export function createDoubts(now: () => number): Doubts {
	const doubts = new Map<string, { readonly name: ResourceName; readonly since: number }>();
	let version = 0;
	return {
		add({ kind, id }) {
			const text = textOfName({ kind, id });
			const isNew = !doubts.has(text);
			if (isNew && doubts.size >= MOST) return "full";
			doubts.set(text, { name: { kind, id }, since: now() });
			if (isNew) version++;
			return isNew ? "new" : "known";
		},
		clear({ requestedAt, kind, id }) {
			const text = textOfName({ kind, id });
			const { since } = doubts.get(text) ?? {};
			// A doubt that lies ahead is from before the clock was put back.
			if (since === undefined || (requestedAt < since && since <= now())) return;
			doubts.delete(text);
			version++;
		},
		names: () => Array.from(doubts.values(), ({ name }) => name),
		texts: () => new Set(doubts.keys()),
		version: () => version,
	};
}
