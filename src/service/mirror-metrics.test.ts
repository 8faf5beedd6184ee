import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { openMirrorStore } from "../mirror/open-mirror-store.ts";
import { openDatabase } from "../store/database.ts";
import { collectMirror, collectToken, createMirrorMetrics } from "./mirror-metrics.ts";

const docs = readFileSync(new URL("../../docs/mirror.md", import.meta.url), "utf8");

it("has exactly the metrics that docs/mirror.md lists", async () => {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const registry = new Registry();
	const { onRequest } = createMirrorMetrics(registry);
	for (const seconds of [1, 2, 3]) onRequest("port", seconds, false);
	onRequest("server", 1.5, true);
	await store.setMeta("leader", { host: "node-1", pid: 7, since: 5000 });
	collectMirror(registry, {
		store,
		kinds: ["port", "server"],
		state: {
			verifiedAt: () => Date.now() - 5000,
			isListed: ([kind]) => kind === "port",
			senders: () => ({ place: "mq/", states: { neutron: "trusted", nova: "doubted" } }),
		},
	});
	collectToken(registry, () => 90_000);
	const told = (await registry.getMetricsAsJSON()).map(({ name }) => name);
	const listed = [...docs.matchAll(/^\| `(guestwire_\w+)`/gm)].map(([, name]) => name);
	expect(told.toSorted()).toEqual(listed.toSorted());
	const text = await registry.metrics();
	expect(text).toMatch(/^guestwire_mirror_age_seconds 5\b/m);
	expect(text).toMatch(/^guestwire_mirror_fill_ratio 0\.5$/m);
	expect(text).toMatch(/^guestwire_mirror_api_share\{api="network"\} 0\.1$/m);
	expect(text).toMatch(/^guestwire_mirror_api_share\{api="compute"\} 0\.025$/m);
	expect(text).toMatch(/^guestwire_mirror_leader_info\{host="node-1",pid="7"\} 5$/m);
	expect(text).toMatch(/^guestwire_signal_sender_trusted\{sender="neutron"\} 1$/m);
	expect(text).toMatch(/^guestwire_signal_sender_trusted\{sender="nova"\} 0$/m);
	expect(text).toMatch(/^guestwire_token_remaining_seconds 90$/m);
	await state.close();
});

it("counts the mirror's resources once for simultaneous readers, and again after a failure", async () => {
	let reads = 0;
	let isAway = true;
	const registry = new Registry();
	collectMirror(registry, {
		store: {
			async stats() {
				reads++;
				if (isAway) throw new Error("away");
				return { sequence: 1, bytes: 2, resources: { port: 3 } };
			},
			getMeta: async () => undefined,
		},
		kinds: ["port"],
		state: { verifiedAt: () => Date.now(), isListed: () => true, senders: () => undefined },
	});
	expect(await registry.metrics()).not.toContain('kind="port"');
	isAway = false;
	for (let look = 0; look < 10; look++) {
		expect(await registry.metrics()).toContain('guestwire_mirror_resources{kind="port"} 3');
	}
	expect(reads).toBe(2);
});
