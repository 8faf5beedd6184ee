/** The operator server: every guest's documents, metrics and health, on a listener that guests cannot reach. */
import swagger from "@fastify/swagger";
import fastify, {
	type FastifyError,
	type FastifyInstance,
	type FastifyReply,
	type FastifyRequest,
	type FastifySchema,
} from "fastify";
import { driveTree } from "../../documents/drive-tree.ts";
import { GuestwireError } from "../../errors.ts";
import type { Instance } from "../../instance/instance.ts";
import type { DriveLinks } from "../../service/drive-links.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import { listFiles } from "../../service/list-files.ts";
import { type Log, logOperatorRequest, pathInLog } from "../../service/log.ts";
import type { MetricsReader } from "../../service/metrics.ts";
import type { Overview } from "../../service/overview/overview.ts";
import type { DigestOf } from "../../service/request-history/document-content.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { HistoryStore } from "../../store/history-store.ts";
import type { PasswordStore } from "../../store/password-store.ts";
import { listenOn, parseListenAddress } from "../listen.ts";
import { type Access, type AccessRequest, createAccess, type Role, type Tokens } from "./access.ts";
import { driveLinkRoute } from "./config-drive-link-route.ts";
import { configDriveRoute, DRIVE_ROUTE } from "./config-drive-route.ts";
import { guestRoutes } from "./guest-routes.ts";
import { instanceListRoute } from "./instance-list-route.ts";
import { instanceRoutes } from "./instance-routes.ts";
import { PAGE_ROUTES, pageRoutes } from "./page-routes.ts";
import { passwordRoute } from "./password-route.ts";
import { answerBadUrl, answerMalformed, answerProblem, GUARD_HEADERS } from "./problems.ts";
import { MAX_ID_LENGTH, ProblemSchema } from "./schemas.ts";
import { SESSION_ROUTE, sessionRoutes } from "./session-routes.ts";
import { stateRoutes } from "./state-routes.ts";

export interface OperatorServerOptions extends Tokens {
	/** An address, as for a metadata listener. Without a token it must be one that only this machine can reach. */
	readonly listen: string;
	readonly instances: Pick<InstanceCache, "get" | "revalidate" | "list">;
	readonly documents: GuestDocuments;
	readonly passwords: PasswordStore;
	/** The documents in profile `nova`, to compare. */
	readonly novaDocuments: Pick<GuestDocuments, "tree">;
	readonly overview: Overview;
	readonly history: HistoryStore;
	readonly digestOf: DigestOf;
	readonly driveLinks: DriveLinks;
	/** The URL of this server for other machines. Default: links name it as their request does. */
	readonly url?: string | undefined;
	readonly metrics: { readonly registry: MetricsReader };
	readonly log: Log;
	/** The kind of source, for the page. */
	readonly source: string;
	/** Whether guests are served: false before the metadata listeners have started and during shutdown. */
	readonly isReady: () => boolean;
	/** Whether the inventory is invalid and its last valid state is served; shown by `/readyz`. Default: false. */
	readonly isOutdated?: () => boolean;
	/** What keeps changes in the cloud from being served at once, and what to do; shown by `/readyz`. Default: nothing. */
	readonly problems?: () => readonly string[];
	/** Guestwire's version, for the OpenAPI document. */
	readonly version: string;
	/** See PageRoutesOptions. */
	readonly pageFolder?: string;
	/** Default: `LIMITS`. */
	readonly limits?: Partial<typeof LIMITS>;
}

/** Anybody on the network may connect. Times are in milliseconds. */
const LIMITS = {
	/** For a request to arrive. */
	requestTimeout: 30_000,
	/** Without a byte in either direction, such as a response that is not read. The slowest answer takes less. */
	connectionTimeout: 120_000,
	maxConnections: 500,
};
/** Milliseconds between two searches for slow requests. */
const CHECK_INTERVAL = 1000;

export interface OperatorServer {
	/** The address it listens on. */
	readonly address: string;
	close(): Promise<void>;
}

declare module "fastify" {
	interface FastifyRequest {
		/** What the request may read; null where anybody may. */
		role: Role | null;
	}
}

/** Requested every few seconds by load balancers, which have no token. The responses are a word, or say what is wrong. */
const PROBES = new Set(["/healthz", "/readyz"]);

