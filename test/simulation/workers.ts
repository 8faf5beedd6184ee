/** The workers of a simulated node: the real caches, and the real messages between them and the primary. */
import { EventEmitter } from "node:events";
import { type Channel, openChannel, type Port } from "../../src/channel.ts";
import { createWorkerAnswers, OWNER_SHARING } from "../../src/cli/workers/answer-workers.ts";
import type { PrimaryCalls, WorkerCalls } from "../../src/cli/workers/calls.ts";
import { createPrimarySource, type PrimarySource } from "../../src/cli/workers/primary-source.ts";
import type { Clock } from "../../src/mirror/clock.ts";
import { createInstanceCache, type InstanceCache } from "../../src/source/instance-cache.ts";
import type { Node } from "./node.ts";

export interface WorkersOptions {
	readonly node: Node;
	readonly count: number;
	readonly clock: Clock;
	/** For how long a worker keeps the primary's answers, and for how long the source keeps its own. Seconds. */
	readonly maxAge: number;
	readonly sourceAge: number;
}

const unused = () => Promise.reject(new Error("no simulated guest asks for this"));
const UNUSED = {
	vendorData: { hasTargets: false, of: unused, close: unused },
	passwords: { get: unused, setOnce: unused },
	history: { write: unused, compact: unused, trim: unused, trimRefusals: unused },
	log: () => {},
};

/** Starts workers. Returns what each of them answers from. */
export function startWorkers({ node, count, clock, maxAge, sourceAge }: WorkersOptions): readonly InstanceCache[] {
	const answers = createWorkerAnswers({ instances: node.instances, source: node.source, ...UNUSED });
	return Array.from({ length: count }, () => {
		const [near, far] = connectedPorts();
		const worker: Channel<WorkerCalls> = openChannel<PrimaryCalls, WorkerCalls>(
			near,
			answers.callsOf(() => worker),
		);
		const primary = openChannel<PrimarySource["reports"], PrimaryCalls>(far, {
			change: (change) => source.reports.change(change),
			verified: (at) => source.reports.verified(at),
		});
		const source = createPrimarySource(primary, { hasLastKnownOwners: true });
		answers.add(worker);
		return createInstanceCache(source, {
			...{ maxAge, sourceAge: sourceAge + OWNER_SHARING, now: clock.now },
			wait: clock.sleep,
		});
	});
}

/** Both ends of a channel. Each receives copies of what the other sends. */
function connectedPorts(): readonly [Port, Port] {
	const [near, far] = [new EventEmitter(), new EventEmitter()];
	const portTo = (own: EventEmitter, other: EventEmitter): Port => ({
		send(message) {
			const copy = structuredClone(message);
			queueMicrotask(() => other.emit("message", copy));
			return true;
		},
		on: (event: string, listener: (message: unknown) => void) => own.on(event, listener),
	});
	return [portTo(near, far), portTo(far, near)];
}
