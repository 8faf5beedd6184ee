/** The metrics of the primary and its workers as those of one service. */
import { AggregatorRegistry, type PrometheusContentType, type Registry } from "prom-client";
import type { MetricsReader } from "../../service/metrics.ts";
import type { MetricsJson } from "./calls.ts";

export interface SummedMetrics extends MetricsReader {
	/** Keeps what an ended worker has counted, so that no counter gets lower. */
	keep(metrics: MetricsJson): void;
}

/** What only grows, and so stays true when its process has ended. */
const COUNTED = new Set(["counter", "histogram"]);

/** @param ofWorkers the metrics of each running worker */
export function sumMetrics(own: MetricsReader, ofWorkers: () => Promise<readonly MetricsJson[]>): SummedMetrics {
	let kept: MetricsJson = [];
	const sum = async () => aggregate([await own.getMetricsAsJSON(), ...(await ofWorkers()), kept]);
	return {
		contentType: own.contentType,
		metrics: async () => (await sum()).metrics(),
		getMetricsAsJSON: async () => (await sum()).getMetricsAsJSON(),
		keep(metrics) {
			const counted = metrics.filter(({ type }) => COUNTED.has(`${type}`));
			// Summed metrics have their values beside the functions of a metric.
			kept = aggregate([kept, counted]).getMetricsAsArray() as MetricsJson;
		},
	};
}

function aggregate(metrics: readonly MetricsJson[]): Registry<PrometheusContentType> {
	return AggregatorRegistry.aggregate([...metrics]);
}
