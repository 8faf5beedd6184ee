/** The operator API, as its schemas define it. */
import type { Static } from "typebox";
import type { Finding } from "../../../src/check/index.ts";
import type { NetworkDescription } from "../../../src/documents/network-description.ts";
import type {
	GuestDetailsSchema,
	GuestSchema,
	OriginsSchema,
	RefusalsSchema,
	RenderingSchema,
	RequestSchema,
	SearchSchema,
	SessionSchema,
	StatusSchema,
	VersionsSchema,
} from "../../../src/http/operator/guest-schemas.ts";

export type Guest = Static<typeof GuestSchema>;
export type GuestDetails = Static<typeof GuestDetailsSchema>;
export type GuestRequest = Static<typeof RequestSchema>;
export type SearchPage = Static<typeof SearchSchema>;
export type Origins = Static<typeof OriginsSchema>;
export type Versions = Static<typeof VersionsSchema>;
export type { Finding };
export type Rendering = Static<typeof RenderingSchema>;
export type Refusals = Static<typeof RefusalsSchema>;
export type Status = Static<typeof StatusSchema>;
export type Session = Static<typeof SessionSchema>;
export type Description = NetworkDescription;

export interface Wiring {
	readonly document: Description;
	readonly origins: Origins;
}
export interface Verdict {
	readonly client?: string;
	readonly findings: readonly Finding[];
}
/** What a document comes to. */
export interface Analysis {
	readonly document: Description;
	readonly findings: readonly Finding[];
	readonly losing: readonly string[];
	readonly renderings: Readonly<Record<string, Rendering>>;
}

/** An answer that is not what was asked for. The message is for people. */
export class ApiError extends Error {
	readonly status: number;
	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

async function request(path: string, init?: RequestInit): Promise<Response> {
	let response: Response;
	try {
		response = await fetch(path, init);
	} catch {
		throw new ApiError(0, "Guestwire does not answer. Is it running?");
	}
	if (response.ok) return response;
	const { message } = await response.json().catch(() => ({}));
	throw new ApiError(response.status, message ?? unexplained(response.status));
}

/** A proxy in between has answered, or a version of Guestwire that is not this page's. */
function unexplained(status: number): string {
	return `The server answered ${status}. Try again; if that does not help, check the proxy in front of Guestwire, and its log.`;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
	return (await request(path, signal ? { signal } : {})).json();
}

export async function getText(path: string): Promise<string> {
	return (await request(path)).text();
}

/** Posts JSON as it is written. */
export function sendText(path: string, json: string): Promise<Response> {
	return send("POST", path, json);
}

function send(method: string, path: string, body: string): Promise<Response> {
	return request(path, { method, body, headers: { "content-type": "application/json" } });
}

export async function sendJson(method: "POST" | "DELETE", path: string, body?: unknown): Promise<Response> {
	if (body === undefined) return request(path, { method });
	return send(method, path, JSON.stringify(body));
}

/** The path of an instance's part of the API. */
export function ofInstance(id: string, rest: string): string {
	return `/api/instances/${encodeURIComponent(id)}/${rest}`;
}
