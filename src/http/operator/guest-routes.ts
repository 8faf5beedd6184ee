/** What guests requested and would get: a plugin for the operator server. */
import type { FastifyInstance, FastifyReply } from "fastify";
import Type, { type Static } from "typebox";
import { CLIENTS } from "../../check/index.ts";
import { isPrivatePath } from "../../documents/paths.ts";
import { GuestwireError } from "../../errors.ts";
import type { Instance } from "../../instance/instance.ts";
import { FORMATS, type Format } from "../../render/index.ts";
import { createDocumentThread, type DocumentThread } from "../../service/document-work/document-thread.ts";
import { doWork, type WorkArgument, type WorkName } from "../../service/document-work/work.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import { type Log, pathInLog } from "../../service/log.ts";
import { comparableAnswers, documentState } from "../../service/overview/freshness.ts";
import type { Overview } from "../../service/overview/overview.ts";
import type { RecordedRequest } from "../../service/request-history/answered-request.ts";
import {
	type DigestOf,
	decompressContent,
	isDocumentPath,
	storableContent,
} from "../../service/request-history/document-content.ts";
import { decodeRequests } from "../../service/request-history/request-list.ts";
import type { HistoryStore, LastAnswer } from "../../store/history-store.ts";
import { startWorkTurn } from "../../work-turn.ts";
import {
	DescriptionSchema,
	FindingSchema,
	GuestDetailsSchema,
	guestOf,
	OriginsSchema,
	RenderingSchema,
	type SearchParameters,
	SearchQuerySchema,
	SearchSchema,
	VersionsSchema,
} from "./guest-schemas.ts";
import { explain } from "./refusal-advice.ts";
import { IdParamsSchema, ProblemSchema } from "./schemas.ts";
import { sendWorked } from "./worked-document.ts";

export interface GuestRoutesOptions {
	readonly overview: Overview;
	readonly history: HistoryStore;
	readonly digestOf: DigestOf;
	readonly documents: GuestDocuments;
	readonly log: Log;
	/** The documents in profile `nova`. */
	readonly novaDocuments: Pick<GuestDocuments, "tree">;
	/** @throws GuestwireError `unknown-instance` */
	readonly instanceOf: (id: string) => Promise<Instance>;
}

interface InstanceRoute {
	readonly Params: Static<typeof IdParamsSchema>;
}

const NETWORK_DATA = "openstack/latest/network_data.json";
const problems = { 404: ProblemSchema, 503: ProblemSchema };

export async function guestRoutes(app: FastifyInstance, options: GuestRoutesOptions): Promise<void> {
	addSearch(app, options);
	addGuest(app, options);
	addVersions(app, options);
	const thread = createDocumentThread(MOST_WAITING);
	app.addHook("onClose", () => thread.close());
	addWiring(app, options, thread);
	addCheck(app, options, thread);
	addRendering(app, options, thread);
}

function addSearch(app: FastifyInstance, { overview }: GuestRoutesOptions): void {
	const schema = { summary: "Search all guests", querystring: SearchQuerySchema, response: { 200: SearchSchema } };
	app.get<{ Querystring: SearchParameters }>("/api/search", { schema }, async ({ query }) => {
		const { q: text, client, state, project, network, sort, order, limit = 50, cursor } = query;
		const filters = { text, client, state, project, network };
		const page = await overview.search({ ...filters, sort, descending: order === "desc", limit, cursor });
		return { ...page, guests: page.guests.map(guestOf) };
	});
}

