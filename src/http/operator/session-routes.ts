/** Signing in and out: a plugin for the operator server. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import type { Access, AccessRequest } from "./access.ts";
import { SessionSchema } from "./guest-schemas.ts";
import { ProblemSchema } from "./schemas.ts";

export interface SessionRoutesOptions {
	readonly access: Access;
	readonly requestOf: (headers: FastifyRequest["headers"], method: string) => AccessRequest;
	readonly version: string;
}

/** The route that anybody may use: it says whether to sign in, and takes the token. */
export const SESSION_ROUTE = "/api/session";

const TokenSchema = Type.Object({ token: Type.String({ minLength: 1, maxLength: 4096 }) });
/**
 * Milliseconds that a wrong token costs in the form. Attempts at the same time, and bearer tokens, are not slowed down: only
 * a long random token can't be guessed.
 */
const WRONG_TOKEN_DELAY = 500;

export async function sessionRoutes(app: FastifyInstance, options: SessionRoutesOptions): Promise<void> {
	const { access, requestOf, version } = options;
	const { needsToken } = access;
	const read = { summary: "The role of the browser's session", response: { 200: SessionSchema, 403: ProblemSchema } };
	app.get(SESSION_ROUTE, { schema: read }, async ({ headers, method }) => {
		const role = access.check(requestOf(headers, method));
		return { role: typeof role === "string" ? role : null, needsToken, version };
	});

	const start = {
		summary: "Sign in: the response sets a cookie",
		body: TokenSchema,
		response: { 204: { description: "Signed in", type: "null" }, 401: ProblemSchema, 403: ProblemSchema },
	};
	app.post<{ Body: Static<typeof TokenSchema> }>(SESSION_ROUTE, { schema: start }, async (request, reply) => {
		const { body, headers, method } = request;
		const cookie = access.signIn(body.token.trim(), requestOf(headers, method));
		if (cookie !== undefined) return reply.code(204).header("set-cookie", cookie).send();
		await new Promise((resolve) => setTimeout(resolve, WRONG_TOKEN_DELAY));
		return reply.code(401).send({ message: "wrong token: use the one in the file that operator.tokenFile names" });
	});

	const end = {
		summary: "Sign out",
		response: { 204: { description: "Signed out", type: "null" }, 403: ProblemSchema },
	};
	app.delete(SESSION_ROUTE, { schema: end }, async ({ headers }, reply) =>
		reply.code(204).header("set-cookie", access.signOut(headers.cookie)).send(),
	);
}
