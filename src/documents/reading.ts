/** What the readers of other makers' documents share: remarks on what they change, and where each value came from. */
import { pointerToken } from "../json-pointer.ts";
import { isPrintable, printable } from "../printable.ts";

/** Something in a document that was changed or dropped, and why. */
export interface Remark {
	/** JSON pointer into the document: `/networks/2/routes/0`; empty for the document as a whole. */
	readonly pointer: string;
	/** One sentence without a capital letter or full stop. */
	readonly reason: string;
	/** The value at the pointer, shortened and safe to print. Absent if there is none, or it says nothing. */
	readonly value?: string;
}

/** Adds a remark. A value that is not undefined is shown with it. */
export type AddRemark = (pointer: string, reason: string, value?: unknown) => void;

export interface Reading {
	readonly remarks: readonly Remark[];
	readonly remark: AddRemark;
	/** Remembers where an object was read from, and returns the object. */
	from<T extends object>(pointer: string, made: T): T;
	/** Where an object was read from. */
	pointerOf(made: object): string | undefined;
}

export function newReading(): Reading {
	const { remarks, remark } = collectRemarks();
	const pointers = new Map<object, string>();
	return {
		remarks,
		remark,
		from: (pointer, made) => {
			pointers.set(made, pointer);
			return made;
		},
		pointerOf: (made) => pointers.get(made),
	};
}

/** A list of remarks, and the function that adds to it. */
export function collectRemarks(): { readonly remarks: readonly Remark[]; readonly remark: AddRemark } {
	const remarks: Remark[] = [];
	return {
		remarks,
		remark: (pointer, reason, value) =>
			void remarks.push({ pointer, reason, ...(value !== undefined && { value: shownValue(value) }) }),
	};
}

const LONGEST_VALUE = 60;

/** A value of a document as JSON, shortened and safe to print. */
function shownValue(value: unknown): string {
	const text = JSON.stringify(value) ?? "";
	const short = text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
	return printable(short);
}

/** The items of a list, each with its pointer. A null, which crashes some clients, is read as an empty list. */
export function itemsOf<T>(list: readonly T[] | null | undefined, pointer: string, reading: Reading): [T, string][] {
	if (list === null) reading.remark(pointer, "null instead of a list: read as an empty list");
	return (list ?? []).map((item, i) => [item, `${pointer}/${i}`]);
}

/** Remarks on the members that nothing reads. */
export function remarkUnused(item: object, used: object, pointer: string, reading: Reading): void {
	for (const [key, value] of Object.entries(item)) {
		if (Object.hasOwn(used, key)) continue;
		reading.remark(memberPointer(pointer, key), "unknown member: dropped", value);
	}
}

/** The pointer to a member; to the object itself if the key is not safe to print. */
export function memberPointer(pointer: string, key: string): string {
	if (!isPrintable(key)) return pointer;
	return `${pointer}/${pointerToken(key)}`;
}