/** @throws GuestwireError `config` or `listen` */
export async function startOperatorServer(options: OperatorServerOptions): Promise<OperatorServer> {
	const address = parseListenAddress(options.listen);
	const access = createAccess(address, options, options.url);
	const { maxConnections, requestTimeout, connectionTimeout } = { ...LIMITS, ...options.limits };
	const app = fastify({
		...{ requestTimeout, connectionTimeout },
		http: { headersTimeout: requestTimeout, connectionsCheckingInterval: CHECK_INTERVAL },
		routerOptions: { maxParamLength: MAX_ID_LENGTH },
		forceCloseConnections: true,
		frameworkErrors: (error, _request, reply) => answerBadUrl(error, reply),
		clientErrorHandler: answerMalformed,
	});
	app.server.maxConnections = maxConnections;
	app.decorateRequest("role", null);
	app.addHook("onRequest", async (request, reply) => admit(access, options.driveLinks, request, reply));
	app.setErrorHandler((error: FastifyError, _request, reply) => answerProblem(error, reply, options.log));
	app.setNotFoundHandler((_request, reply) => reply.code(404).send({ message: "not found" }));
	app.addHook("onResponse", async (request, reply) => record(request, reply, options.log));
	await app.register(swagger, {
		openapi: { openapi: "3.1.0", info: { title: "Guestwire operator API", version: options.version } },
		transform: ({ schema, url }) => ({ schema: withProblems(schema), url: url.replace("*", ":path") }),
	});
	await app.register(async (scope) => addRoutes(scope, options, access));
	return { address: await listenOn(app, address), close: () => app.close() };
}

/** Every operation can be refused in the same ways. */
function withProblems(schema: FastifySchema): FastifySchema {
	const content = { "application/json": { schema: ProblemSchema } };
	const problem = { description: "Why the request was refused or failed", content };
	return { ...schema, response: { default: problem, ...(schema.response as object) } };
}

async function admit(
	access: Access,
	links: DriveLinks,
	request: FastifyRequest,
	reply: FastifyReply,
): Promise<unknown> {
	reply.headers(GUARD_HEADERS);
	const route = request.routeOptions.url ?? "";
	if (route === DRIVE_ROUTE && hasLink(request)) return admitLink(links, request, reply);
	const asked = requestOf(request.headers, request.method);
	const refused = refusal(access, route, asked);
	if (refused === 403) {
		const message = access.checkHost(asked)
			? "only local Host names are allowed, and that of operator.url if a token is set"
			: "requests from other sites' pages are refused";
		return reply.code(403).send({ message });
	}
	if (refused === 401) {
		return reply.code(401).header("www-authenticate", "Bearer").send({ message: "a bearer token is required" });
	}
	request.role = refused ?? null;
	return undefined;
}

function hasLink({ query }: FastifyRequest): boolean {
	return "link" in (query as object);
}

const LINK_REFUSALS = {
	wrong: "the link is not valid for this instance: create one with guestwire config-drive --url",
	expired: "the link has expired: create a new one with guestwire config-drive --url",
};

/** The signature takes the place of the token. A proxy may have sent the request on, so the Host header may be any. */
function admitLink(links: DriveLinks, request: FastifyRequest, reply: FastifyReply): unknown {
	const { id } = request.params as { id: string };
	const refused = links.refusal(id, (request.query as { link?: unknown }).link);
	if (refused !== undefined) return reply.code(403).send({ message: LINK_REFUSALS[refused] });
	request.role = "read-user-data";
	return undefined;
}

/** The role of a request, undefined where none is needed, or the status that refuses it. */
function refusal(access: Access, route: string, request: AccessRequest): Role | 401 | 403 | undefined {
	if (PROBES.has(route) || PAGE_ROUTES.has(route)) return access.checkHost(request);
	return route === SESSION_ROUTE ? access.checkSite(request) : access.check(request);
}

function requestOf(headers: FastifyRequest["headers"], method: string): AccessRequest {
	const { host, origin, authorization, cookie } = headers;
	const site = headers["sec-fetch-site"];
	return { method, host, origin, site: site?.toString(), authorization, cookie };
}

