/** What the readers of foreign documents share: notes of what they change, and where each thing came from. */

/** What was mended or dropped, and why. */
export interface Note {
	/** JSON pointer into the document that was read. */
	readonly place: string;
	/** One sentence for a person, without the document's own text. */
	readonly reason: string;
}

export interface Reading {
	readonly notes: readonly Note[];
	note(place: string, reason: string): void;
	/** Remembers the place that an object was read from, and gives the object back. */
	from<T extends object>(place: string, made: T): T;
	placeOf(made: object): string | undefined;
}

export function newReading(): Reading {
	const notes: Note[] = [];
	const places = new Map<object, string>();
	return {
		notes,
		note: (place, reason) => void notes.push({ place, reason }),
		from: (place, made) => {
			places.set(made, place);
			return made;
		},
		placeOf: (made) => places.get(made),
	};
}

/** A list, each item with its place. A null is taken for an empty list, which some clients crash on. */
export function itemsOf<T>(list: readonly T[] | null | undefined, place: string, reading: Reading): [T, string][] {
	if (list === null) reading.note(place, "null instead of a list: taken for an empty one");
	return (list ?? []).map((item, i) => [item, `${place}/${i}`]);
}

/** Notes the members that nothing reads. */
export function noteUnused(item: object, used: object, place: string, reading: Reading): void {
	for (const key of Object.keys(item)) {
		if (Object.hasOwn(used, key)) continue;
		reading.note(placeOfMember(place, key), "no member that Guestwire knows: dropped");
	}
}

/** The object's own place where the key has what a terminal obeys in it. */
export function placeOfMember(place: string, key: string): string {
	if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(key)) return place;
	return `${place}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
