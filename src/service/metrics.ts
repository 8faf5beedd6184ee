/** The metrics for Prometheus. docs/operator.md lists every name, which a test checks. */
import { Counter, Gauge, Registry } from "prom-client";
import { OPENSTACK_DOCUMENTS } from "../documents/openstack-documents.ts";
import type { InstanceCache, InstanceCacheStats } from "../source/instance-cache.ts";
import { createRequestTallies, type RequestTally } from "./request-tally.ts";

/** What `/metrics` and the page read. */
export type MetricsReader = Pick<Registry, "contentType" | "metrics" | "getMetricsAsJSON">;

export interface Metrics {
	readonly registry: Registry;
	/** Counts the requests that were answered under an identity, by status and kind of document (`documentKind`). */
	requests(identity: string): RequestTally["count"];
	/** Counts a request that got no document. */
	refused(identity: string, reason: string): void;
	/** Requests that are waiting for the cloud, a vendor data service or the state database. */
	readonly waiting: Level;
	listener(listen: string, identity: string): ListenerMetrics;
	vendorData(target: string, outcome: "answered" | "failed"): void;
	logLinesLost(lines: number): void;
	historyLost(requests: number): void;
	/** @param count how many processes serve guests, read when Prometheus scrapes */
	servedBy(count: () => number): void;
	workerReplaced(): void;
}

/** A number that goes up and down. */
export interface Level {
	inc(): void;
	dec(): void;
}

export interface ListenerMetrics {
	readonly connections: Level;
	connectionRefused(): void;
	up(isUp: boolean): void;
}

/** The documents' names without their folders: the blueprint's alias of `network_data.json` counts as that. */
const DOCUMENTS = [...new Set(OPENSTACK_DOCUMENTS.map(({ path }) => path.slice(path.lastIndexOf("/") + 1)))];

/** A label with few values: guests choose the paths, but not how many time series there are. */
export function documentKind(path: string | undefined): string {
	if (path === undefined) return "none";
	if (!path.startsWith("openstack")) return "ec2";
	if (path.startsWith("openstack/content/")) return "content";
	return DOCUMENTS.find((name) => path.endsWith(name) && path.at(-name.length - 1) === "/") ?? "other";
}

export function createMetrics(instances: Pick<InstanceCache, "stats">, registry = new Registry()): Metrics {
	const tallyOf = createRequestTallies(registry);
	collectCacheStats(registry, instances);

	const counter = counterOf(registry);
	const refused = counter(
		"guestwire_requests_refused_total",
		"Requests that got no document, by reason",
		"identity",
		"reason",
	);
	const waiting = new Gauge({
		name: "guestwire_requests_waiting",
		help: "Requests that are waiting for the cloud, a vendor data service or the state database",
		registers: [registry],
	});
	const vendorData = counter(
		"guestwire_vendor_data_requests_total",
		"Requests to dynamic vendor data services",
		"target",
		"outcome",
	);
	const lost = counter("guestwire_log_lines_dropped_total", "Log lines dropped because nothing read the log");
	const historyLost = counter(
		"guestwire_history_requests_dropped_total",
		"Requests missing from the request history because too many came at once",
	);
	const replaced = counter("guestwire_workers_replaced_total", "Workers that ended unexpectedly");
	return {
		registry,
		requests: (identity) => tallyOf(identity).count,
		refused: (identity, reason) => refused.inc({ identity, reason }),
		waiting,
		listener: listenerMetrics(registry),
		vendorData: (target, outcome) => vendorData.inc({ target, outcome }),
		logLinesLost: (lines) => lost.inc(lines),
		historyLost: (requests) => historyLost.inc(requests),
		servedBy: serversGauge(registry),
		workerReplaced: () => replaced.inc(),
	};
}

/** Makes counters, each with its labels. */
function counterOf(registry: Registry) {
	return <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) =>
		new Counter<Label>({ name, help, labelNames, registers: [registry] });
}

function serversGauge(registry: Registry): Metrics["servedBy"] {
	let servers = () => 0;
	new Gauge({
		...{ name: "guestwire_workers", help: "Processes that serve guests" },
		registers: [registry],
		aggregator: "max",
		collect() {
			this.set(servers());
		},
	});
	return (count) => {
		servers = count;
	};
}

function listenerMetrics(registry: Registry): Metrics["listener"] {
	const labelNames = ["listen", "identity"] as const;
	const registers = [registry];
	const up = new Gauge({
		...{ name: "guestwire_listener_up", help: "1 while the listener is open", labelNames, registers },
		// The same listener is open in each worker.
		aggregator: "max",
	});
	const connections = new Gauge({
		name: "guestwire_listener_connections",
		help: "Open connections",
		labelNames,
		registers,
	});
	const refused = new Counter({
		name: "guestwire_listener_connections_refused_total",
		help: "Connections closed immediately because too many were open",
		labelNames,
		registers,
	});
	return (listen, identity) => {
		const labels = { listen, identity };
		return {
			connections: connections.labels(labels),
			connectionRefused: () => refused.inc(labels),
			up: (isUp) => up.set(labels, isUp ? 1 : 0),
		};
	};
}

/** The cache keeps its own counts. They are read when Prometheus scrapes them. */
function collectCacheStats(registry: Registry, instances: Pick<InstanceCache, "stats">): void {
	const gauges: Record<keyof InstanceCacheStats, [name: string, help: string]> = {
		entries: ["guestwire_cache_entries", "Cached responses of the cloud"],
		bytes: ["guestwire_cache_bytes", "Estimated memory that cached responses and their documents take"],
		hits: ["guestwire_cache_hits", "Look-ups answered from fresh cache entries"],
		misses: ["guestwire_cache_misses", "Look-ups that had to wait for the cloud"],
		refreshes: ["guestwire_cache_refreshes", "Cache entries refreshed in the background"],
		staleAnswers: ["guestwire_cache_stale_answers", "Look-ups answered from stale cache entries"],
		oldestStaleSeconds: [
			"guestwire_cache_oldest_stale_seconds",
			"Age of the oldest data served since the cloud last responded",
		],
	};
	for (const [key, [name, help]] of Object.entries(gauges) as [keyof InstanceCacheStats, [string, string]][]) {
		new Gauge({
			name,
			help,
			registers: [registry],
			aggregator: key === "oldestStaleSeconds" ? "max" : "sum",
			collect() {
				this.set(instances.stats()[key]);
			},
		});
	}
}
