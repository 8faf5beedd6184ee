/** The mirror's metrics for Prometheus. docs/mirror.md lists every name; a test compares. */
import { setTimeout } from "node:timers/promises";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { MirrorEvents } from "../mirror/mirror-events.ts";
import type { MirrorState } from "../mirror/mirror-state.ts";
import type { MirrorStore } from "../mirror/mirror-store.ts";
import type { ResourceKind } from "../source/resource.ts";

/** Seconds: a guest that polls sees a change within 1 s if the bus reports it, within the sweep's interval otherwise. */
const LAGS = [0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 900];

/** Counts what the mirror does. */
export function createMirrorMetrics(registry: Registry): Omit<MirrorEvents, "onLog"> {
	const registers = [registry];
	const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
		new Counter({ name: `guestwire_${name}`, help, labelNames, registers });
	const requests = counter("mirror_requests_total", "Requests to the cloud for the mirror", ["kind", "outcome"]);
	const seconds = counter("mirror_request_seconds_total", "Time that requests for the mirror took", ["kind"]);
	const missed = counter("missed_changes_total", "Changes that no signal reported", ["kind"]);
	const gaps = counter("signal_gaps_total", "Times in which a signal may have missed changes", ["signal"]);
	const invalid = counter("signal_invalid_total", "Messages of a signal that could not be understood", ["signal"]);
	const answers = counter("mirror_answers_total", "Look-ups of instances by where their facts came from", ["origin"]);
	const first = counter("mirror_first_answers_total", "First look-up of each instance, by origin", ["origin"]);
	const lag = new Histogram({
		...{ name: "guestwire_change_lag_seconds", help: "From a change in the cloud until the mirror has it" },
		...{ labelNames: ["kind", "signal"], buckets: LAGS, registers },
	});
	const up = new Gauge({
		...{ name: "guestwire_signal_up", help: "1 while a signal works", labelNames: ["signal"], registers },
	});
	const leader = new Gauge({
		...{ name: "guestwire_mirror_leader", help: "1 while this process keeps the mirror current", registers },
	});
	const share = apiShare(registry);
	return {
		onRequest(kind, duration, failed) {
			requests.inc({ kind, outcome: failed ? "failed" : "answered" });
			seconds.inc({ kind }, duration);
			share.add(kind, duration);
		},
		onChangeApplied(kind, signal, lagSeconds) {
			if (lagSeconds !== undefined && Number.isFinite(lagSeconds)) lag.observe({ kind, signal }, lagSeconds);
		},
		onSignalState: (signal, isUp) => up.set({ signal }, isUp ? 1 : 0),
		onGap: (signal) => gaps.inc({ signal }),
		onInvalidSignal: (signal) => invalid.inc({ signal }),
		onMissedChanges: (kind, ids) => missed.inc({ kind }, ids.length),
		onAnswer(origin, isFirst) {
			answers.inc({ origin });
			if (isFirst) first.inc({ origin });
		},
		onLeading: (isLeading) => leader.set(isLeading ? 1 : 0),
	};
}

/** Seconds that `guestwire_mirror_api_share` covers. */
const WINDOW = 60;

const API_OF: Readonly<Partial<Record<ResourceKind, string>>> = {
	server: "compute",
	server_details: "compute",
	keypair: "compute",
	baremetal_node: "baremetal",
	baremetal_port: "baremetal",
	portgroup: "baremetal",
};

/** How much of one API worker's time the latest requests took. A request counts when it ends. */
function apiShare(registry: Registry): { add(kind: ResourceKind, seconds: number): void } {
	const ended = new Map<string, { readonly at: number; readonly seconds: number }[]>();
	const recent = (api: string) => {
		const since = performance.now() - WINDOW * 1000;
		const some = (ended.get(api) ?? []).filter(({ at }) => at >= since);
		ended.set(api, some);
		return some;
	};
	new Gauge({
		name: "guestwire_mirror_api_share",
		help: "Time that requests for the mirror took in the last minute, as a share of one API worker",
		labelNames: ["api"],
		registers: [registry],
		collect() {
			for (const api of ended.keys()) {
				this.set({ api }, recent(api).reduce((sum, { seconds }) => sum + seconds, 0) / WINDOW);
			}
		},
	});
	return {
		add(kind, seconds) {
			const api = API_OF[kind] ?? "network";
			const some = ended.get(api) ?? [];
			const last = some.at(-1);
			const at = performance.now();
			// Requests of the same second are one entry: there are never many.
			if (last !== undefined && at - last.at < 1000)
				some[some.length - 1] = { at: last.at, seconds: last.seconds + seconds };
			else ended.set(api, [...recent(api), { at, seconds }]);
		},
	};
}

