/** From a request to its answer: whose it is, whether it may have the document, and the document. */

import { PASSWORD_PATH } from "../../documents/paths.ts";
import { bytesAnswer, type TreeAnswer } from "../../documents/tree.ts";
import { openStackVersion, SINCE } from "../../documents/versions.ts";
import { GuestwireError } from "../../errors.ts";
import type { Detail, Instance } from "../../instance/instance.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import type { FailureReason } from "../../service/log.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { PasswordStore } from "../../store/password-store.ts";
import type { ErrorStatus } from "./error-body.ts";
import type { Asker, Identity, Named, Refusal, RefusalReason } from "./identity/asker.ts";
import { hasSource } from "./identity/source.ts";

export interface GuestRequest extends Asker {
	readonly method: string;
	/** Normalised; undefined when no document can have it. */
	readonly path: string | undefined;
	/** What was posted. */
	readonly body: Uint8Array | undefined;
}

export interface Answered {
	readonly status: 200;
	readonly answer: TreeAnswer;
	readonly instance?: string | undefined;
}

export interface NotAnswered {
	readonly status: ErrorStatus;
	readonly reason: RefusalReason | FailureReason;
	readonly explanation?: string | undefined;
	readonly detail?: string | undefined;
	readonly instance?: string | undefined;
}

export type Outcome = Answered | NotAnswered;

export interface GuestAnswersOptions {
	readonly identity: Identity;
	readonly directory: Pick<InstanceCache, "get" | "revalidate">;
	readonly documents: GuestDocuments;
	readonly passwords: PasswordStore;
}

/** The instance that is named, or why it isn't the asker's. */
type Found = Instance | Refusal | undefined;

/** An answer at once whenever nothing has to be waited for. */
export type GuestAnswers = (request: GuestRequest) => Outcome | Promise<Outcome>;

/** As Nova keeps it: four pieces of 255 bytes (nova/api/metadata/password.py). */
export const LONGEST_PASSWORD = 1020;

export function createGuestAnswers({ identity, directory, documents, passwords }: GuestAnswersOptions): GuestAnswers {
	const needed = (path: string, { claims }: Named): Detail => {
		const need = documents.need(path);
		// Whose address it is, the ports tell.
		return need === "server" && claims.some(({ source }) => source !== undefined) ? "all" : need;
	};

	/** Asks for all facts when the wiring alone doesn't tell the owner: the ports don't agree on one. */
	const find = (get: InstanceCache["get"], id: string, need: Detail) =>
		andThen(get(id, need), (found) =>
			found !== undefined && found.projectId === undefined && need === "wiring" ? get(id, "all") : found,
		);

	/** What named the instance may be newer than the facts that are kept of it: none is refused for old ones. */
	const findNamed = (named: Named, need: Detail): Found | Promise<Found> =>
		andThen(find(directory.get, named.id, need), (kept) =>
			kept === undefined || disowned(kept, named) === undefined
				? kept
				: andThen(find(directory.revalidate, named.id, need), (found) => found && (disowned(found, named) ?? found)),
		);

	const answerFor = (request: GuestRequest, path: string, instance: Instance): Outcome | Promise<Outcome> => {
		if (isPassword(path)) return password(passwords, instance.id, request);
		if (!isRead(request.method)) return wrongMethod("Only GET and HEAD are supported.", instance.id);
		return andThen(documents.answer(instance, path), (answer) =>
			answer === undefined
				? { status: 404, reason: "unknown-path", instance: instance.id }
				: { status: 200, answer, instance: instance.id },
		);
	};

	return (request) => {
		const { path } = request;
		const listing = path === undefined ? undefined : documents.listing(path);
		if (listing !== undefined) {
			return isRead(request.method)
				? { status: 200, answer: listing }
				: wrongMethod("Only GET and HEAD are supported.");
		}
		return andThen(identity(request), (named): Outcome | Promise<Outcome> => {
			if ("status" in named) return named;
			if (path === undefined) return { status: 404, reason: "unknown-path", instance: named.id };
			return andThen(findNamed(named, needed(path, named)), (found) => {
				if (found === undefined) return { status: 404, reason: "unknown-instance", instance: named.id };
				return "status" in found ? found : answerFor(request, path, found);
			});
		});
	};
}

/** What an error that was thrown on the way is answered with. */
export function failure(error: unknown): NotAnswered {
	if (error instanceof GuestwireError) return { status: 503, reason: "cloud-unavailable", detail: error.message };
	return { status: 500, reason: "failed", detail: (error as Error).stack ?? String(error) };
}

/** A refusal when what named the instance does not hold for it. */
function disowned(instance: Instance, { claims }: Named): Refusal | undefined {
	if (claims.some(({ projectId }) => projectId !== undefined && instance.projectId !== projectId)) {
		return { status: 404, reason: "wrong-project", detail: `${instance.id} is not the project's` };
	}
	if (claims.some(({ source }) => source !== undefined && !hasSource(instance, source))) {
		return { status: 404, reason: "wrong-source", detail: `${instance.id} has no port that matches the source` };
	}
	return undefined;
}

function isPassword(path: string): boolean {
	if (!PASSWORD_PATH.test(path)) return false;
	const version = openStackVersion(path.split("/")[1] ?? "");
	return version !== undefined && version >= SINCE.password;
}

/** Nova's rules (nova/api/metadata/password.py): the first one stays; an unset one reads as nothing. */
async function password(passwords: PasswordStore, instance: string, request: GuestRequest): Promise<Outcome> {
	const answered = (body: Uint8Array): Outcome => ({
		status: 200,
		answer: bytesAnswer(body),
		instance,
	});
	const nothing = new Uint8Array();
	if (isRead(request.method)) return answered((await passwords.get(instance)) ?? nothing);
	if (request.method !== "POST") return wrongMethod("GET and POST only are supported.", instance);
	const { body = nothing } = request;
	if (body.length > LONGEST_PASSWORD) return tooLarge(instance);
	if (body.length === 0) return (await passwords.get(instance)) === undefined ? answered(nothing) : conflict(instance);
	return (await passwords.setOnce(instance, body)) ? answered(nothing) : conflict(instance);
}

export function tooLarge(instance?: string): NotAnswered {
	return { status: 400, reason: "too-large", explanation: "Request is too large.", instance };
}

function conflict(instance: string): NotAnswered {
	return { status: 409, reason: "password-set", instance };
}

function wrongMethod(explanation: string, instance?: string): NotAnswered {
	return { status: 400, reason: "wrong-method", explanation, instance };
}

function isRead(method: string): boolean {
	return method === "GET" || method === "HEAD";
}

/** `then` without a turn of the event loop for what is there already. */
function andThen<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
	return value instanceof Promise ? value.then(next) : next(value);
}
