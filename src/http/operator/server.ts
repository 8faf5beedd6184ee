/** The operator server: every guest's documents, metrics and health, on a listener that guests cannot reach. */
import swagger from "@fastify/swagger";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { driveTree } from "../../documents/drive-tree.ts";
import { GuestwireError } from "../../errors.ts";
import type { Instance } from "../../instance/instance.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import { type Log, logOperatorRequest } from "../../service/log.ts";
import type { Metrics } from "../../service/metrics.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { PasswordStore } from "../../store/password-store.ts";
import { listenOn, parseListenAddress } from "../listen.ts";
import { accessCheck } from "./access.ts";
import { configDriveRoute } from "./config-drive-route.ts";
import { passwordRoute } from "./password-route.ts";
import { detailsOf, InstanceSchema, ProblemSchema, SummarySchema, summaryOf } from "./schemas.ts";

export interface OperatorServerOptions {
	/** An address, as for a metadata listener. */
	readonly listen: string;
	/** The bearer token. Required on an address that other machines can reach. */
	readonly token?: string | undefined;
	readonly instances: Pick<InstanceCache, "get" | "list">;
	readonly documents: GuestDocuments;
	readonly passwords: PasswordStore;
	readonly metrics: Metrics;
	readonly log: Log;
	/** Whether guests are served: false before the metadata listeners have started and during shutdown. */
	readonly isReady: () => boolean;
	/** Whether the inventory is invalid and its last valid state is served; shown by `/readyz`. Default: false. */
	readonly isOutdated?: () => boolean;
	/** Guestwire's version, for the OpenAPI document. */
	readonly version: string;
}

export interface OperatorServer {
	/** The address it listens on. */
	readonly address: string;
	close(): Promise<void>;
}

/** Requested every few seconds by load balancers, which have no token. The responses are a single word. */
const PROBES = new Set(["/healthz", "/readyz"]);
/** An instance's id may be any text in an inventory. */
const MAX_ID_LENGTH = 512;

/** @throws GuestwireError `config` or `listen` */
export async function startOperatorServer(options: OperatorServerOptions): Promise<OperatorServer> {
	const address = parseListenAddress(options.listen);
	const check = accessCheck(address, options.token);
	const app = fastify({ routerOptions: { maxParamLength: MAX_ID_LENGTH } });
	app.addHook("onRequest", async (request, reply) => {
		const { host, authorization } = request.headers;
		const refused = check({ host, authorization });
		if (refused === 403) return reply.code(403).send({ message: "Only local Host names are allowed." });
		if (refused === undefined || PROBES.has(request.routeOptions.url ?? "")) return;
		return reply.code(401).header("www-authenticate", "Bearer").send({ message: "A bearer token is required." });
	});
	app.setErrorHandler((error: FastifyError, _request, reply) => answerProblem(error, reply, options.log));
	app.setNotFoundHandler((_request, reply) => reply.code(404).send({ message: "Not found." }));
	app.addHook("onResponse", async (request, reply) => record(request, reply, options.log));
	await app.register(swagger, {
		openapi: { openapi: "3.1.0", info: { title: "Guestwire operator API", version: options.version } },
		transform: ({ schema, url }) => ({ schema, url: url.replace("*", ":path") }),
	});
	await app.register(async (scope) => addRoutes(scope, options));
	return { address: await listenOn(app, address), close: () => app.close() };
}

function addRoutes(app: FastifyInstance, options: OperatorServerOptions): void {
	const { instances, documents, passwords, metrics, isReady, isOutdated = () => false } = options;

	const instanceOf = async (id: string): Promise<Instance> => {
		const found = await instances.get(id.toLowerCase(), "all");
		if (found === undefined)
			throw new GuestwireError("unknown-instance", `There is no instance ${JSON.stringify(id)}.`);
		return found;
	};
	const idOf = (request: FastifyRequest) => (request.params as { id: string }).id;
	const problem = { ...ProblemSchema };
	const params = { type: "object", properties: { id: { type: "string", description: "The instance's id" } } };

	const list = { summary: "Every instance", response: { 200: { type: "array", items: SummarySchema }, 503: problem } };
	app.get("/api/instances", { schema: list }, async () => (await instances.list()).map(summaryOf));

	const one = { summary: "One instance", params, response: { 200: InstanceSchema, 404: problem, 503: problem } };
	app.get("/api/instances/:id", { schema: one }, async (request) => {
		const instance = await instanceOf(idOf(request));
		return detailsOf(instance, documents.tree(instance));
	});

	const file = {
		summary: "A document or a listing, byte for byte as the guest gets it",
		params: { type: "object", properties: { ...params.properties, path: { type: "string", description: "Its path" } } },
		response: { 200: { description: "The document", type: "string", format: "binary" }, 404: problem, 503: problem },
	};
	app.get("/api/instances/:id/tree/*", { schema: file }, async (request, reply) => {
		const path = (request.params as { "*": string })["*"];
		const answer = await documents.answer(await instanceOf(idOf(request)), path);
		if (answer === undefined)
			throw new GuestwireError("unknown-path", `The instance has no document ${JSON.stringify(path)}.`);
		// User data is arbitrary: a browser must not treat it as a page of this server.
		reply.headers({ "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox" });
		return reply.header("content-type", answer.contentType).send(answer.body);
	});

	app.register(configDriveRoute, {
		drive: async (id) => {
			const instance = await instanceOf(id);
			return { tree: driveTree(await documents.complete(instance)), created: instance.server?.created };
		},
	});

	app.register(passwordRoute, { instanceOf, passwords });

	const hidden = { schema: { hide: true } };
	app.get("/openapi.json", hidden, async () => app.swagger());
	app.get("/metrics", hidden, async (_request, reply) =>
		reply.header("content-type", metrics.registry.contentType).send(await metrics.registry.metrics()),
	);
	app.get("/healthz", hidden, async () => "ok\n");
	app.get("/readyz", hidden, async (_request, reply) => {
		if (!isReady()) return reply.code(503).send("not ready\n");
		return isOutdated() ? "ok, but the inventory is invalid and its last valid state is served\n" : "ok\n";
	});
}

function answerProblem(error: FastifyError | GuestwireError, reply: FastifyReply, log: Log): FastifyReply {
	if (error instanceof GuestwireError) {
		const unknown = error.code === "unknown-instance" || error.code === "unknown-path";
		return reply.code(unknown ? 404 : 503).send({ message: error.message });
	}
	const status = error.statusCode ?? 500;
	if (status < 500) return reply.code(status).send({ message: error.message });
	log.error({ operator: reply.request.routeOptions.url, detail: error.stack }, "the operator server failed");
	return reply.code(500).send({ message: "Internal error: see Guestwire's log." });
}

function record(request: FastifyRequest, reply: FastifyReply, log: Log): void {
	const route = request.routeOptions.url;
	if (route === "/metrics" || PROBES.has(route ?? "")) return;
	const instance = (request.params as { id?: string } | undefined)?.id;
	logOperatorRequest(log, { operator: route ?? "", instance, status: reply.statusCode, ms: reply.elapsedTime });
}
