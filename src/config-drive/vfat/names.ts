/** Names on FAT: long ones, and the 8.3 name that each has beside it (fatgen103, "Name Limits and Character Sets"). */

/** One folder's name as FAT has it. */
export interface FatName {
	/** Eleven characters, as they stand in an entry. */
	readonly short: string;
	/** The name, unless the short one says it all. */
	readonly long?: string;
}

const SHORT = /^[A-Z0-9!#$%&'()@^_`{}~-]{1,8}(\.[A-Z0-9!#$%&'()@^_`{}~-]{1,3})?$/;

/** Why a name can't be; undefined when it can. */
export function fatNameFault(name: string): string | undefined {
	if (name.length > 255) return `a FAT name has at most 255 characters, this one ${name.length}`;
	if (/["*:<>?\\|]/.test(name)) return 'a FAT name has none of " * : < > ? \\ and |';
	return undefined;
}

/** A name as FAT compares it. Wider than any driver's own table (`ß` is `SS`): no driver shall see one name twice. */
export function foldName(name: string): string {
	return name.toUpperCase();
}

/** FAT's names for one folder's names, which differ in more than case. */
export function fatNames(names: readonly string[]): FatName[] {
	const taken = new Set(names.filter((name) => SHORT.test(name)).map(padded));
	const numbers = new Map<string, number>();
	return names.map((name) => {
		if (SHORT.test(name)) return { short: padded(name) };
		const upper = name.replace(/[a-z]/g, (letter) => letter.toUpperCase());
		const whole = SHORT.test(upper) ? padded(upper) : undefined;
		const short = whole === undefined || taken.has(whole) ? numbered(upper, taken, numbers) : whole;
		taken.add(short);
		return { short, long: name };
	});
}

/** `NAME~1.EXT`, with the first number that isn't taken. */
function numbered(upper: string, taken: ReadonlySet<string>, numbers: Map<string, number>): string {
	const name = upper.replace(/^\.+| /g, "").replace(/[^A-Z0-9!#$%&'()@^_`{}~.-]/g, "_");
	const dot = name.lastIndexOf(".");
	const base = (dot < 0 ? name : name.slice(0, dot)).replaceAll(".", "");
	const extension = dot < 0 ? "" : name.slice(dot + 1, dot + 4);
	const key = `${base.slice(0, 6)}.${extension}`;
	for (let number = numbers.get(key) ?? 1; ; number++) {
		const tail = `~${number}`;
		const short = `${base.slice(0, 8 - tail.length)}${tail}`.padEnd(8) + extension.padEnd(3);
		if (taken.has(short)) continue;
		numbers.set(key, number + 1);
		return short;
	}
}

function padded(name: string): string {
	const [base = "", extension = ""] = name.split(".");
	return base.padEnd(8) + extension.padEnd(3);
}
