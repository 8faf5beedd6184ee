/** The list of instances: as many as there are, without keeping guests waiting. */
import type { FastifyInstance } from "fastify";
import { inOrder } from "../../in-order.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { InstanceSummary } from "../../source/source.ts";
import { startWorkTurn } from "../../work-turn.ts";
import { MAX_ID_LENGTH, ProblemSchema, SummarySchema, summaryOf } from "./schemas.ts";

/** A page of the list starts after an id, whether or not there still is such an instance. */
const PAGE_OF_INSTANCES = {
	type: "object",
	properties: {
		limit: { type: "integer", minimum: 1, description: "Number of instances on a page. Default: all" },
		after: { type: "string", maxLength: MAX_ID_LENGTH, description: "The last id of the previous page" },
	},
};

const LIST = {
	summary: "Every instance, ordered by id",
	querystring: PAGE_OF_INSTANCES,
	response: { 200: { type: "array", items: SummarySchema }, 503: { ...ProblemSchema } },
};

/** Instances written without a break. */
const PIECE = 500;

export async function instanceListRoute(
	app: FastifyInstance,
	{ instances }: { readonly instances: Pick<InstanceCache, "list"> },
): Promise<void> {
	app.get<{ Querystring: { limit?: number; after?: string } }>(
		"/api/instances",
		{ schema: LIST },
		async ({ query }, reply) => {
			const { limit, after = "" } = query;
			const all = await instances.list();
			const rest = after === "" ? all : all.filter(({ id }) => id > after);
			const sorted = await inOrder(rest, ({ id }) => id);
			return reply.type("application/json; charset=utf-8").send(await jsonOf(sorted.slice(0, limit)));
		},
	);
}

async function jsonOf(instances: readonly InstanceSummary[]): Promise<Buffer> {
	const pieces: Buffer[] = [];
	const turn = startWorkTurn();
	for (let at = 0; at < instances.length; at += PIECE) {
		const piece = JSON.stringify(instances.slice(at, at + PIECE).map(summaryOf)).slice(1, -1);
		pieces.push(Buffer.from(at === 0 ? piece : `,${piece}`));
		if (turn.isOver()) await turn.next();
	}
	return Buffer.concat([Buffer.from("["), ...pieces, Buffer.from("]")]);
}
