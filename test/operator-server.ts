/** An operator server over instances in memory. */
import { type OperatorServer, type OperatorServerOptions, startOperatorServer } from "../src/http/operator/server.ts";
import { createDriveLinks } from "../src/service/drive-links.ts";
import { createGuestDocuments } from "../src/service/guest-documents.ts";
import { createLog } from "../src/service/log.ts";
import { createMetrics } from "../src/service/metrics.ts";
import { openOverview } from "../src/service/overview/open-overview.ts";
import type { AnsweredRequest } from "../src/service/request-history/answered-request.ts";
import { createDigests } from "../src/service/request-history/document-content.ts";
import { createRecorder } from "../src/service/request-history/recorder.ts";
import type { InstanceCache } from "../src/source/instance-cache.ts";
import { openDatabase, type StateDatabase } from "../src/store/database.ts";
import { createHistoryStore } from "../src/store/history-store.ts";
import { createPasswordStore } from "../src/store/password-store.ts";
import { sharedKey } from "../src/store/secrets.ts";
import { instancesOf, novaSettings, recordedInstances } from "./metadata-service.ts";

export interface TestOperatorServer extends OperatorServer {
	/** The state of the request history. */
	readonly state: StateDatabase;
	/** Every line of the log, as text. */
	readonly lines: readonly string[];
}

export interface TestOperatorOptions extends Partial<OperatorServerOptions> {
	readonly instances?: InstanceCache;
	/** Default: one that ends with the server. */
	readonly state?: StateDatabase;
}

/** Records requests as a listener would. */
export async function recordRequests(state: StateDatabase, requests: readonly AnsweredRequest[]): Promise<void> {
	const digestOf = createDigests(await sharedKey(state, "history"));
	const recorder = createRecorder({
		...{ store: createHistoryStore(state), node: "n", writer: "n 1", digestOf, delay: 3_600_000 },
		...{ onLost: () => {}, onError: () => {} },
	});
	requests.forEach(recorder.record);
	await recorder.close();
}

export async function startTestOperator(given: TestOperatorOptions = {}): Promise<TestOperatorServer> {
	const { state: shared, ...options } = given;
	const instances = options.instances ?? instancesOf(recordedInstances);
	const lines: string[] = [];
	const log = options.log ?? createLog({ write: (line) => lines.push(line) });
	const documents = options.documents ?? createGuestDocuments(novaSettings);
	const state = shared ?? (await openDatabase("memory"));
	const source = { list: () => instances.list(), instance: async (id: string) => instances.get(id, "all") };
	const shown = await openOverview(state, { source, isLocal: true, documents, log });
	const server = await startOperatorServer({
		...{ listen: "127.0.0.1:0", documents, novaDocuments: documents, metrics: createMetrics(instances), log },
		passwords: createPasswordStore(state),
		driveLinks: createDriveLinks(await sharedKey(state, "drive_links")),
		...{ ...shown, isReady: () => true, version: "1.2.3", source: "files", ...options, instances },
	});
	return {
		...{ address: server.address, state, lines },
		async close() {
			await server.close();
			await shown.overview.close();
			if (shared === undefined) await state.close();
		},
	};
}
