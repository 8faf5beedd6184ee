/**
 * Copies what a schema names of a value that it allows, and nothing else, in the schema's order: what is kept of the
 * APIs' long answers, whether they come from files or from the APIs themselves.
 */
import type { TSchema } from "typebox";

/**
 * Copies a value that fits the schema.
 *
 * @param strings equal strings become the one in here. Many repeat: a port's id in its server's `addresses`, a network's
 * in each port
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

/** @param schema of TypeBox's: objects, lists, records, unions with one structure in them, and plain values */
export function createPicker(schema: TSchema): Picker {
	return keepNode(schema as SchemaNode);
}

function keepNode(schema: SchemaNode): Picker {
	if (schema.properties) return keepObject(schema.properties);
	if (schema.items) return keepList(keepNode(schema.items));
	const [member] = Object.values(schema.patternProperties ?? {});
	if (member) return keepRecord(keepNode(member));
	const structure = schema.anyOf?.find(({ type }) => type === "object" || type === "array");
	const keepStructure = structure ? keepNode(structure) : keepPlain;
	return (value, strings) => (value instanceof Object ? keepStructure(value, strings) : keepPlain(value, strings));
}

const keepPlain: Picker = (value, strings) => {
	if (typeof value !== "string") return value;
	const known = strings.get(value);
	if (known === undefined) strings.set(value, value);
	return known ?? value;
};

const keepList =
	(keepItem: Picker): Picker =>
	(list, strings) => {
		const items = list as readonly unknown[];
		return items.length === 0 ? EMPTY : items.map((item) => keepItem(item, strings));
	};

const keepRecord =
	(keepMember: Picker): Picker =>
	(record, strings) =>
		Object.fromEntries(Object.entries(record as object).map(([key, value]) => [key, keepMember(value, strings)]));

/**
 * Copies start as clones of a template that has the same members: an object that grows member by member under computed
 * names, or that had members deleted, becomes a hash table, which takes two to four times the memory.
 */
function keepObject(properties: Readonly<Record<string, SchemaNode>>): Picker {
	const members = Object.entries(properties).map(([name, schema]) => ({ name, keep: keepNode(schema) }));
	const templates = new Map<string, object>();
	const templateOf = (names: readonly string[]): object => {
		const shape = names.join(" ");
		const known = templates.get(shape);
		if (known !== undefined) return known;
		const template: object = JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, 0]))));
		templates.set(shape, template);
		return template;
	};
	return (value, strings) => {
		const source = value as Readonly<Record<string, unknown>>;
		const present = members.filter(({ name }) => source[name] !== undefined);
		const copy: Record<string, unknown> = { ...templateOf(present.map(({ name }) => name)) };
		for (const { name, keep } of present) copy[name] = keep(source[name], strings);
		return copy;
	};
}
