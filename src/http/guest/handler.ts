/** From a request to its response: who asks, which instance that is, and which document is wanted. */
import { isDeepStrictEqual } from "node:util";
import type { Instance } from "../../instance/instance.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { GuestPasswords } from "../../store/password-store.ts";
import type { Admission } from "./admission.ts";
import { andThen } from "./and-then.ts";
import { failure } from "./failure.ts";
import type { Caller, Identified, Identity, Requester } from "./identity/requester.ts";
import { createInstanceLoader } from "./load-instance.ts";
import { isRead } from "./method.ts";
import { passwordResponse } from "./password.ts";
import { type ErrorResponse, type GuestResponse, statusOf } from "./response.ts";
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

/** The response, at once if nothing has to be waited for. It never throws, and the promise never rejects. */
export type GuestHandler = (request: GuestRequest) => GuestResponse | Promise<GuestResponse>;

/** How far a request has come. */
interface Progress {
	/** The id of the instance, once it is loaded: the request has proved to speak for it. */
	instance: string | undefined;
	/** Whether its owner must be known for certain. */
	isPrivate: boolean;
}

export function createGuestHandler(options: GuestHandlerOptions): GuestHandler {
	const handle = createSteps(options);
	return (request) => {
		const progress: Progress = { instance: undefined, isPrivate: request.target.isPrivate };
		try {
			return andThen(handle(request, progress), (response) => ofInstance(response, progress));
		} catch (error) {
			return ofInstance(failure(error), progress);
		}
	};
}

/** What fails, or takes too long, after the instance was loaded belongs to its guest. */
function ofInstance(response: GuestResponse, { instance }: Progress): GuestResponse {
	if (instance === undefined || response.instance !== undefined || statusOf(response) < 500) return response;
	return { ...response, instance };
}

type Respond<Parameters extends readonly unknown[]> = (...given: Parameters) => GuestResponse | Promise<GuestResponse>;

function createSteps(options: GuestHandlerOptions): Respond<[request: GuestRequest, progress: Progress]> {
	const { identity, documents, passwords, admission } = options;
	const loadInstance = createInstanceLoader(options.instances);

	const respond: Respond<[GuestRequest, path: string, Instance]> = (request, path, instance) => {
		if (request.target.isPassword) return passwordResponse(passwords, instance, request);
		return andThen(documents.answer(instance, path), (document) => {
			if (document === undefined) return { reason: "unknown-path", instance: instance.id };
			return isRead(request.method) ? { document, instance: instance.id } : wrongMethod(instance.id);
		});
	};

	const answer: Respond<[GuestRequest, Caller["identified"], Progress]> = (request, who, progress) =>
		andThen(who, (identified) => {
			if ("reason" in identified) return identified;
			const { path } = request.target;
			if (path === undefined) return { reason: "unknown-path", instance: identified.id };
			const response = andThen(loadInstance(identified, documents.detailOf(path)), (loaded) => {
				if ("reason" in loaded) return loaded;
				progress.instance = loaded.id;
				return respond(request, path, loaded);
			});
			if (!progress.isPrivate || !(response instanceof Promise) || !isRead(request.method)) return response;
			return response.then((given) => ("reason" in given ? given : confirmed(request, identified, given, progress)));
		});

	/** Private data that had to be waited for: its guest's address may belong to another one by now. */
	const confirmed: Respond<[GuestRequest, Identified, GuestResponse, Progress]> = (
		request,
		before,
		given,
		progress,
	) => {
		progress.instance = undefined;
		const again = identity(request, true);
		if ("reason" in again) return again;
		return andThen(again.identified, (identified) =>
			isDeepStrictEqual(identified, before) ? given : answer(request, identified, progress),
		);
	};

	return (request, progress) => {
		const { path, isPrivate } = request.target;
		const listing = path === undefined ? undefined : documents.listing(path);
		if (listing !== undefined) return isRead(request.method) ? { document: listing } : wrongMethod();
		const caller = identity(request, isPrivate);
		if ("reason" in caller) return caller;
		const response = andThen(answer(request, caller.identified, progress), (given) => {
			if (isPrivate || !hasSecrets(given)) return given;
			// Only the document shows that its owner must be known for certain.
			Object.assign(progress, { instance: undefined, isPrivate: true });
			const certain = identity(request, true);
			return "reason" in certain ? certain : answer(request, certain.identified, progress);
		});
		return response instanceof Promise ? admission(caller, response) : response;
	};
}

function hasSecrets(response: GuestResponse): boolean {
	return "document" in response && response.document.hasSecretItems === true;
}

function wrongMethod(instance?: string): ErrorResponse {
	return { reason: "wrong-method", explanation: "Only GET and HEAD are supported.", instance };
}
