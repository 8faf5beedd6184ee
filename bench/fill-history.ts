/** Fills a request history with as many guests as it keeps, and more. */
import type { AnsweredRequest } from "../src/service/request-history/answered-request.ts";
import { createDigests } from "../src/service/request-history/document-content.ts";
import { createRecorder } from "../src/service/request-history/recorder.ts";
import { openDatabase } from "../src/store/database.ts";
import { createHistoryStore } from "../src/store/history-store.ts";
import { generated, port, server } from "./generate.ts";

const REQUESTS = 60;
/** Guests per write. */
const BATCH = 200;
const DOCUMENTS = ["meta_data.json", "network_data.json", "vendor_data.json", "vendor_data2.json"];

/** @param counts how many guests have asked when the memory is measured. The first is also how many are kept. */
export async function* fillHistory(file: string, counts: readonly number[]) {
	const state = await openDatabase({ sqlite: file });
	const store = createHistoryStore(state);
	const fail = (error: unknown) => {
		throw error;
	};
	const recorder = createRecorder({
		...{ store, node: "bench", writer: "bench 1", digestOf: createDigests(new Uint8Array(32)), delay: 1e9 },
		...{ onLost: fail, onError: fail },
	});
	globalThis.gc?.();
	const before = process.memoryUsage().heapUsed;
	let guests = 0;
	for (const count of counts) {
		for (; guests < count; guests++) {
			for (const request of requestsOf(guests)) recorder.record(request);
			if (guests % BATCH === BATCH - 1) await recorder.close();
		}
		// The recorder trims once a minute, some at a time.
		for (let excess = count - (counts[0] ?? 0); excess > 0; excess -= 1000) {
			await store.trim(counts[0] ?? 0);
		}
		globalThis.gc?.();
		const [rows] = await state.read((database) =>
			database
				.selectFrom("history_instances")
				.select((select) => select.fn.countAll<number>().as("rows"))
				.execute(),
		);
		yield { guests, kept: Number(rows?.rows), heap: process.memoryUsage().heapUsed - before };
	}
	await state.close();
}

function requestsOf(n: number): AnsweredRequest[] {
	const bodies = [server(n), port(n), {}, {}].map((content) => Buffer.from(JSON.stringify(content)));
	return Array.from({ length: REQUESTS }, (_, at): AnsweredRequest => {
		const path = `openstack/2018-08-27/${DOCUMENTS[at % DOCUMENTS.length]}`;
		const body = bodies[at % DOCUMENTS.length];
		return {
			...{ at: n * REQUESTS + at, instance: generated(n).id, method: "GET", path, status: 200, ms: 0.2 },
			...{ bytes: body?.length ?? 0, userAgent: "Cloud-Init/25.1.4", listener: "127.0.0.1:8775", body },
		};
	});
}