function addGuest(app: FastifyInstance, options: GuestRoutesOptions): void {
	const { overview, history, digestOf, documents, log, instanceOf } = options;
	const schema = {
		summary: "What a guest requested, and what it would get",
		params: IdParamsSchema,
		response: { 200: GuestDetailsSchema, ...problems },
	};
	app.get<InstanceRoute>("/api/instances/:id/guest", { schema }, async ({ params }) => {
		const instance = await instanceOf(params.id);
		const { id } = instance;
		// It writes since when the guest is out of date: with a full or locked state, the rest is still shown.
		await overview.look(id, instance).catch((error: Error) => {
			log.warn(
				{ operator: "comparison", instance: pathInLog(id), detail: error.message },
				"a guest's documents can't be compared",
			);
		});
		const [pieces, answers] = await Promise.all([history.requests(id), history.documents(id)]);
		const tree = documents.tree(instance);
		const last = new Map(answers.map((answer) => [answer.path, answer]));
		const fetched = new Set([...last.keys()].map(inLatest));
		const paths = new Set(last.keys());
		const turn = startWorkTurn();
		for (const path of tree.latestPaths()) {
			if (isDocumentPath(path) && !fetched.has(path)) paths.add(path);
			if (turn.isOver()) await turn.next();
		}
		const read = (path: string) => tree.answer(path)?.body;
		const comparable = new Set(comparableAnswers(answers, overview.lacksUserData));
		const stateOf = (answer: LastAnswer | undefined) => {
			if (answer === undefined) return "never" as const;
			return comparable.has(answer) ? documentState(answer, read, digestOf) : ("uncompared" as const);
		};
		const rows: Static<typeof GuestDetailsSchema>["documents"] = [];
		for (const path of [...paths].sort()) {
			const answer = last.get(path);
			const state = await stateOf(answer);
			const now = tree.answer(path);
			rows.push({
				...{ path, isPrivate: isPrivatePath(path) || now?.hasSecretItems === true, state },
				...(now !== undefined && state !== "uncompared" && { bytes: now.body.length }),
				...(answer && { last: { ...answer, userAgent: answer.user_agent } }),
			});
			if (turn.isOver()) await turn.next();
		}
		const guest = overview.guest(id) ?? overview.unlisted(instance);
		const recent = decodeRequests(pieces);
		return { ...guestOf(guest), documents: rows, recent, ...(guest.state === "failing" && failureOf(recent)) };
	});
}

/** The last failure of some requests, of which the latest is the last. */
function failureOf(requests: readonly RecordedRequest[]) {
	const reason = requests.findLast(({ status }) => status >= 500)?.reason;
	return reason !== undefined && { failure: { reason, ...explain(reason) } };
}

