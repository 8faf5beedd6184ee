/** An instance of the source, and its documents as the guest gets them. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isPrivatePath } from "../../documents/paths.ts";
import { GuestwireError } from "../../errors.ts";
import type { Instance } from "../../instance/instance.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import { listFiles } from "../../service/list-files.ts";
import { detailsOf, InstanceSchema, ProblemSchema } from "./schemas.ts";

export interface InstanceRouteOptions {
	readonly documents: GuestDocuments;
	/** @throws GuestwireError `unknown-instance` */
	readonly instanceOf: (id: string) => Promise<Instance>;
	/** @throws an error with status 403 for a request that may not have what is named */
	readonly requireUserData: (request: FastifyRequest, what: string) => void;
}

const problem = { ...ProblemSchema };
const params = { type: "object", properties: { id: { type: "string", description: "The instance's id" } } };

const ONE = { summary: "One instance", params, response: { 200: InstanceSchema, 404: problem, 503: problem } };

const FILE = {
	summary: "A document or a listing, byte for byte as the guest gets it",
	params: { type: "object", properties: { ...params.properties, path: { type: "string", description: "Its path" } } },
	response: {
		200: { description: "The document", type: "string", format: "binary" },
		403: { ...problem, description: "The token does not allow user data, vendor data, or secrets in metadata" },
		404: problem,
		503: problem,
	},
};

/** `/api/instances/{id}` and `/api/instances/{id}/tree/…`, a plugin for the operator server. */
export async function instanceRoutes(app: FastifyInstance, options: InstanceRouteOptions): Promise<void> {
	const { documents, instanceOf, requireUserData } = options;
	app.get<{ Params: { id: string } }>("/api/instances/:id", { schema: ONE }, async (request) => {
		const instance = await instanceOf(request.params.id);
		return detailsOf(instance, await listFiles(documents.tree(instance)));
	});
	app.get<{ Params: { id: string; "*": string } }>(
		"/api/instances/:id/tree/*",
		{ schema: FILE },
		async (request, reply) => {
			const { id, "*": path } = request.params;
			if (isPrivatePath(path)) requireUserData(request, path);
			const answer = await documents.answer(await instanceOf(id), path);
			if (answer === undefined) {
				const advice = "take a path from its tree";
				throw new GuestwireError("unknown-path", `the instance has no document ${JSON.stringify(path)}: ${advice}`);
			}
			if (answer.hasSecretItems) requireUserData(request, path);
			// User data is arbitrary: a browser must not treat it as a page of this server.
			reply.headers({ "content-security-policy": "default-src 'none'; sandbox", "cache-control": "no-store" });
			return reply.header("content-type", answer.contentType).send(answer.body);
		},
	);
}
