/** A small REST client for the laboratory's cloud, for making material with: it throws on any answer that is no success. */
import { setTimeout as pause } from "node:timers/promises";
import { stringifyInOrder } from "../../../src/key-order.ts";
import { laboratoryEnv } from "./laboratory.ts";

export type Service = "identity" | "network" | "compute" | "image" | "volume";

const ROOTS: Record<Service, string> = {
	identity: "http://127.0.0.1:5000/v3",
	network: "http://127.0.0.1:9696/v2.0",
	compute: "http://127.0.0.1:8774/v2.1",
	image: "http://127.0.0.1:9292/v2",
	volume: "http://127.0.0.1:8776/v3",
};
/** The microversions of requests: the newest of the oldest release here, and each API refuses another's. */
const MICROVERSIONS: Partial<Record<Service, string>> = { compute: "compute 2.93", volume: "volume 3.70" };

// biome-ignore lint/suspicious/noExplicitAny: answers of four APIs, read by tests that fail when a member is missing
export type Json = any;

/** The administrator's session in one project. */
export interface Api {
	readonly projectId: string;
	get(service: Service, path: string): Promise<Json>;
	post(service: Service, path: string, body: unknown): Promise<Json>;
	put(service: Service, path: string, body?: unknown): Promise<Json>;
	delete(service: Service, path: string): Promise<void>;
}

/** Logs in. The token lives for an hour, longer than any test. */
export async function login(project = "admin"): Promise<Api> {
	const { OS_USERNAME: name, OS_PASSWORD: password } = laboratoryEnv();
	const domain = { id: "default" };
	const answer = await fetch(`${ROOTS.identity}/auth/tokens`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({
			auth: {
				identity: { methods: ["password"], password: { user: { name, domain, password } } },
				scope: { project: { name: project, domain } },
			},
		}),
	});
	if (!answer.ok) throw new Error(`login for project ${project}: ${answer.status} ${await answer.text()}`);
	const { token } = (await answer.json()) as Json;
	const call = caller(answer.headers.get("x-subject-token") ?? "");
	return {
		projectId: token.project.id,
		get: (service, path) => call("GET", service, path),
		post: (service, path, payload) => call("POST", service, path, payload),
		put: (service, path, payload) => call("PUT", service, path, payload),
		delete: (service, path) => call("DELETE", service, path),
	};
}

const caller = (token: string) => async (method: string, service: Service, path: string, payload?: unknown) => {
	const binary = payload instanceof Uint8Array;
	const response = await fetch(ROOTS[service] + path, {
		method,
		headers: {
			"x-auth-token": token,
			...(MICROVERSIONS[service] && { "openstack-api-version": MICROVERSIONS[service] }),
			"content-type": binary ? "application/octet-stream" : "application/json",
		},
		body: binary ? payload : payload === undefined ? null : stringifyInOrder(payload),
	});
	const text = await response.text();
	if (!response.ok) {
		throw new Error(`${method} ${service}${path}: ${response.status} ${text} (sent ${JSON.stringify(payload)})`);
	}
	return text === "" ? undefined : JSON.parse(text);
};

/** Neutron's object of that name in the caller's project, made when there is none. */
export async function ensure(api: Api, kind: string, name: string, body: Record<string, unknown>): Promise<Json> {
	const found = await api.get("network", `/${kind}?name=${encodeURIComponent(name)}&project_id=${api.projectId}`);
	const singular = kind.replace(/s$/, "");
	return found[kind][0] ?? (await api.post("network", `/${kind}`, { [singular]: { name, ...body } }))[singular];
}

/** Asks again, at that interval in milliseconds, until there is an answer. */
export async function eventually<T>(
	what: string,
	seconds: number,
	ask: () => Promise<T | undefined>,
	interval = 250,
): Promise<T> {
	for (const end = performance.now() + seconds * 1000; performance.now() < end; await pause(interval)) {
		const answer = await ask();
		if (answer !== undefined) return answer;
	}
	throw new Error(`${what}: not within ${seconds} s`);
}