/** The same document in `openstack/latest`. */
function inLatest(path: string): string {
	return path.replace(/^openstack\/[^/]+\//, "openstack/latest/");
}

function addVersions(app: FastifyInstance, options: GuestRoutesOptions): void {
	const { history, documents, novaDocuments, instanceOf } = options;
	const schema = {
		summary: "The versions of a document that a guest fetched, and what it would get now. Omits private documents",
		params: IdParamsSchema,
		querystring: Type.Object({ path: Type.String({ maxLength: 255, default: NETWORK_DATA }) }),
		response: { 200: VersionsSchema, ...problems },
	};
	app.get<InstanceRoute & { Querystring: { path: string } }>(
		"/api/instances/:id/versions",
		{ schema },
		async ({ params, query: { path } }) => {
			const instance = await instanceOf(params.id);
			const [versions, answers] = await Promise.all([
				history.versions(instance.id, path),
				history.documents(instance.id),
			]);
			const textOf = (tree: ReturnType<GuestDocuments["tree"]>) => {
				const body = tree.answer(path)?.body;
				return body && storableText(path, body);
			};
			const turn = startWorkTurn();
			const now = textOf(documents.tree(instance));
			if (turn.isOver()) await turn.next();
			const nova = textOf(novaDocuments.tree(instance));
			const fetched = answers.find((answer) => answer.path === path)?.digest || undefined;
			return {
				...{ path, ...(now !== undefined && { now }), ...(nova !== undefined && { nova }) },
				...(fetched !== undefined && { fetched }),
				versions: versions.map(({ digest, first_at: firstAt, last_at: lastAt, content }) => ({
					// Older versions of Guestwire stored metadata items that may be secrets.
					...{ digest, firstAt, lastAt, text: storableText(path, decompressContent(content)) ?? "" },
				})),
			};
		},
	);
}

/** What may be shown of a document, as text; undefined for private documents. */
function storableText(path: string, body: Uint8Array): string | undefined {
	const content = storableContent(path, body);
	return content && Buffer.from(content).toString();
}

/** The instance's `network_data.json`, or undefined if none of its ports is plugged: a valid state. */
function networkDataOf({ documents }: GuestRoutesOptions, instance: Instance): string | undefined {
	const body = documents.tree(instance).answer(NETWORK_DATA)?.body;
	return body && Buffer.from(body).toString();
}

/** Characters of a document that needs no thread of its own: it takes a few milliseconds. */
const SMALL = 8 * 1024;
/** Documents that wait for the thread: each tab of an operator asks for three of an instance at once. */
const MOST_WAITING = 64;

/** The response to a request that needs work on a document. */
async function worked<Name extends WorkName>(
	reply: FastifyReply,
	thread: DocumentThread,
	name: Name,
	argument: WorkArgument<Name>,
): Promise<unknown> {
	if (argument.text.length <= SMALL) return doWork(name, argument);
	return sendWorked(reply, thread, name, argument);
}

function addWiring(app: FastifyInstance, options: GuestRoutesOptions, thread: DocumentThread): void {
	const schema = {
		summary: "An instance's wiring, and where each value comes from",
		params: IdParamsSchema,
		response: { 200: Type.Object({ document: DescriptionSchema, origins: OriginsSchema }), ...problems },
	};
	app.get<InstanceRoute>("/api/instances/:id/wiring", { schema }, async ({ params }, reply) => {
		const instance = await options.instanceOf(params.id);
		const text = networkDataOf(options, instance) ?? "{}";
		return worked(reply, thread, "wiring", { text, instance: { ports: instance.ports } });
	});
}

function addCheck(app: FastifyInstance, options: GuestRoutesOptions, thread: DocumentThread): void {
	const schema = {
		summary: "How the guest's client handles its network_data.json",
		params: IdParamsSchema,
		querystring: Type.Object({ client: Type.Optional(Type.String({ maxLength: 100 })) }),
		response: {
			200: Type.Object({
				client: Type.Optional(Type.String({ description: "Absent: all clients" })),
				findings: Type.Array(FindingSchema),
			}),
			400: ProblemSchema,
			...problems,
		},
	};
	app.get<InstanceRoute & { Querystring: { client?: string } }>(
		"/api/instances/:id/check",
		{ schema },
		async ({ params, query }, reply) => {
			const instance = await options.instanceOf(params.id);
			const client = query.client ?? checkable(options.overview.guest(instance.id)?.history?.client);
			try {
				const text = networkDataOf(options, instance);
				if (text !== undefined) return await worked(reply, thread, "check", { text, client });
				return { ...doWork("check", { text: "{}", client }), findings: [] };
			} catch (error) {
				if (!(error instanceof GuestwireError) || error.code !== "usage") throw error;
				return reply.code(400).send({ message: error.message });
			}
		},
	);
}

function addRendering(app: FastifyInstance, options: GuestRoutesOptions, thread: DocumentThread): void {
	const schema = {
		summary: "An instance's native network configuration",
		params: Type.Object({ ...IdParamsSchema.properties, format: Type.Enum([...FORMATS]) }),
		response: { 200: RenderingSchema, ...problems },
	};
	app.get<{ Params: { id: string; format: Format } }>(
		"/api/instances/:id/render/:format",
		{ schema },
		async ({ params: { id, format } }, reply) => {
			const text = networkDataOf(options, await options.instanceOf(id));
			if (text === undefined) return { files: [], remarks: [] };
			return worked(reply, thread, "render", { text, format });
		},
	);
}

/** The client as `check` knows it; undefined for programs that it has no table of. */
function checkable(client: string | null | undefined): string | undefined {
	const [name, version] = client?.split("@") ?? [];
	if (!CLIENTS.some((known) => known.name === name)) return undefined;
	// Distributions add their own suffixes.
	const [plain] = /^\d+(\.\d+)*/.exec(version ?? "") ?? [];
	return plain === undefined ? name : `${name}@${plain}`;
}
