/**
 * Dynamic vendor data, by Nova's DynamicJSON protocol: each target receives the same request as from Nova, and its JSON
 * response becomes a member of `vendor_data2.json` (nova/api/metadata/vendordata_dynamic.py).
 */
import { LRUCache } from "lru-cache";
import { Agent, request } from "undici";
import type { Instance } from "../instance/instance.ts";
import type { Log } from "./log.ts";

export interface VendorDataTarget {
	/** The member of `vendor_data2.json` for its response. */
	readonly name: string;
	readonly url: string;
	/** The time limit for a response, from connecting to the last byte. */
	readonly timeoutSeconds: number;
}

/** The targets' responses, by name. The same object is returned as long as it is fresh. */
export type VendorData = Readonly<Record<string, unknown>>;

export interface DynamicVendorData {
	/** Whether there are any targets. */
	readonly hasTargets: boolean;
	/** Never rejects: targets that fail are left out. */
	of(instance: Instance): Promise<VendorData>;
	close(): Promise<void>;
}

export interface DynamicVendorDataOptions {
	readonly log: Log;
	/** Called for each request to a target. */
	readonly count: (target: string, outcome: "answered" | "failed") => void;
}

/** The maximum age of a response. A guest reads it once or twice at boot. */
const FRESH = 60_000;
/** The time before a failed target is asked again for the same instance. */
const RETRY = 5_000;
/** Limits for one response and for all cached responses, in bytes of JSON. */
const LARGEST_ANSWER = 256 * 1024;
const LARGEST_CACHE = 64 * 1024 * 1024;
const MOST_INSTANCES = 20_000;
/** Per target. */
const CONNECTIONS = 32;

interface Entry {
	readonly data: VendorData;
	readonly bytes: number;
	readonly complete: boolean;
}

export function createDynamicVendorData(
	targets: readonly VendorDataTarget[],
	{ log, count }: DynamicVendorDataOptions,
): DynamicVendorData {
	const agent = new Agent({ connections: CONNECTIONS });
	const ask = async (target: VendorDataTarget, instance: Instance) => {
		try {
			const text = await post(agent, target, requestBody(instance));
			const answer: unknown = text === "" ? {} : JSON.parse(text);
			count(target.name, "answered");
			return { name: target.name, answer, bytes: text.length };
		} catch (error) {
			count(target.name, "failed");
			// The URL and the response may contain secrets, so they are not logged.
			log.warn({ vendorData: target.name, instance: instance.id, detail: problem(error) }, "vendor data left out");
			return undefined;
		}
	};
	const askAll = async (instance: Instance): Promise<Entry> => {
		const asked = await Promise.all(targets.map((target) => ask(target, instance)));
		const answers = asked.filter((answer) => answer !== undefined);
		return {
			data: Object.fromEntries(answers.map(({ name, answer }) => [name, answer])),
			bytes: answers.reduce((sum, { bytes }) => sum + bytes, 1),
			complete: answers.length === targets.length,
		};
	};
	// The key is the object, not its id: changed facts give a new Instance, which needs a new request.
	const cache = new LRUCache<Instance, Entry>({
		ttl: FRESH,
		max: MOST_INSTANCES,
		maxSize: LARGEST_CACHE,
		sizeCalculation: ({ bytes }) => bytes,
		// A waiting caller gets the response even if the cache has no room for it.
		ignoreFetchAbort: true,
		fetchMethod: async (instance, _stale, { options }) => {
			const entry = await askAll(instance);
			if (!entry.complete) options.ttl = RETRY;
			return entry;
		},
	});
	return {
		hasTargets: targets.length > 0,
		of: async (instance) => (await cache.forceFetch(instance)).data,
		close: () => agent.destroy(),
	};
}

/** Nova's members. No API returns the roles that the server was booted with (`boot-roles`). */
function requestBody({ id, projectId, server }: Instance): string {
	return JSON.stringify({
		"project-id": projectId ?? null,
		"instance-id": id,
		"image-id": server?.imageId ?? "",
		"user-data": server?.userData === undefined ? null : Buffer.from(server.userData).toString("base64"),
		hostname: server?.hostname ?? null,
		metadata: server?.metadata ?? {},
		"boot-roles": "",
	});
}

async function post(dispatcher: Agent, { url, timeoutSeconds }: VendorDataTarget, body: string): Promise<string> {
	const answer = await request(url, {
		dispatcher,
		method: "POST",
		headers: { "content-type": "application/json", accept: "application/json", "user-agent": "guestwire" },
		body,
		signal: AbortSignal.timeout(timeoutSeconds * 1000),
	});
	if (answer.statusCode >= 300) {
		// Destroying the body emits an error that nothing else handles.
		answer.body.on("error", () => {}).destroy();
		throw new Error(`status ${answer.statusCode}`);
	}
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of answer.body as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > LARGEST_ANSWER) throw new Error(`more than ${LARGEST_ANSWER} bytes`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString();
}

function problem(error: unknown): string {
	if (error instanceof SyntaxError) return "the response is not JSON";
	const { name, code, message } = error as NodeJS.ErrnoException;
	return name === "TimeoutError" ? "timed out" : (code ?? message);
}
