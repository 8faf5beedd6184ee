/**
 * Copies the members that a schema names from a value that satisfies it, in the schema's order. The APIs' answers are
 * much longer than what Guestwire reads of them.
 */
import type { TSchema } from "typebox";
import { getOrInsert } from "../get-or-insert.ts";

/**
 * Copies a value that satisfies the schema.
 *
 * @param strings equal strings are replaced by the one in here, because many repeat, such as a network's id in each port
 */
export type Picker = (value: unknown, strings: Map<string, string>) => unknown;

interface SchemaNode {
	readonly type?: string;
	readonly properties?: Readonly<Record<string, SchemaNode>>;
	readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
	readonly items?: SchemaNode;
	readonly anyOf?: readonly SchemaNode[];
}

const EMPTY: readonly unknown[] = Object.freeze([]);

/** @param schema by TypeBox: objects, lists, records, unions with at most one of these, and plain values */
export function createPicker(schema: TSchema): Picker {
	return pickNode(schema as SchemaNode);
}

function pickNode(schema: SchemaNode): Picker {
	if (schema.properties) return pickObject(schema.properties);
	if (schema.items) return pickList(pickNode(schema.items));
	const [member] = Object.values(schema.patternProperties ?? {});
	if (member) return pickRecord(pickNode(member));
	const structure = schema.anyOf?.find(({ type }) => type === "object" || type === "array");
	const pickStructure = structure ? pickNode(structure) : pickPlain;
	return (value, strings) => (value instanceof Object ? pickStructure(value, strings) : pickPlain(value, strings));
}

const pickPlain: Picker = (value, strings) => {
	if (typeof value !== "string") return value;
	const known = strings.get(value);
	if (known === undefined) strings.set(value, value);
	return known ?? value;
};

const pickList =
	(pickItem: Picker): Picker =>
	(list, strings) => {
		const items = list as readonly unknown[];
		return items.length === 0 ? EMPTY : items.map((item) => pickItem(item, strings));
	};

const pickRecord =
	(pickMember: Picker): Picker =>
	(record, strings) =>
		Object.fromEntries(Object.entries(record as object).map(([key, value]) => [key, pickMember(value, strings)]));

/**
 * Copies start as clones of a template that has the same members: an object that grows member by member under computed
 * names, or that had members deleted, becomes a hash table, which takes two to four times the memory.
 */
function pickObject(properties: Readonly<Record<string, SchemaNode>>): Picker {
	const members = Object.entries(properties).map(([name, schema]) => ({ name, pick: pickNode(schema) }));
	const templates = new Map<string, object>();
	const templateOf = (names: readonly string[]): object =>
		getOrInsert(templates, names.join(" "), () =>
			JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, 0])))),
		);
	return (value, strings) => {
		const source = value as Readonly<Record<string, unknown>>;
		const found = members.filter(({ name }) => source[name] !== undefined);
		const copy: Record<string, unknown> = { ...templateOf(found.map(({ name }) => name)) };
		for (const { name, pick } of found) copy[name] = pick(source[name], strings);
		return copy;
	};
}
