/** Generates the table of docs/configuration.md from the schema. */
import type { TSchema } from "typebox";
import { ConfigSchema } from "./config-schema.ts";

interface SchemaNode {
	readonly type?: string;
	readonly description?: string;
	readonly default?: unknown;
	readonly enum?: readonly string[];
	readonly required?: readonly string[];
	readonly properties?: Readonly<Record<string, SchemaNode>>;
	readonly items?: SchemaNode;
	readonly anyOf?: readonly SchemaNode[];
}

/** A Markdown table with one row per key, nested keys included. */
export function configurationTable(schema: TSchema = ConfigSchema): string {
	const rows = keysOf(schema as SchemaNode, "").map((cells) => `| ${cells.join(" | ")} |`);
	return ["| key | value | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function keysOf(node: SchemaNode, prefix: string): string[][] {
	return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
		const required = member.default === undefined && (node.required?.includes(name) ?? false);
		const key = `${prefix}${name}`;
		const row = [`\`${key}\``, kindOf(member), required ? "required" : defaultOf(member), member.description ?? ""];
		return [row, ...keysOf(member, `${key}.`), ...keysOf(member.items ?? {}, `${key}[].`)];
	});
}

function kindOf(node: SchemaNode): string {
	if (node.anyOf !== undefined) return node.anyOf.map(kindOf).join(", ");
	if (node.enum !== undefined) return node.enum.map((value) => `\`${value}\``).join(", ");
	if (node.items !== undefined) return node.items.properties ? "list of maps" : `list of ${kindOf(node.items)}`;
	return { string: "text", object: "map", boolean: "`true`, `false`" }[node.type ?? ""] ?? node.type ?? "";
}

function defaultOf(node: SchemaNode): string {
	if (node.default === undefined || node.properties !== undefined) return "";
	return `\`${JSON.stringify(node.default)}\``;
}
