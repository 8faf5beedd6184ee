/** Numbers from the service's metrics. */
import { useMemo, useRef } from "preact/hooks";
import type { Status } from "../lib/api.ts";
import { durationText } from "../lib/text.ts";

type Metrics = Status["metrics"];
export type Values = Metrics[number]["values"];

/** The values of one of Guestwire's metrics, by its name without `guestwire_`. */
export type Read = (name: string) => Values;

/** What is counted since the service started, and in the last minutes. */
export interface Counts {
	readonly all: Read;
	readonly recent: Read;
}

interface Sample {
	/** Milliseconds. */
	readonly at: number;
	readonly metrics: Metrics;
}

/** Milliseconds that `recent` covers at most. */
const WINDOW = 5 * 60_000;

/** Remembers the metrics while the view is open: the service itself counts from its start. */
export function useCounts(metrics: Metrics): Counts {
	const samples = useRef<readonly Sample[]>([]);
	return useMemo(() => {
		const now = performance.now();
		const last = samples.current.at(-1);
		const isContinued = last !== undefined && !hasRestarted(last.metrics, metrics);
		const earlier = isContinued ? samples.current.filter(({ at }) => now - at <= WINDOW) : [];
		samples.current = [...earlier, { at: now, metrics }];
		const all = metricReader(metrics);
		return { all, recent: increases(metricReader(earlier[0]?.metrics ?? metrics), all) };
	}, [metrics]);
}

/** Whether the metrics are those of another process. */
function hasRestarted(before: Metrics, after: Metrics): boolean {
	const read = metricReader(after);
	return before.some(
		({ name, values }) => name.endsWith("_total") && total(values) > total(read(name.slice(PREFIX.length))),
	);
}

function increases(before: Read, after: Read): Read {
	const keyOf = (labels: Values[number]["labels"]) => JSON.stringify(Object.entries(labels));
	return (name) => {
		const known = new Map(before(name).map(({ labels, value }) => [keyOf(labels), value]));
		return after(name).map(({ labels, value }) => ({ labels, value: value - (known.get(keyOf(labels)) ?? 0) }));
	};
}

const PREFIX = "guestwire_";

function metricReader(metrics: Metrics): Read {
	const byName = new Map(metrics.map(({ name, values }) => [name, values]));
	return (name) => byName.get(PREFIX + name) ?? [];
}

export function total(values: Values): number {
	return values.reduce((sum, { value }) => sum + value, 0);
}

export function totalText(values: Values): string {
	return total(values).toLocaleString("en");
}

/** Those with a label. */
export function having(values: Values, name: string, value: string): Values {
	return values.filter(({ labels }) => labels[name] === value);
}

/** Of a histogram. */
export function sumAndCount(values: Values): [sum: number, count: number] {
	return [total(having(values, "part", "sum")), total(having(values, "part", "count"))];
}

export function averageText(seconds: number, count: number): string {
	return count === 0 ? "—" : durationText(seconds / count);
}
