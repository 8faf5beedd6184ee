/** Config drives over HTTP: for hypervisors, and for Ironic, which accepts such a URL as a node's config drive. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import {
	type ConfigDriveOptions,
	type ConfigDriveStream,
	driveFileName,
	streamConfigDrive,
	withinRequest,
} from "../../config-drive/index.ts";
import type { MetadataTree } from "../../documents/tree.ts";
import { GuestwireError } from "../../errors.ts";
import { startWorkTurn } from "../../work-turn.ts";
import { ProblemSchema } from "./schemas.ts";

export interface ConfigDriveRouteOptions {
	/**
	 * The content of an instance's drive, and the instance's creation date (ISO 8601) if known.
	 *
	 * @throws GuestwireError `unknown-instance`; any other error of a request that may not have it
	 */
	readonly drive: (
		id: string,
		request: FastifyRequest,
	) => Promise<{ readonly tree: MetadataTree; readonly created: string | undefined }>;
}

/** In MiB. The whole image is hashed before it is sent, so without a limit one request could take hours. */
const MAX_SIZE = 1024;

const QuerySchema = Type.Object({
	format: Type.Enum(["iso9660", "vfat"], { default: "iso9660" }),
	encoding: Type.Enum(["gzip-base64", "raw"], {
		default: "gzip-base64",
		description: "Ironic needs gzip-base64, hypervisors need raw",
	}),
	link: Type.Optional(Type.String({ description: "In place of a token: see /api/instances/{id}/config-drive-link" })),
	size: Type.Optional(
		Type.Integer({
			minimum: 1,
			maximum: MAX_SIZE,
			description: "Size of a VFAT drive in MiB; default: as small as possible",
		}),
	),
});
type Query = Static<typeof QuerySchema>;

const ParamsSchema = Type.Object({ id: Type.String({ description: "The instance's id" }) });

const schema = {
	summary: "The instance's config drive",
	params: ParamsSchema,
	querystring: QuerySchema,
	response: {
		200: { description: "The image", type: "string", format: "binary" },
		304: { description: "The image matches If-None-Match", type: "null" },
		403: {
			...ProblemSchema,
			description:
				"The token does not allow user data, which the drive contains; or the link is invalid or has expired",
		},
		404: ProblemSchema,
		422: { ...ProblemSchema, description: "The documents do not fit on such a drive" },
		503: ProblemSchema,
	},
};

export const DRIVE_ROUTE = "/api/instances/:id/config-drive";

/**
 * `GET /api/instances/{id}/config-drive?format=…&encoding=…`, a plugin for the operator server. Images are generated
 * piece by piece and never held in memory: once for their length and hash, and once more to be sent.
 */
export async function configDriveRoute(app: FastifyInstance, { drive }: ConfigDriveRouteOptions): Promise<void> {
	app.get<{ Params: Static<typeof ParamsSchema>; Querystring: Query }>(
		DRIVE_ROUTE,
		{ schema },
		async (request, reply) => {
			const { query } = request;
			const { id } = request.params;
			const { tree, created } = await drive(id, request);
			const measured = await measuredDrive(tree, created, query);
			if (measured instanceof GuestwireError) return reply.code(422).send({ message: measured.message });
			const { stream, bytes, sha256 } = measured;
			const etag = `"${sha256}"`;
			reply.header("etag", etag);
			if (matches(request.headers["if-none-match"], etag)) return reply.code(304).send();
			return reply
				.headers({
					"content-length": bytes,
					"content-type": query.encoding === "raw" ? "application/octet-stream" : "text/plain",
					"content-disposition": `attachment; filename="${driveFileName(id, query.format, query.encoding)}"`,
					"x-content-type-options": "nosniff",
					// It contains user data.
					"cache-control": "no-store",
				})
				.send(Readable.from(stream.chunks()));
		},
	);
}

/** The drive with its length and hash, or the reason why there is none. */
async function measuredDrive(tree: MetadataTree, created: string | undefined, query: Query) {
	const options: ConfigDriveOptions = {
		format: query.format,
		...(created !== undefined && { date: new Date(created) }),
		...(query.size !== undefined && { sizeMiB: query.size }),
	};
	try {
		const { imageSize, chunks } = streamConfigDrive(tree, options, query.encoding);
		// Ironic opens a link; a caller with a token may put the response into a deploy request.
		const isForRequest = query.encoding === "gzip-base64" && query.link === undefined;
		const stream = { imageSize, chunks: isForRequest ? () => withinRequest(chunks()) : chunks };
		return { stream, ...(await measure(stream)) };
	} catch (error) {
		if (error instanceof GuestwireError && error.code === "drive") return error;
		throw error;
	}
}

/** Length and hash of the encoded image. */
async function measure({ chunks }: ConfigDriveStream): Promise<{ bytes: number; sha256: string }> {
	const hash = createHash("sha256");
	let bytes = 0;
	const turn = startWorkTurn();
	for await (const chunk of chunks()) {
		hash.update(chunk);
		bytes += chunk.length;
		if (turn.isOver()) await turn.next();
	}
	return { bytes, sha256: hash.digest("hex") };
}

/** RFC 9110, section 13.1.2: weak tags match, too. */
function matches(header: string | undefined, etag: string): boolean {
	const tags = header?.split(",").map((tag) => tag.trim()) ?? [];
	return tags.some((tag) => tag === "*" || tag === etag || tag === `W/${etag}`);
}
