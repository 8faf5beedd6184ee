/** Responses that a thread makes of documents. */
import type { FastifyReply } from "fastify";
import type { DocumentThread } from "../../service/document-work/document-thread.ts";
import type { WorkArgument, WorkName } from "../../service/document-work/work.ts";

/** Sends the result, or 503 if too many documents are waiting. Rejects as `DocumentThread.run`. */
export async function sendWorked<Name extends WorkName>(
	reply: FastifyReply,
	thread: DocumentThread,
	name: Name,
	argument: WorkArgument<Name>,
): Promise<FastifyReply> {
	const result = await thread.run(name, argument);
	if (result === undefined) return reply.code(503).send({ message: "other documents are being checked: try again" });
	return reply.type("application/json").send(result);
}
