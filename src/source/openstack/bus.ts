/** The message bus as a signal: what Neutron and Nova notify. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChangeSignals, SignalHandler } from "../remote-source.ts";
import type { BusMessage } from "./bus-message.ts";
import { SENDERS, senderOf } from "./bus-senders.ts";
import { type BusSession, describeBusError, HEARTBEAT, LOSSY, type OnMessage, openBusSession } from "./bus-session.ts";
import { createMessageParser } from "./message-parser.ts";
import { type BusAddress, textOfHost } from "./transport-url.ts";

/** After all hosts have failed, growing to the latter, each give or take half of it. Milliseconds. */
const SHORTEST_PAUSE = 250;
const LONGEST_PAUSE = 1500;
/** Between two checks of exchanges that exist. Milliseconds. */
const CHECK_EVERY = 5000;
/** Between two checks of exchanges that do not, growing to the latter: the broker logs each. Milliseconds. */
const FIRST_CHECK = 1000;
const LAST_CHECK = 30_000;
/** The part of the time waited so far after which a missing exchange is checked for again. */
const CHECK_SHARE = 1 / 8;
/** A connection may have been dead for this long when that is noticed. Milliseconds. */
const UNNOTICED = 2 * HEARTBEAT * 1000;

/** @param address read before each connection: the password may have changed */
export function createBus(address: () => Promise<BusAddress>): ChangeSignals {
	return {
		name: "bus",
		neededFor: "every kind",
		senders: SENDERS,
		listen(handler) {
			const stop = new AbortController();
			const listening = listen(address, handler, stop.signal);
			return async () => {
				stop.abort();
				await listening;
			};
		},
	};
}

async function listen(address: () => Promise<BusAddress>, handler: SignalHandler, stop: AbortSignal): Promise<void> {
	/** When the way last stopped working. */
	let downSince: number | undefined;
	/** Attempts since it worked. */
	let failures = 0;
	let reported: string | undefined;
	const report = (reason: string) => {
		if (reason !== reported) handler.onDown(reason);
		reported = reason;
	};
	const parse = createMessageParser(() => handler.onGap(Date.now()));
	const session: SessionHandler = {
		async onMessage(content, exchange) {
			const message = await parse(content);
			if (!stop.aborted) deliver(message, exchange, handler);
		},
		onIncomplete: report,
		onComplete(place) {
			failures = 0;
			reported = undefined;
			handler.onGap(downSince, place);
		},
		onOverflow: () => handler.onGap(Date.now() - CHECK_EVERY),
	};
	for (let turn = 0; !stop.aborted; turn++) {
		const { reason, wasOpen, hosts } = await runSession(address, turn, session, stop);
		if (stop.aborted) return;
		failures += 1;
		if (wasOpen) downSince = Date.now() - UNNOTICED;
		// The next host may work.
		if (!wasOpen && failures % hosts > 0) continue;
		report(reason);
		await pause(failures / hosts, stop);
	}
}

function deliver(message: BusMessage, exchange: string, handler: SignalHandler): void {
	if ("invalid" in message) {
		handler.onInvalid(message.invalid);
		return;
	}
	const sender = senderOf(exchange, message.isVersioned);
	if (sender !== undefined) handler.onHeard(sender);
	if (message.signals.length > 0) handler.onSignals(message.signals);
}

async function pause(rounds: number, stop: AbortSignal): Promise<void> {
	const longest = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** rounds);
	await sleep(longest * (0.5 + Math.random()), undefined, { signal: stop }).catch(() => {});
}

interface SessionHandler {
	readonly onMessage: OnMessage;
	/** All exchanges exist, and the queue is bound to them. */
	onComplete(place: string): void;
	onIncomplete(reason: string): void;
	/** The broker may have dropped messages since the last check. */
	onOverflow(): void;
}

interface SessionResult {
	readonly reason: string;
	/** Whether messages could come. */
	readonly wasOpen: boolean;
	readonly hosts: number;
}

/** Connects to the host whose turn it is, and returns when the connection has ended or could not be made. */
async function runSession(
	address: () => Promise<BusAddress>,
	turn: number,
	handler: SessionHandler,
	stop: AbortSignal,
): Promise<SessionResult> {
	const stopped = Promise.withResolvers<string>();
	const onStop = () => stopped.resolve("closed");
	stop.addEventListener("abort", onStop);
	let place = "the message bus";
	let hosts = 1;
	let session: BusSession | undefined;
	try {
		const bus = await address();
		hosts = bus.hosts.length;
		const host = bus.hosts[turn % hosts] as (typeof bus.hosts)[number];
		place = textOfHost(host);
		session = await openBusSession(bus, host, handler.onMessage);
		const ended = Promise.race([session.ended, stopped.promise]);
		const reason = await Promise.race([ended, watchExchanges(session, handler, ended)]);
		return { reason: `${place}: ${reason}`, wasOpen: true, hosts };
	} catch (error) {
		return { reason: `${place}: ${describeBusError(error)}`, wasOpen: session !== undefined, hosts };
	} finally {
		stop.removeEventListener("abort", onStop);
		await session?.close();
	}
}

/** Rejects when the signal aborts. */
type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Binds the queue as long as the session lasts: an exchange may appear late, or be deleted and created again. */
export async function watchExchanges(
	session: Pick<BusSession, "place" | "bind" | "waiting">,
	handler: SessionHandler,
	ended: Promise<string>,
	wait: Wait = (milliseconds, signal) => sleep(milliseconds, undefined, { ref: false, signal }),
): Promise<string> {
	let known: string | undefined;
	let missingSince = performance.now();
	const end = new AbortController();
	void ended.then(() => end.abort());
	for (;;) {
		// First: after a standstill of this process, messages are soon fetched.
		if (known === "" && (await session.waiting()) >= LOSSY) handler.onOverflow();
		const missing = (await session.bind()).join(" and ");
		if (end.signal.aborted) return ended;
		if (missing === "" && known !== "") handler.onComplete(session.place);
		if (missing !== "" && known !== missing) handler.onIncomplete(`exchange ${missing} does not exist: ${HINT}`);
		if (missing === "") missingSince = performance.now();
		known = missing;
		const pause = missing === "" ? CHECK_EVERY : pauseBetweenChecks(performance.now() - missingSince);
		await wait(pause, end.signal).catch(() => {});
	}
}

/**
 * How long to wait before the next check of an exchange that has not existed for so long, both in milliseconds. After a
 * restart of the broker, services declare theirs once they have reconnected, which takes them up to half a minute: what
 * they then send first is lost until the exchange is found.
 */
export function pauseBetweenChecks(waited: number): number {
	return Math.min(LAST_CHECK, Math.max(FIRST_CHECK, waited * CHECK_SHARE));
}

const HINT = "enable notifications, see docs/openstack.md";
