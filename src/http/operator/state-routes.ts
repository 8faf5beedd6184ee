/** Refusals, the state of the service, events and the check of any document: a plugin for the operator server. */
import { PassThrough } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { GuestwireError } from "../../errors.ts";
import { createDocumentThread } from "../../service/document-work/document-thread.ts";
import type { MetricsReader } from "../../service/metrics.ts";
import type { Overview } from "../../service/overview/overview.ts";
import type { RefusalWithMisses } from "../../service/overview/refusals.ts";
import {
	DescriptionSchema,
	FindingSchema,
	type RefusalsParameters,
	RefusalsQuerySchema,
	RefusalsSchema,
	RenderingSchema,
	StatusSchema,
} from "./guest-schemas.ts";
import { explain } from "./refusal-advice.ts";
import { ProblemSchema } from "./schemas.ts";
import { sendWorked } from "./worked-document.ts";

export interface StateRoutesOptions {
	readonly overview: Overview;
	readonly metrics: { readonly registry: MetricsReader };
	/** The kind of source. */
	readonly source: string;
	readonly version: string;
	readonly isReady: () => boolean;
	readonly isOutdated: () => boolean;
	/** See OperatorServerOptions. */
	readonly problems: () => readonly string[];
	/** Whether a request that was admitted still would be: its session may have ended. */
	readonly isAdmitted: (request: FastifyRequest) => boolean;
}

/** Browsers that listen at a time. */
const MAX_STREAMS = 100;
/** Milliseconds between two comments that keep proxies from closing a quiet stream. */
const HEARTBEAT = 15_000;
/** Bytes that a slow browser may have unread. */
const MAX_UNREAD = 256 * 1024;
/** Bytes of a document to try. */
const MAX_DOCUMENT = 512 * 1024;

export async function stateRoutes(app: FastifyInstance, options: StateRoutesOptions): Promise<void> {
	addRefusals(app, options.overview);
	addStatus(app, options);
	addEvents(app, options);
	addTry(app);
}

function addRefusals(app: FastifyInstance, overview: Overview): void {
	const schema = {
		summary: "Requests for which no instance was found, by source, the latest first",
		querystring: RefusalsQuerySchema,
		response: { 200: RefusalsSchema, 503: ProblemSchema },
	};
	app.get<{ Querystring: RefusalsParameters }>("/api/refusals", { schema }, async ({ query }) => {
		const { q: text, limit = 20, cursor } = query;
		const { refusals, ...page } = await overview.refusals({ text, limit, cursor });
		return { ...page, refusals: refusals.map(refusalOf) };
	});
}

function refusalOf({ refusal, misses }: RefusalWithMisses) {
	const { reason, listener, node, count, first_at: firstAt, last_at: lastAt } = refusal;
	return {
		source: JSON.parse(refusal.source),
		...{ reason, listener, node, count, firstAt, lastAt },
		...explain(reason),
		...JSON.parse(refusal.content),
		nearMisses: misses,
	};
}

function addStatus(app: FastifyInstance, options: StateRoutesOptions): void {
	const { overview, metrics, source, version, isReady, isOutdated, problems } = options;
	const schema = { summary: "The state of the service and of its cloud", response: { 200: StatusSchema } };
	app.get("/api/status", { schema }, async () => {
		const all = await metrics.registry.getMetricsAsJSON();
		const own = all.filter(({ name }) => name.startsWith("guestwire_"));
		return {
			...{ isReady: isReady(), isOutdated: isOutdated(), problems: [...problems()], version, source },
			...{ instances: overview.size, isComplete: overview.isComplete },
			nodes: await overview.nodes(),
			metrics: own.map(({ name, help, values }) => ({
				...{ name, help },
				values: values
					// The age of what has never been current is infinite, which JSON does not have.
					.filter(({ value }) => Number.isFinite(value))
					// A histogram's sum and count are enough to show how long something takes.
					.filter((value) => !("metricName" in value && String(value.metricName).endsWith("_bucket")))
					.map((value) => ({
						labels: {
							...value.labels,
							...("metricName" in value && { part: String(value.metricName).slice(name.length + 1) }),
						},
						value: value.value,
					})),
			})),
		};
	});
}

function addEvents(app: FastifyInstance, { overview, isAdmitted }: StateRoutesOptions): void {
	const streams = new Set<PassThrough>();
	app.addHook("preClose", async () => {
		for (const stream of streams) stream.end();
	});
	const schema = {
		summary: "What has changed, as server-sent events: `guests`, `all` or `refusals`",
		response: {
			200: { description: "An endless stream", type: "string" },
			503: { ...ProblemSchema, description: "Too many event streams are open" },
		},
		produces: ["text/event-stream"],
	};
	app.get("/api/events", { schema }, async (request, reply) => {
		if (streams.size >= MAX_STREAMS)
			return reply.code(503).send({ message: `${MAX_STREAMS} event streams are open already: close one` });
		const stream = new PassThrough();
		const write = (text: string) => {
			if (stream.readableLength > MAX_UNREAD || !isAdmitted(request)) stream.destroy();
			else stream.write(text);
		};
		const stop = overview.listen(({ type, ...data }) => write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
		const timer = setInterval(write, HEARTBEAT, ":\n\n");
		streams.add(stream);
		stream.once("close", () => {
			clearInterval(timer);
			streams.delete(stream);
			stop();
		});
		write("retry: 2000\n\n");
		reply.headers({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
		return reply.send(stream);
	});
}

/** Documents that wait to be tried: whoever may read the API may send any. */
const MOST_TRIED = 4;

function addTry(app: FastifyInstance): void {
	const schema = {
		summary: "Check and render any network_data.json",
		body: Type.Unsafe<unknown>({ description: "A network_data.json from any program" }),
		response: {
			200: Type.Object({
				document: DescriptionSchema,
				findings: Type.Array(FindingSchema),
				losing: Type.Array(Type.String(), { description: "The clients that lose networking, or part of it" }),
				renderings: Type.Record(Type.String(), RenderingSchema),
			}),
			422: { ...ProblemSchema, description: "Not a network_data.json, or one that takes too long or too much memory" },
			503: { ...ProblemSchema, description: "Too many documents are being checked" },
		},
	};
	const thread = createDocumentThread(MOST_TRIED);
	app.addHook("onClose", () => thread.close());
	// The thread parses it.
	app.addContentTypeParser("application/json", { parseAs: "string" }, async (_request: unknown, body: string) => body);
	app.post<{ Body: string }>("/api/try", { schema, bodyLimit: MAX_DOCUMENT }, async ({ body }, reply) => {
		try {
			return await sendWorked(reply, thread, "try", { text: body });
		} catch (error) {
			if (!(error instanceof GuestwireError)) throw error;
			return reply.code(422).send({ message: error.message });
		}
	});
}
