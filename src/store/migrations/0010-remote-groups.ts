import type { Kysely } from "kysely";
import { chunks } from "../chunks.ts";

interface Tables {
	mirror_resources: { kind: string; id: string; content: string | null };
	mirror_keys: { kind: string; name: string; value: string; id: string };
}

interface Group {
	readonly security_group_rules?: readonly { readonly remote_group_id?: string | null }[];
}

/** Groups read at a time: one may have thousands of rules. */
const PAGE = 50;

/** Finds the mirror's security groups by the groups that their rules name. See `src/mirror/keys.ts`. */
export async function up(database: Kysely<unknown>): Promise<void> {
	const tables = database as Kysely<Tables>;
	for (let after = ""; ; ) {
		const groups = await tables
			.selectFrom("mirror_resources")
			.select(["id", "content"])
			.where("kind", "=", "security_group")
			.where("id", ">", after)
			.where("content", "is not", null)
			.orderBy("id")
			.limit(PAGE)
			.execute();
		const keys = groups.flatMap(({ id, content }) =>
			namedBy(JSON.parse(content ?? "{}")).map((value) => ({
				kind: "security_group",
				name: "remote_group",
				value,
				id,
			})),
		);
		for (const rows of chunks(keys)) {
			await tables
				.insertInto("mirror_keys")
				.values(rows)
				.onConflict((conflict) => conflict.doNothing())
				.execute();
		}
		if (groups.length < PAGE) return;
		after = groups.at(-1)?.id ?? "";
	}
}

function namedBy({ security_group_rules: rules = [] }: Group): string[] {
	const named = new Set(rules.map(({ remote_group_id }) => remote_group_id));
	return [...named].filter((id) => typeof id === "string" && /^[\w-]{1,255}$/.test(id)) as string[];
}
