/**
 * Counts requests in plain numbers. prom-client's own counters look up their labels on every increment, which is
 * measurable in the time of a cached response; here that happens only when Prometheus scrapes.
 */
import { Counter, type Histogram, type Registry } from "prom-client";

export interface RequestTally {
	count(status: number, document: string, seconds: number): void;
}

interface Tally {
	/** By status and document. */
	readonly answers: Map<number, Map<string, number>>;
	/** Requests per bucket; the last bucket has those above all bounds. */
	readonly buckets: Float64Array;
	seconds: number;
}

/** In seconds: a cached response takes well under a millisecond, and the time limit is five seconds. */
export const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.05, 0.25, 1, 2.5, 5];

/** @returns the tally of an identity; the same one on every call */
export function createRequestTallies(registry: Registry): (identity: string) => RequestTally {
	const tallies = new Map<string, Tally>();
	registerAnswers(registry, tallies);
	registerDurations(registry, tallies);
	return (identity) => {
		const tally: Tally = tallies.get(identity) ?? newTally();
		tallies.set(identity, tally);
		return {
			count(status, document, seconds) {
				const ofStatus = tally.answers.get(status) ?? new Map<string, number>();
				ofStatus.set(document, (ofStatus.get(document) ?? 0) + 1);
				if (ofStatus.size === 1) tally.answers.set(status, ofStatus);
				let index = 0;
				while (seconds > (BUCKETS[index] ?? Number.POSITIVE_INFINITY)) index++;
				tally.buckets[index] = (tally.buckets[index] ?? 0) + 1;
				tally.seconds += seconds;
			},
		};
	};
}

function newTally(): Tally {
	return { answers: new Map(), buckets: new Float64Array(BUCKETS.length + 1), seconds: 0 };
}

function registerAnswers(registry: Registry, tallies: ReadonlyMap<string, Tally>): void {
	new Counter({
		name: "guestwire_requests_total",
		help: "Requests to the metadata service",
		labelNames: ["identity", "status", "document"],
		registers: [registry],
		collect() {
			this.reset();
			for (const [identity, { answers }] of tallies) {
				for (const [status, documents] of answers) {
					for (const [document, count] of documents) this.inc({ identity, status, document }, count);
				}
			}
		},
	});
}

function registerDurations(registry: Registry, tallies: ReadonlyMap<string, Tally>): void {
	const name = "guestwire_request_duration_seconds";
	const help = "Time from a request's headers until the response is handed to the kernel";
	const get = async () => ({
		...{ name, help, type: "histogram", aggregator: "sum" },
		values: Array.from(tallies, ([identity, tally]) => histogramValues(name, identity, tally)).flat(),
	});
	// A registry only uses a metric's name and `get`, but its type requires a whole Histogram.
	registry.registerMetric({ name, get } as unknown as Histogram);
}

function histogramValues(name: string, identity: string, { buckets, seconds }: Tally) {
	let count = 0;
	const cumulated = [...BUCKETS, "+Inf"].map((le, index) => {
		count += buckets[index] ?? 0;
		return { metricName: `${name}_bucket`, labels: { le, identity }, value: count };
	});
	const labels = { identity };
	return [
		...cumulated,
		{ metricName: `${name}_sum`, labels, value: seconds },
		{ metricName: `${name}_count`, labels, value: count },
	];
}