function addRoutes(app: FastifyInstance, options: OperatorServerOptions, access: Access): void {
	const { instances, documents, passwords, log } = options;
	const { isOutdated = () => false, problems = () => [] } = options;

	const instanceOf = async (id: string, look = instances.get): Promise<Instance> => {
		const found = await look(id.toLowerCase(), "all");
		if (found !== undefined) return found;
		const advice = "take an id from /api/instances";
		throw new GuestwireError("unknown-instance", `there is no instance ${JSON.stringify(id)}: ${advice}`);
	};
	/** A drive is written once. A NIC may have been attached a moment ago. */
	const newFacts: InstanceCache["get"] = async (id, detail) => {
		try {
			return await instances.revalidate(id, detail);
		} catch (error) {
			if ((error as GuestwireError).code !== "cloud-unavailable") throw error;
			return instances.get(id, detail);
		}
	};
	app.register(instanceListRoute, { instances });
	app.register(instanceRoutes, {
		...{ documents, instanceOf },
		requireUserData: (request, what) => requireUserData(request, log, what),
	});
	app.register(configDriveRoute, {
		drive: async (id, request) => {
			requireUserData(request, log, hasLink(request) ? "the config drive, by a link" : "the config drive");
			const instance = await instanceOf(id, newFacts);
			const tree = driveTree(await documents.complete(instance));
			// The drive is laid out without a break: its files have to be there.
			await listFiles(tree);
			return { tree, created: instance.server?.created };
		},
	});
	app.register(driveLinkRoute, {
		...{ instanceOf, links: options.driveLinks, url: options.url },
		requireSecrets: (request) => requireUserData(request, log, "a link to the config drive"),
	});
	const requireSecrets = (request: FastifyRequest) => requireUserData(request, log, "the password");
	app.register(passwordRoute, { instanceOf, passwords, requireSecrets });
	app.register(guestRoutes, { ...options, instanceOf });
	const isAdmitted = ({ headers, method }: FastifyRequest) =>
		typeof access.check(requestOf(headers, method)) === "string";
	app.register(stateRoutes, { ...options, isOutdated, problems, isAdmitted });
	app.register(sessionRoutes, { access, requestOf, version: options.version });
	app.register(pageRoutes, { folder: options.pageFolder });
	addHealth(app, { ...options, isOutdated, problems });
}

type HealthOptions = "metrics" | "isReady" | "isOutdated" | "problems";

/** What programs read: the API's description, metrics and health. */
function addHealth(
	app: FastifyInstance,
	{ metrics, isReady, isOutdated, problems }: Required<Pick<OperatorServerOptions, HealthOptions>>,
): void {
	const hidden = { schema: { hide: true } };
	app.get("/openapi.json", hidden, async () => app.swagger());
	app.get("/metrics", hidden, async (_request, reply) =>
		reply.header("content-type", metrics.registry.contentType).send(await metrics.registry.metrics()),
	);
	app.get("/healthz", hidden, async () => "ok\n");
	app.get("/readyz", hidden, async (_request, reply) => {
		if (!isReady()) return reply.code(503).send("not ready\n");
		if (isOutdated()) return "ok, but the inventory is invalid, so its last valid state is served\n";
		return `${["ok", ...problems()].join(", but ")}\n`;
	});
}

/** An error with a status of its own. */
function forbidden(message: string): FastifyError {
	return Object.assign(new Error(message), { name: "Forbidden", code: "FORBIDDEN", statusCode: 403 });
}

/** Refuses a request whose token does not allow user data; each request that it allows is logged. */
function requireUserData(request: FastifyRequest, log: Log, what: string): void {
	const { id } = request.params as { id: string };
	if (request.role !== "read-user-data") {
		throw forbidden("this token does not allow user data: use the one that operator.tokenFile names");
	}
	log.info(
		{ operator: "user data", instance: pathInLog(id), detail: pathInLog(what), peer: request.ip },
		"user data was read",
	);
}

function record(request: FastifyRequest, reply: FastifyReply, log: Log): void {
	const route = request.routeOptions.url;
	if (route === "/metrics" || PROBES.has(route ?? "") || PAGE_ROUTES.has(route ?? "")) return;
	const instance = (request.params as { id?: string } | undefined)?.id;
	logOperatorRequest(log, { operator: route ?? "", instance, status: reply.statusCode, ms: reply.elapsedTime });
}
