/** Selectors of resources by their names. */
import type { ResourceKind, ResourceName } from "../source/resource.ts";

/** One selector for each kind among the names. */
export function selectorsOf(names: readonly ResourceName[]): { kind: ResourceKind; ids: string[] }[] {
	return Array.from(
		Map.groupBy(names, ({ kind }) => kind),
		([kind, some]) => ({ kind, ids: some.map(({ id }) => id) }),
	);
}
