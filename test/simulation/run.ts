/**
 * `npm run simulate -- --seeds N --from M [--order] [--trace]`: runs seeds, and prints the first that fails with its trace.
 * With `--order`, an answer that shows older facts than the same process gave before is a fault too.
 */
import { parseArgs } from "node:util";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
	options: {
		seeds: { type: "string", default: "1000" },
		from: { type: "string", default: "1" },
		order: { type: "boolean", default: false },
		trace: { type: "boolean", default: false },
	},
});
const from = Number(values.from);
const startedAt = performance.now();
let steps = 0;
for (let seed = from; seed < from + Number(values.seeds); seed++) {
	const result = await simulate(seed, { checksOrder: values.order });
	steps += result.steps;
	if (result.failure === undefined && !values.trace) continue;
	console.log(result.trace.join("\n"));
	if (result.failure === undefined) continue;
	console.log(`seed ${seed} fails: ${result.failure}\nreplay: npm run simulate -- --seeds 1 --from ${seed}`);
	process.exit(1);
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${values.seeds} seeds from ${from}, ${steps} steps, ${seconds.toFixed(1)} s: everything held`);
