/** The model cloud's message bus, with its faults. */
import { SENDERS } from "../../src/source/openstack/bus-senders.ts";
import type { ChangeSignals, Sender, Signal, SignalHandler } from "../../src/source/remote-source.ts";
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

/** As OpenStack's notifications, it has facts too. They may be old or forged, and the mirror must not use them. */
export interface Message extends Signal {
	/** Null: the resource was deleted. */
	readonly payload?: object | null | undefined;
}

export interface Connection {
	/** A message that names nothing. */
	greet(sender: Sender): void;
	/** @param kind what has changed. Default: what the message names */
	receive(message: Message, isForged: boolean, kind?: ResourceKind): void;
	goDown(): void;
	comeBack(): void;
}

export const noSignalFaults = (): SignalFaults => ({
	...{ loss: 0, duplicates: 0, latency: 20, isDown: false, connections: new Set(), lost: new Set() },
});

/** Reports a changed resource to every listener. A change of a server's details is reported as a change of the server. */
export function announce(faults: SignalFaults, message: Message): void {
	const { payload: _, ...signal } = message;
	const sent: Message = signal.kind === "server_details" ? { ...signal, kind: "server" } : message;
	for (const connection of faults.connections) connection.receive(sent, false, signal.kind);
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

		let sent = 0;
		let delivered = 0;
		async function deliver(signal: Message): Promise<void> {
			const number = ++sent;
			await scheduler.after(1 + random.below(faults.latency), process);
			if (!isConnected || isEnded) return;
			if (number < delivered) scheduler.count("messages overtake each other");
			delivered = Math.max(delivered, number);
			const sender = SENDERS.find(({ kinds }) => kinds.includes(signal.kind));
			if (sender !== undefined) handler.onHeard(sender.name);
			handler.onSignals([signal]);
		}
		async function connect(): Promise<void> {
			await scheduler.after(CONNECT, process);
			if (faults.isDown || isEnded || isConnected) return;
			isConnected = true;
			handler.onGap(downSince, "the model's broker");
		}
		const connection: Connection = {
			greet({ name }) {
				if (process.isAlive && isConnected) handler.onHeard(name);
			},
			receive(signal, isForged, kind = signal.kind) {
				if (!process.isAlive) return void faults.connections.delete(connection);
				if (!isConnected) return;
				if (!isForged && random.chance(faults.loss)) {
					scheduler.count("message lost");
					for (const id of signal.ids) faults.lost.add(`${kind} ${id}`);
					return;
				}
				if (isForged) scheduler.count("message forged");
				void deliver(signal);
				if (!random.chance(faults.duplicates)) return;
				scheduler.count("message repeated");
				void deliver(signal);
			},
			goDown() {
				if (!isConnected) return;
				scheduler.count("broker away");
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
	return [{ name: "bus", neededFor: "every kind", senders: SENDERS, listen }];
}