/** @param remaining how long the token is still valid, in milliseconds; undefined without one */
export function collectToken(registry: Registry, remaining: () => number | undefined): void {
	new Gauge({
		name: "guestwire_token_remaining_seconds",
		help: "Time until Keystone's token expires; 0 while there is none",
		registers: [registry],
		collect() {
			this.set(Math.max(0, (remaining() ?? 0) / 1000));
		},
	});
}

export interface MirrorParts {
	readonly store: Pick<MirrorStore, "stats" | "getMeta">;
	readonly state: Pick<MirrorState, "verifiedAt" | "isListed" | "senders">;
	/** Those of the source. */
	readonly kinds: readonly ResourceKind[];
}

/** The mirror's own state is read when Prometheus scrapes it. */
export function collectMirror(registry: Registry, { store, state, kinds }: MirrorParts): void {
	const registers = [registry];
	const gauge = (name: string, help: string, read: () => number) =>
		new Gauge({
			...{ name: `guestwire_mirror_${name}`, help, registers },
			collect() {
				this.set(read());
			},
		});
	gauge("age_seconds", "Time since the mirror was last known to be current", () =>
		Math.max(0, (Date.now() - state.verifiedAt()) / 1000),
	);
	gauge("fill_ratio", "Share of the kinds of resources that were read completely", () => {
		const done = kinds.filter((kind) => state.isListed([kind]));
		return kinds.length === 0 ? 1 : done.length / kinds.length;
	});
	new Gauge({
		name: "guestwire_signal_sender_trusted",
		help: "1 while a service is known to report its changes by messages",
		labelNames: ["sender"],
		registers,
		collect() {
			this.reset();
			for (const [sender, known] of Object.entries(state.senders()?.states ?? {}))
				this.set({ sender }, known === "trusted" ? 1 : 0);
		},
	});
	new Gauge({
		name: "guestwire_mirror_leader_info",
		help: "The process of all nodes that keeps the mirror current; the value is when it began, in seconds since 1970",
		labelNames: ["host", "pid"],
		registers,
		async collect() {
			const leader = await store.getMeta("leader").catch(() => undefined);
			this.reset();
			if (leader !== undefined) this.set({ host: leader.host, pid: leader.pid }, leader.since / 1000);
		},
	});
	const bytes = new Gauge({ name: "guestwire_mirror_bytes", help: "Size of the state database", registers });
	const sequence = new Gauge({
		...{ name: "guestwire_mirror_sequence", help: "Number of the last change of the mirror", registers },
	});
	const statsOf = cached(store.stats);
	new Gauge({
		...{ name: "guestwire_mirror_resources", help: "Resources in the mirror", labelNames: ["kind"], registers },
		async collect() {
			const stats = await Promise.race([statsOf().catch(() => undefined), setTimeout(STATS_WAIT, undefined, UNREF)]);
			if (stats === undefined) return;
			for (const [kind, count] of Object.entries(stats.resources)) this.set({ kind }, count);
			bytes.set(stats.bytes);
			sequence.set(stats.sequence);
		},
	});
}

/** Milliseconds. Counting goes through the whole mirror, in the thread that writes: every open page causes scrapes. */
const STATS_AGE = 30_000;
/** A scrape waits no longer for it: the next one has the result. */
const STATS_WAIT = 2000;
const UNREF = { ref: false };

/** Remembers the last result for a while; what fails is tried again. */
function cached<T>(read: () => Promise<T>): () => Promise<T> {
	let last: { readonly at: number; readonly result: Promise<T> } | undefined;
	return () => {
		if (last === undefined || performance.now() - last.at > STATS_AGE) {
			const reading = { at: performance.now(), result: read() };
			last = reading;
			reading.result.catch(() => {
				if (last === reading) last = undefined;
			});
		}
		return last.result;
	};
}
