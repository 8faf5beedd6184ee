/** Numbers from the service's metrics. */
import type { Status } from "../lib/api.ts";
import { durationText } from "../lib/text.ts";

type Metrics = Status["metrics"];
export type Values = Metrics[number]["values"];

/** The values of one of Guestwire's metrics, by its name without `guestwire_`. */
export type Read = (name: string) => Values;

export function metricReader(metrics: Metrics): Read {
	const byName = new Map(metrics.map(({ name, values }) => [name, values]));
	return (name) => byName.get(`guestwire_${name}`) ?? [];
}

export function total(values: Values): number {
	return values.reduce((sum, { value }) => sum + value, 0);
}

/** Of a histogram. */
export function sumAndCount(values: Values): [sum: number, count: number] {
	const part = (name: string) => total(values.filter(({ labels }) => labels["part"] === name));
	return [part("sum"), part("count")];
}

export function averageText(seconds: number, count: number): string {
	return count === 0 ? "—" : durationText(seconds / count);
}
