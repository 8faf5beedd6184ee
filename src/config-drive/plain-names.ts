/** The limit of ISO 9660's interchange level 2, without the version number. */
const MAX_NAME = 31;

/**
 * The names of a folder's subfolders, or of its files, in the plain ISO 9660 name space. They are the names that
 * genisoimage gives with Nova's options (`-ldots -allow-lowercase -allow-multidot -l`): letters keep their case; anything
 * but letters, digits, `_` and `.` becomes `_`; the name of a file has a dot and the version `;1`. Ironic opens
 * `/openstack/latest/network_data.json;1`.
 *
 * Names that would become equal are numbered.
 *
 * @param nodes with distinct names
 * @returns one name for each node
 */
export function plainNames(nodes: readonly { readonly name: string }[], kind: "file" | "folder"): string[] {
	const wanted = nodes.map(({ name }) => fit(name, "", kind));
	const unchanged = wanted.map((plain, index) => plain === nodes[index]?.name || plain === `${nodes[index]?.name}.`);
	const taken = new Set(wanted.filter((_, index) => unchanged[index]));
	const numbers = new Map<string, number>();
	const names = nodes.map(({ name }, index) => {
		const first = wanted[index] ?? "";
		if (unchanged[index]) return first;
		let number = numbers.get(first) ?? 0;
		let candidate = first;
		while (taken.has(candidate)) candidate = fit(name, `${number++}`.padStart(3, "0"), kind);
		numbers.set(first, number);
		taken.add(candidate);
		return candidate;
	});
	return kind === "file" ? names.map((name) => `${name};1`) : names;
}

/** A name in the allowed characters, with a number before its extension, shortened to the allowed length. */
function fit(name: string, number: string, kind: "file" | "folder"): string {
	const clean = name.replace(/[^A-Za-z0-9_.]/g, "_");
	if (kind === "folder") return clean.slice(0, MAX_NAME - number.length) + number;
	const dot = clean.lastIndexOf(".");
	const base = dot < 0 ? clean : clean.slice(0, dot);
	const extension = dot < 0 ? "." : clean.slice(dot);
	const room = Math.max(MAX_NAME - number.length - extension.length, 1);
	return `${base.slice(0, room)}${number}${extension}`.slice(0, MAX_NAME);
}
