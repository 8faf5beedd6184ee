/** Long names of FAT, and the 8.3 name of each (fatgen103, "Name Limits and Character Sets"). */

/** The name of a file or folder in FAT. */
export interface FatName {
	/** Eleven characters, as in an entry. */
	readonly short: string;
	/** The long name, unless the short name is the same. */
	readonly long?: string;
}

const SHORT = /^[A-Z0-9!#$%&'()@^_`{}~-]{1,8}(\.[A-Z0-9!#$%&'()@^_`{}~-]{1,3})?$/;

/** Why FAT can't store a name; undefined if it can. */
export function fatNameFault(name: string): string | undefined {
	if (name.length > 255) return `a FAT name can have at most 255 characters, and this one has ${name.length}`;
	if (/["*:<>?\\|]/.test(name)) return 'a FAT name must not have " * : < > ? \\ or |';
	return undefined;
}

/** A name in the form that is compared. Broader than any driver's table (`ß` is `SS`), so no driver sees a name twice. */
export function foldName(name: string): string {
	return name.toUpperCase();
}

/** The FAT names for the names of one folder, which must differ in more than case. */
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

/** `NAME~1.EXT`, with the first free number. */
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
