import fc from "fast-check";
import { Counter, Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { BUCKETS, createRequestTallies } from "./request-tally.ts";

const bound = fc.constantFrom(...BUCKETS);
const seconds = fc.oneof(bound, fc.double({ min: 0, max: 10, noNaN: true }));
const requests = fc.array(
	fc.record({
		identity: fc.constantFrom("signed", "network"),
		status: fc.constantFrom(200, 404),
		document: fc.constantFrom("meta_data.json", "other"),
		seconds,
	}),
	{ minLength: 1 },
);

/** The lines about requests: what comes first among them is nobody's business. */
const lines = async (registry: Registry) => (await registry.metrics()).split("\n").toSorted();

it("reports the same as prom-client's own metrics would", async () => {
	await fc.assert(
		fc.asyncProperty(requests, async (counted) => {
			const [ours, theirs] = [new Registry(), new Registry()];
			const tallyOf = createRequestTallies(ours);
			const registers = [theirs];
			const total = new Counter({
				name: "guestwire_requests_total",
				help: "Requests to the metadata service",
				labelNames: ["identity", "status", "document"],
				registers,
			});
			const durations = new Histogram({
				name: "guestwire_request_duration_seconds",
				help: "Time from a request's headers until the response is handed to the kernel",
				labelNames: ["identity"],
				buckets: BUCKETS,
				registers,
			});
			for (const { identity, seconds: taken, ...labels } of counted) {
				tallyOf(identity).count(labels.status, labels.document, taken);
				total.inc({ identity, ...labels });
				durations.observe({ identity }, taken);
			}
			expect(await lines(ours)).toEqual(await lines(theirs));
			expect(await lines(ours)).toEqual(await lines(theirs));
		}),
	);
});
