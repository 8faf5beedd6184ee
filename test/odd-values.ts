/** Values that a place in a JSON document may have by mistake; undefined: it is missing. */
export const ODD_VALUES = [undefined, null, 7, true, "", "x", [1], {}, { a: [1] }];

/** The paths of everything in a value. */
function pathsIn(value: unknown, path: readonly string[] = []): string[][] {
	const nested = typeof value === "object" && value !== null ? Object.entries(value) : [];
	return nested.flatMap(([key, inner]) => [[...path, key], ...pathsIn(inner, [...path, key])]);
}

/** What is read of Ironic's records. */
const READ = new Set([
	...["uuid", "name", "instance_uuid", "instance_name", "instance_info", "network_data", "extra", "address"],
	...["node_uuid", "portgroup_uuid", "local_link_connection", "internal_info", "mode", "properties"],
]);

/** The paths of everything in one of Ironic's records that is read. */
export function pathsInRecord(record: unknown): string[][] {
	return pathsIn(record).filter(([member = ""]) => READ.has(member));
}

/** Changes the value at a path. */
export function setAt(root: unknown, path: readonly string[], value: unknown): void {
	let at = root as Record<string, unknown>;
	for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>;
	at[path.at(-1) ?? ""] = value;
}
