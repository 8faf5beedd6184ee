/** Resources whose stored content may be wrong, because their record could not be read. */
import type { ResourceName } from "../source/resource.ts";

/** As `MirrorMeta.doubtful` has them. */
export const textOfName = ({ kind, id }: ResourceName) => `${kind} ${id}`;

export interface Doubts {
	/** Returns whether it is new. */
	add(name: ResourceName): boolean;
	/** The resource was read. */
	clear(name: ResourceName): void;
	names(): readonly ResourceName[];
	/** As `textOfName` writes them. */
	texts(): ReadonlySet<string>;
	/** Grows when the list changes. */
	version(): number;
}

/** More are a fault of the source, not of some records. */
const MOST = 1000;

export function createDoubts(): Doubts {
	const names = new Map<string, ResourceName>();
	let version = 0;
	return {
		add(name) {
			if (names.size >= MOST || names.has(textOfName(name))) return false;
			names.set(textOfName(name), { kind: name.kind, id: name.id });
			version++;
			return true;
		},
		clear(name) {
			if (names.delete(textOfName(name))) version++;
		},
		names: () => [...names.values()],
		texts: () => new Set(names.keys()),
		version: () => version,
	};
}
