/**
 * Requests that a process sends itself after its start. Node.js runs code that it has hardly ever run several times more
 * slowly: of guests that all ask at once, the first thousand would wait for that.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { Agent, get } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { Server } from "../../instance/instance.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import { createLog } from "../../service/log.ts";
import { createMetrics } from "../../service/metrics.ts";
import { createInstanceCache } from "../../source/instance-cache.ts";
import { signedHeaders } from "./identity/signature.ts";
import { startMetadataService } from "./metadata-service.ts";

/** Guests, and how often all of them ask at once. */
const GUESTS = 50;
const ROUNDS = 40;
/** A round is followed by a pause this many times as long: others go first. */
const REST = 4;
const PATH = "/openstack/latest/meta_data.json";
const SERVER: Server = {
	...{ name: "warm-up", hostname: "warm-up", launchIndex: 0, metadata: new Map(), keypairs: [], keyNames: [] },
	...{ securityGroupNames: [], volumes: [], shares: [], dedicatedCpus: [] },
};

/**
 * Answers made-up requests for a made-up instance, on a listener of its own: nothing of it gets into the log, the metrics or
 * the request history.
 *
 * @returns how many requests were answered
 */
export async function warmUp(documents: GuestDocuments, signal: AbortSignal): Promise<number> {
	await using open = new AsyncDisposableStack();
	const [id, secret] = [randomUUID(), randomBytes(32)];
	const instance = { id, projectId: "warm-up", ports: [], server: SERVER };
	const instances = createInstanceCache({
		instance: async () => instance,
		owners: async () => [],
		list: async () => [],
		close: async () => {},
	});
	open.defer(() => instances.close());
	const service = await startMetadataService({
		listeners: [{ listen: "127.0.0.1:0", identity: { mode: "signed", secret }, isExclusive: true }],
		...{ instances, documents, passwords: { get: async () => undefined, setOnce: async () => false } },
		...{ log: createLog({ write: () => {} }), metrics: createMetrics(instances) },
	});
	open.defer(() => service.close());
	const agent = new Agent({ keepAlive: true });
	open.defer(() => agent.destroy());
	const headers = signedHeaders(id, instance.projectId, secret);
	let answered = 0;
	for (let round = 0; round < ROUNDS; round++) {
		const started = performance.now();
		const statuses = await Promise.all(
			Array.from({ length: GUESTS }, () => statusOf(`${service.addresses[0]}${PATH}`, { agent, headers, signal })),
		);
		answered += statuses.filter((status) => status === 200).length;
		await setTimeout((performance.now() - started) * REST, undefined, { signal, ref: false });
	}
	return answered;
}

/** The status; undefined if the request failed. */
function statusOf(url: string, options: Parameters<typeof get>[1]): Promise<number | undefined> {
	return new Promise((resolve) => {
		let status: number | undefined;
		get(url, options, (response) => {
			status = response.resume().statusCode;
		})
			.once("error", () => {})
			.once("close", () => resolve(status));
	});
}
