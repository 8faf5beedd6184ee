/**
 * Dynamic vendor data, by Nova's DynamicJSON protocol: each target receives the same request as from Nova, and its JSON
 * response becomes a member of `vendor_data2.json` (nova/api/metadata/vendordata_dynamic.py).
 */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { jsonText } from "../documents/json.ts";
import { pythonJson } from "../documents/python-json.ts";
import type { VendorData } from "../documents/vendor-data.ts";
import { GuestwireError } from "../errors.ts";
import { getOrInsert } from "../get-or-insert.ts";
import type { Instance } from "../instance/instance.ts";
import { openConnections } from "../proxies.ts";
import type { Log } from "./log.ts";
import { askTarget, type VendorDataTarget, type VendorDataToken } from "./vendor-data-request.ts";

export interface DynamicVendorData {
	/** Whether there are any targets. */
	readonly hasTargets: boolean;
	/**
	 * The response of a target that fails is `{}`, as in Nova. The same object is returned as long as it is fresh.
	 *
	 * @throws GuestwireError `vendor-data`: a target failed, and failures are fatal
	 */
	of(instance: Instance): Promise<VendorData>;
	close(): Promise<void>;
}

export interface DynamicVendorDataOptions {
	readonly targets: readonly VendorDataTarget[];
	/** PEM: who may sign the targets' certificates. Default: Node's list. */
	readonly ca?: string | string[];
	/** Sent to every target. */
	readonly token?: VendorDataToken | undefined;
	/** A target that fails makes `of` fail, as Nova's `vendordata_dynamic_failure_fatal` does. Default: false. */
	readonly failureFatal?: boolean;
	readonly log: Log;
	/** Called for each request to a target. */
	readonly count: (target: string, outcome: "answered" | "failed") => void;
}

/** The maximum age of a response to the same request. A guest reads it once or twice at boot. Milliseconds. */
const FRESH = 60_000;
/** The time before a failed target is asked again for the same instance. Milliseconds. */
const RETRY = 5_000;
/** Limit for all cached responses, in bytes of JSON. */
const LARGEST_CACHE = 64 * 1024 * 1024;
const MOST_INSTANCES = 20_000;
/** Per target. */
const CONNECTIONS = 32;

interface Entry {
	readonly data: VendorData;
	readonly bytes: number;
	/** The targets that gave no response. */
	readonly failed: readonly string[];
}

export function createDynamicVendorData(options: DynamicVendorDataOptions): DynamicVendorData {
	const { targets, ca, token, failureFatal } = options;
	// Through the environment's proxies, as Nova.
	const connections = openConnections({ connections: CONNECTIONS, connect: ca === undefined ? {} : { ca } });
	const requests = new WeakMap<Instance, TargetRequest>();
	const cache = new LRUCache<string, Entry, TargetRequest>({
		ttl: FRESH,
		max: MOST_INSTANCES,
		maxSize: LARGEST_CACHE,
		sizeCalculation: ({ bytes }) => bytes,
		// A waiting caller gets the response even if the cache has no room for it.
		ignoreFetchAbort: true,
		fetchMethod: async (_key, _stale, { context, options: fetch }) => {
			const entry = await askAll(context, (target, body) => askTarget(target, body, { connections, token }), options);
			if (entry.failed.length > 0) fetch.ttl = RETRY;
			return entry;
		},
	});
	return {
		hasTargets: targets.length > 0,
		async of(instance) {
			const request = getOrInsert(requests, instance, requestOf);
			const { data, failed } = await cache.forceFetch(request.digest, { context: request });
			if (failureFatal !== true || failed.length === 0) return data;
			throw new GuestwireError("vendor-data", `no vendor data from ${failed.join(", ")}: see the log for the reasons`);
		},
		close: () => connections.destroy(),
	};
}

async function askAll(
	{ id, body }: TargetRequest,
	ask: (target: VendorDataTarget, body: string) => Promise<string>,
	{ targets, log, count }: DynamicVendorDataOptions,
): Promise<Entry> {
	const failed: string[] = [];
	let bytes = 1;
	const answer = async (target: VendorDataTarget): Promise<[name: string, answer: string]> => {
		const { name } = target;
		try {
			const text = await ask(target, body);
			const value = text === "" ? "{}" : pythonJson(text);
			count(name, "answered");
			bytes += text.length;
			return [name, value];
		} catch (error) {
			count(name, "failed");
			failed.push(name);
			// The URL and the response may contain secrets, so they are not logged.
			log.warn({ vendorData: name, instance: id, detail: problem(error) }, "no vendor data from a target");
			return [name, "{}"];
		}
	};
	return { data: new Map(await Promise.all(targets.map(answer))), bytes, failed };
}

/** A request to the targets. Most changes of an instance, such as those of its wiring, leave it as it is. */
interface TargetRequest {
	/** The instance's. */
	readonly id: string;
	readonly body: string;
	/** Of the body, which may contain 64 KiB of user data. */
	readonly digest: string;
}

function requestOf(instance: Instance): TargetRequest {
	const body = requestBody(instance);
	return { id: instance.id, body, digest: createHash("sha256").update(body).digest("base64") };
}

/** Nova's members. No API returns the roles that the server was booted with (`boot-roles`). */
function requestBody({ id, projectId, server }: Instance): string {
	return jsonText({
		"project-id": projectId ?? null,
		"instance-id": id,
		"image-id": server?.imageId ?? "",
		"user-data": server?.userData === undefined ? null : Buffer.from(server.userData).toString("base64"),
		hostname: server?.hostname ?? null,
		metadata: server?.metadata ?? new Map(),
		"boot-roles": "",
	});
}

function problem(error: unknown): string {
	if (error instanceof SyntaxError) return "the response is not JSON";
	if (error instanceof GuestwireError) return `no token: ${error.message}`;
	const { name, code, message } = error as NodeJS.ErrnoException;
	return name === "TimeoutError" ? "timed out" : (code ?? message);
}
