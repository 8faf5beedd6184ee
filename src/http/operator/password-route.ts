/** The passwords that guests posted, for their owners. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { bytesAnswer } from "../../documents/tree.ts";
import type { Instance } from "../../instance/instance.ts";
import type { PasswordStore } from "../../store/password-store.ts";
import { ProblemSchema } from "./schemas.ts";

export interface PasswordRouteOptions {
	/** @throws GuestwireError `unknown-instance` */
	readonly instanceOf: (id: string) => Promise<Instance>;
	readonly passwords: PasswordStore;
	/** @throws an error with status 403 for a request that may not have secrets */
	readonly requireSecrets: (request: FastifyRequest) => void;
}

const ParamsSchema = Type.Object({ id: Type.String({ description: "The instance's id" }) });
type Route = { Params: Static<typeof ParamsSchema> };

const NOTHING = new Uint8Array();

const SINCE = "guestwire-launched-since";
const HEADERS = {
	"last-modified": { description: "When it was posted; absent if none is set", type: "string" },
	[SINCE]: {
		description:
			"Whether Nova has launched the instance again since: if it was rebuilt, the password belongs to the previous guest",
		type: "string",
		enum: ["true", "false"],
	},
};

/** `GET` and `DELETE /api/instances/{id}/password`, a plugin for the operator server. */
export async function passwordRoute(app: FastifyInstance, options: PasswordRouteOptions): Promise<void> {
	const { instanceOf, passwords, requireSecrets } = options;
	const problems = { 403: ProblemSchema, 404: ProblemSchema, 503: ProblemSchema };
	const password = {
		description: "The password that was posted last; empty if none is set",
		type: "string",
		format: "binary",
		headers: HEADERS,
	};
	const get = { summary: "The password that the guest posted", response: { 200: password, ...problems } };
	app.get<Route>(
		"/api/instances/:id/password",
		{ schema: { ...get, params: ParamsSchema } },
		async (request, reply) => {
			requireSecrets(request);
			const { id, server } = await instanceOf(request.params.id);
			const found = await passwords.last(id, server?.launched);
			const { body, contentType } = bytesAnswer(found?.password ?? NOTHING);
			if (found) reply.headers({ "last-modified": found.posted.toUTCString(), [SINCE]: String(found.launchedSince) });
			// A guest may post anything: a browser must not treat it as a page of this server.
			reply.headers({ "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox" });
			return reply.headers({ "cache-control": "no-store", "content-type": contentType }).send(Buffer.from(body));
		},
	);
	const clear = {
		summary: "Clear the password, so that the guest can post another one",
		response: { 204: { description: "The password is no longer set", type: "null" }, ...problems },
	};
	app.delete<Route>(
		"/api/instances/:id/password",
		{ schema: { ...clear, params: ParamsSchema } },
		async (request, reply) => {
			requireSecrets(request);
			const { id } = await instanceOf(request.params.id);
			await passwords.clear(id);
			return reply.code(204).send();
		},
	);
}
