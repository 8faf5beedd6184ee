/** The model cloud's message bus, with its faults. */
import type { ChangeSignals, Signal, SignalHandler } from "../../src/source/remote-source.ts";
import type { ResourceKind } from "../../src/source/resource.ts";
import type { Process, Scheduler } from "./scheduler.ts";

export interface SignalFaults {
	/** Probabilities of a message. */
	loss: number;
	duplicates: number;
	/** Milliseconds; messages overtake each other. */
	latency: number;
	isDown: boolean;
	/** Ends or starts the connections of all who listen. */
	readonly connections: Set<Connection>;
	/** `kind id` of the changes of which at least one watcher got no message. */
	readonly lost: Set<string>;
}

export interface Connection {
	receive(signal: Signal, isForged: boolean): void;
	goDown(): void;
	comeBack(): void;
}

export const noSignalFaults = (): SignalFaults => ({
	...{ loss: 0, duplicates: 0, latency: 20, isDown: false, connections: new Set(), lost: new Set() },
});

/** Reports a changed resource to every listener. A change of a server's details is reported as a change of the server. */
export function announce(faults: SignalFaults, kind: ResourceKind, id: string, now: number): void {
	const named = kind === "server_details" ? "server" : kind;
	for (const connection of faults.connections) connection.receive({ kind: named, ids: [id], changedAt: now }, false);
}

const CONNECT = 30;

export function createModelSignals(
	faults: SignalFaults,
	scheduler: Scheduler,
	process: Process,
	hasBus: boolean,
): readonly ChangeSignals[] {
	if (!hasBus) return [];
	const { random } = scheduler;

	function listen(handler: SignalHandler): () => Promise<void> {
		let isConnected = false;
		let isEnded = false;
		let downSince: number | undefined;

		async function deliver(signal: Signal): Promise<void> {
			await scheduler.after(1 + random.below(faults.latency), process);
			if (isConnected && !isEnded) handler.onSignals([signal]);
		}
		async function connect(): Promise<void> {
			await scheduler.after(CONNECT, process);
			if (faults.isDown || isEnded || isConnected) return;
			isConnected = true;
			handler.onGap(downSince);
		}
		const connection: Connection = {
			receive(signal, isForged) {
				if (!process.isAlive) return void faults.connections.delete(connection);
				if (!isConnected) return;
				if (!isForged && random.chance(faults.loss)) {
					for (const id of signal.ids) faults.lost.add(`${signal.kind} ${id}`);
					return;
				}
				void deliver(signal);
				if (random.chance(faults.duplicates)) void deliver(signal);
			},
			goDown() {
				if (!isConnected) return;
				isConnected = false;
				downSince = scheduler.now();
				handler.onDown("the broker is away");
			},
			comeBack: () => void connect(),
		};
		faults.connections.add(connection);
		void connect();
		return async () => {
			isEnded = true;
			faults.connections.delete(connection);
		};
	}
	return [{ name: "bus", listen }];
}
