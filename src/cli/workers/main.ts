/** A worker: a process that serves guests what the primary process knows. */
import { fstatSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { collectDefaultMetrics, Registry } from "prom-client";
import { type Channel, openChannel } from "../../channel.ts";
import type { VendorData } from "../../documents/vendor-data.ts";
import type { Instance } from "../../instance/instance.ts";
import { createGuestDocuments } from "../../service/guest-documents.ts";
import { LOG_BACKLOG, openLog } from "../../service/log.ts";
import { fileSink, type LogSink } from "../../service/log-sink.ts";
import { createMetrics } from "../../service/metrics.ts";
import type { DynamicVendorData } from "../../service/vendor-data.ts";
import { createInstanceCache } from "../../source/instance-cache.ts";
import type { GuestPasswords } from "../../store/password-store.ts";
import { startGuests } from "../guests.ts";
import { staleLogger } from "../serve-log.ts";
import { guestFilesOf } from "../source.ts";
import type { PrimaryCalls, WorkerCalls, WorkerSettings } from "./calls.ts";
import { createPrimarySource, type PrimarySource } from "./primary-source.ts";

type Primary = Channel<PrimaryCalls>;

const open = new AsyncDisposableStack();
const registry = new Registry();
let reports: PrimarySource["reports"] | undefined;

const primary: Primary = openChannel<WorkerCalls, PrimaryCalls>(process, {
	start,
	change: (change) => reports?.change(change),
	verified: (at) => reports?.verified(at),
	metrics: () => registry.getMetricsAsJSON(),
	ping: () => {},
	stop,
});

// A terminal sends SIGINT to all processes: the primary's word counts. It survives SIGHUP.
for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
process.on("SIGTERM", () => void stop());

async function start(given: WorkerSettings): Promise<readonly string[]> {
	const { log, flush } = openLog(logSink(), (lines) => metrics.logLinesLost(lines));
	open.defer(flush);
	const source = createPrimarySource(primary, given);
	reports = source.reports;
	const limits = { maxAge: given.maxAge, sourceAge: given.sourceAge, maxBytes: given.maxBytes };
	const instances = createInstanceCache(source, { ...limits, onStale: staleLogger(log) });
	open.defer(() => instances.close());
	collectDefaultMetrics({ register: registry });
	const metrics = createMetrics(instances, registry);
	// The primary has checked the names of the formats.
	const guestFiles = given.guestFiles.length > 0 && { guestFiles: await guestFilesOf(given.guestFiles, String) };
	const documents = createGuestDocuments({ ...given.settings, ...guestFiles }, vendorDataOf(given));
	const history = { key: given.historyKey, store: historyOf() };
	const { listeners } = given;
	const parts = { listeners, instances, documents, passwords: passwordsOf(), history, log, metrics };
	return (await startGuests(parts, open)).addresses;
}

let stopping: Promise<void> | undefined;
async function stop(): Promise<void> {
	stopping ??= open.disposeAsync();
	await stopping.finally(() => process.exit());
}

function passwordsOf(): GuestPasswords {
	return {
		get: (id, launched) => primary.call("password", { id, launched }),
		setOnce: (id, password, launched) => primary.call("setPassword", { id, password, launched }),
	};
}

/** The primary keeps the responses. The same object stands for the same response: documents are made from it once. */
function vendorDataOf({ hasVendorData }: WorkerSettings): DynamicVendorData {
	const last = new WeakMap<Instance, VendorData>();
	return {
		hasTargets: hasVendorData,
		async of(instance) {
			const found = await primary.call("vendorData", instance.id);
			const known = last.get(instance);
			if (known !== undefined && isDeepStrictEqual(known, found)) return known;
			last.set(instance, found);
			return found;
		},
		close: async () => {},
	};
}

function historyOf() {
	return {
		write: (batch: Parameters<PrimaryCalls["writeHistory"]>[0]) => primary.call("writeHistory", batch),
		compact: (ids: readonly string[]) => primary.call("compactHistory", ids),
		trim: (instances: number) => primary.call("trimHistory", instances),
		trimRefusals: (refusals: number) => primary.call("trimRefusals", refusals),
	};
}

/**
 * Each write to a file is of one piece, whoever else writes to it. On a pipe or a socket the lines of several processes
 * would mix: there the primary writes all of them.
 */
function logSink(): LogSink {
	const { fd } = process.stdout;
	return fstatSync(fd).isFile() ? fileSink(fd, { backlog: LOG_BACKLOG }) : primarySink();
}

function primarySink(): LogSink {
	let unwritten = 0;
	let last: Promise<void> = Promise.resolve();
	return {
		write(lines) {
			if (unwritten + lines.length > LOG_BACKLOG) return false;
			unwritten += lines.length;
			last = primary
				.call("log", lines)
				.catch(() => {}) // the primary has ended, and so does this process
				.finally(() => {
					unwritten -= lines.length;
				});
			return true;
		},
		close: () => last,
	};
}
