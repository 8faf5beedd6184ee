/**
 * Whether the services that report their changes by messages really do. One that is configured to send none can't be told
 * from one in which nothing changes. So a sender is trusted once it was heard, which is remembered: a restart in a quiet
 * night proves nothing else. It is no longer trusted when a comparison finds a change that it has not reported, until a
 * later comparison finds none although the sender was heard.
 */
import type { ChangeSignals, Sender } from "../source/remote-source.ts";
import type { ResourceKind } from "../source/resource.ts";
import type { Clock } from "./clock.ts";
import type { MirrorEvents } from "./mirror-events.ts";

/** `silent`: it was never heard. `doubted`: it has not reported all of its changes. */
export type SenderState = "silent" | "trusted" | "doubted";

/** What a watcher leaves to the next one. */
export interface KnownSenders {
	/** Where they were heard: see `SignalHandler.onGap`. */
	readonly place: string;
	/** By the senders' names. */
	readonly states: Readonly<Record<string, SenderState>>;
}

export interface Senders {
	/** Whether all of them report their changes. */
	areTrusted(): boolean;
	/** Messages can come from now on, from this place. */
	connected(place: string): void;
	/** Returns whether it is the first time: what was changed before may not have been reported. */
	heard(name: string): boolean;
	/** A comparison has found changes of a kind that should have been reported. */
	missed(kind: ResourceKind): void;
	/** A comparison that started at a time, in milliseconds since 1970, has found all that was missed. */
	compared(startedAt: number): void;
	/** Logs, once, who has been silent for long. */
	logSilence(): void;
	known(): KnownSenders;
	/** Grows with each change of `known`. */
	version(): number;
}

export interface SendersOptions {
	readonly signals: readonly Pick<ChangeSignals, "senders">[];
	/** Undefined: nothing is known. */
	readonly known: KnownSenders | undefined;
	readonly clock: Clock;
	readonly onLog: MirrorEvents["onLog"];
}

interface Watched {
	readonly sender: Sender;
	state: SenderState;
	/** Since when it has been silent here, or when it was last found not to have reported something. */
	since: number;
	heardAt: number;
	isSilenceLogged: boolean;
}

/** Longer than nothing changes in a cloud that is in use. Milliseconds. */
const LONG_SILENCE = 120_000;

export function createSenders({ signals, known, clock, onLog }: SendersOptions): Senders {
	let place = known?.place ?? "";
	let version = 0;
	let isConnected = false;
	const watched = sendersOf(signals).map((sender): Watched => {
		const state = known?.states[sender.name] ?? "silent";
		return { sender, state, since: clock.now(), heardAt: Number.NEGATIVE_INFINITY, isSilenceLogged: false };
	});

	function set(one: Watched, state: SenderState): void {
		one.state = state;
		version++;
		if (state === "trusted") onLog("info", `${one.sender.title} reports its changes on the message bus`);
		if (state === "doubted") onLog("warn", describeSender(one.sender, state));
	}

	/** The clock may have been put back: what lies ahead of it was before now. */
	function forgetFuture(one: Watched): void {
		const now = clock.now();
		one.since = Math.min(one.since, now);
		one.heardAt = Math.min(one.heardAt, now);
	}

	return {
		areTrusted: () => watched.every(({ state }) => state === "trusted"),
		connected(at) {
			isConnected = true;
			if (at !== place) {
				for (const one of watched) Object.assign(one, { state: "silent", isSilenceLogged: false });
				version++;
			}
			place = at;
			for (const one of watched) if (one.state === "silent") one.since = clock.now();
		},
		heard(name) {
			const one = watched.find(({ sender }) => sender.name === name);
			if (one === undefined) return false;
			one.heardAt = clock.now();
			if (one.state !== "silent") return false;
			set(one, "trusted");
			return true;
		},
		missed(kind) {
			for (const one of watched) {
				if (one.state === "silent" || !one.sender.kinds.includes(kind)) continue;
				one.since = clock.now();
				if (one.state === "trusted") set(one, "doubted");
			}
		},
		compared(startedAt) {
			for (const one of watched) {
				forgetFuture(one);
				const wasHeard = one.heardAt > one.since;
				if (one.state === "doubted" && one.since < startedAt && wasHeard) set(one, "trusted");
			}
		},
		logSilence() {
			for (const one of watched) {
				const isLong = isConnected && one.state === "silent" && clock.now() - one.since >= LONG_SILENCE;
				if (!isLong || one.isSilenceLogged) continue;
				one.isSilenceLogged = true;
				onLog("warn", describeSender(one.sender, "silent"));
			}
		},
		known: () => ({
			place,
			states: Object.fromEntries(watched.map(({ sender, state }) => [sender.name, state])),
		}),
		version: () => version,
	};
}

const sendersOf = (signals: SendersOptions["signals"]) => signals.flatMap(({ senders = [] }) => senders);

/** What keeps changes from being served at once, and what to do, in a line for each sender. */
export function describeSenders(signals: SendersOptions["signals"], known: KnownSenders | undefined): string[] {
	return sendersOf(signals).flatMap((sender) => {
		const state = known?.states[sender.name];
		return state === undefined || state === "trusted" ? [] : [describeSender(sender, state)];
	});
}

function describeSender({ title, advice }: Sender, state: "silent" | "doubted"): string {
	return state === "silent"
		? `${title} has sent no notification on the message bus yet, so facts older than freshness are read again: if something has changed there since, ${advice}`
		: `${title} has not reported all changes on the message bus, so facts older than freshness are read again until a comparison finds no other: if this happens again, ${advice}`;
}
