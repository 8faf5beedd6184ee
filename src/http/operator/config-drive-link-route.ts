/** Links to config drives, for Ironic, which can send no token. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import type { Instance } from "../../instance/instance.ts";
import { type DriveLinks, LINK_MINUTES, makeDriveLink } from "../../service/drive-links.ts";
import { IdParamsSchema, ProblemSchema } from "./schemas.ts";

export interface DriveLinkRouteOptions {
	/** @throws GuestwireError `unknown-instance` */
	readonly instanceOf: (id: string) => Promise<Instance>;
	readonly links: DriveLinks;
	/** See OperatorServerOptions. */
	readonly url: string | undefined;
	/** @throws an error with status 403 for a request that may not have user data */
	readonly requireSecrets: (request: FastifyRequest) => void;
}

const QuerySchema = Type.Object({
	minutes: Type.Integer({
		minimum: 1,
		maximum: LINK_MINUTES.most,
		default: LINK_MINUTES.default,
		description: "How long the link is valid",
	}),
});

const LinkSchema = Type.Object({
	url: Type.String({ description: "For the `configdrive` of a deploy request" }),
	expires: Type.String({ format: "date-time" }),
});

/** `POST /api/instances/{id}/config-drive-link?minutes=…`, a plugin for the operator server. */
export async function driveLinkRoute(app: FastifyInstance, options: DriveLinkRouteOptions): Promise<void> {
	const { instanceOf, links, url, requireSecrets } = options;
	const schema = {
		summary: "Make a link to the instance's config drive, which needs no token",
		params: IdParamsSchema,
		querystring: QuerySchema,
		response: { 200: LinkSchema, 403: ProblemSchema, 404: ProblemSchema, 503: ProblemSchema },
	};
	app.post<{ Params: Static<typeof IdParamsSchema>; Querystring: Static<typeof QuerySchema> }>(
		"/api/instances/:id/config-drive-link",
		{ schema },
		async (request, reply) => {
			requireSecrets(request);
			const { id } = await instanceOf(request.params.id);
			reply.header("cache-control", "no-store");
			return makeDriveLink(links, url ?? `${request.protocol}://${request.host}`, id, request.query.minutes);
		},
	);
}
