/** From a request to its response: who asks, which instance that is, and which document is wanted. */

import type { Instance } from "../../instance/instance.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import { hasSecretItems } from "../../service/request-history/document-content.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { GuestPasswords } from "../../store/password-store.ts";
import type { Admission } from "./admission.ts";
import { andThen } from "./and-then.ts";
import type { Caller, Identity, Requester } from "./identity/requester.ts";
import { loadInstance } from "./load-instance.ts";
import { isRead } from "./method.ts";
import { passwordResponse } from "./password.ts";
import type { ErrorResponse, GuestResponse } from "./response.ts";
import type { Target } from "./target.ts";

export interface GuestRequest extends Requester {
	readonly method: string;
	readonly target: Target;
	/** See readBody in request-body.ts. */
	readBody(limit: number): Promise<Uint8Array | "too-large" | "incomplete">;
}

export interface GuestHandlerOptions {
	readonly identity: Identity;
	readonly instances: Pick<InstanceCache, "get" | "revalidate">;
	readonly documents: GuestDocuments;
	readonly passwords: GuestPasswords;
	readonly admission: Admission;
}

/** The response, at once if nothing has to be waited for. The promise never rejects. */
export type GuestHandler = (request: GuestRequest) => GuestResponse | Promise<GuestResponse>;

export function createGuestHandler(options: GuestHandlerOptions): GuestHandler {
	const { identity, instances, documents, passwords, admission } = options;

	const respond = (request: GuestRequest, path: string, instance: Instance): GuestResponse | Promise<GuestResponse> => {
		if (request.target.isPassword) return passwordResponse(passwords, instance, request);
		return andThen(documents.answer(instance, path), (document) => {
			if (document === undefined) return { reason: "unknown-path", instance: instance.id };
			return isRead(request.method) ? { document, instance: instance.id } : wrongMethod(instance.id);
		});
	};

	const answer = (request: GuestRequest, who: Caller["identified"]): GuestResponse | Promise<GuestResponse> =>
		andThen(who, (identified) => {
			if ("reason" in identified) return identified;
			const { path } = request.target;
			if (path === undefined) return { reason: "unknown-path", instance: identified.id };
			return andThen(loadInstance(instances, identified, documents.detailOf(path)), (loaded) =>
				"reason" in loaded ? loaded : respond(request, path, loaded),
			);
		});

	return (request) => {
		const { path, isPrivate } = request.target;
		const listing = path === undefined ? undefined : documents.listing(path);
		if (listing !== undefined) return isRead(request.method) ? { document: listing } : wrongMethod();
		const caller = identity(request, isPrivate);
		if ("reason" in caller) return caller;
		const response = andThen(answer(request, caller.identified), (given) => {
			if (isPrivate || !hasSecrets(path, given)) return given;
			// Only the document shows that its owner must be known for certain.
			const certain = identity(request, true);
			return "reason" in certain ? certain : answer(request, certain.identified);
		});
		return response instanceof Promise ? admission(caller, response) : response;
	};
}

function hasSecrets(path: string | undefined, response: GuestResponse): boolean {
	return path !== undefined && "document" in response && hasSecretItems(path, response.document.body);
}

function wrongMethod(instance?: string): ErrorResponse {
	return { reason: "wrong-method", explanation: "Only GET and HEAD are supported.", instance };
}
