/** Can changes be learned from the message bus? */
import { setTimeout as sleep } from "node:timers/promises";
import { GuestwireError } from "../../errors.ts";
import type { Sender } from "../remote-source.ts";
import { type CheckResult, type CheckWarning, checkPart } from "../source-kind.ts";
import { SENDERS, senderOf } from "./bus-senders.ts";
import { type BusSession, describeBusError, type OnMessage, openBusSession } from "./bus-session.ts";
import { createMessageParser } from "./message-parser.ts";
import type { ReadBusAddress } from "./signals.ts";
import { type BusAddress, textOfHost } from "./transport-url.ts";

/** The queues that senders declare for their notifications, for any consumer, when they send the first one. */
const OLD_FORMAT = "notifications.info";
const VERSIONED = "versioned_notifications.info";
/** A queue without consumers that has more messages than this is forgotten. */
const FORGOTTEN = 10_000;
/** How long notifications are waited for. */
const LISTEN_SECONDS = 5;

/** For each sender, the queue that its notifications also go to, and a change that makes it send one. */
const SIGNS: Readonly<Record<string, { readonly queue: string; readonly example: string }>> = {
	neutron: { queue: OLD_FORMAT, example: "openstack port set --description x PORT" },
	nova: { queue: VERSIONED, example: "openstack server set --property x=y SERVER" },
};

/**
 * Listens until every sender was heard, or the time is over.
 *
 * @param find undefined: no bus is configured
 */
export async function checkBus(
	find: () => Promise<ReadBusAddress | undefined>,
	seconds = LISTEN_SECONDS,
): Promise<CheckResult[]> {
	const heard = createHeard();
	let session: BusSession | undefined;
	try {
		const login = await checkPart("message bus", async () => {
			const bus = await find();
			if (bus === undefined) return NO_BUS;
			const address = await bus();
			session = await tryHosts(address, heard.onMessage);
			const missing = await session.bind();
			if (missing.length > 0) fail(`exchange ${missing.join(" and ")} does not exist: ${SWITCH_ON}`);
			return `${address.hosts.map(textOfHost).join(", ")}, virtual host ${address.virtualHost}: exchanges neutron and nova`;
		});
		const opened = session;
		if (opened === undefined || !login.ok) return [login];
		await Promise.race([heard.all, sleep(seconds * 1000, undefined, { ref: false })]);
		const results = [login, await checkPart("notification queues", () => checkQueues(opened))];
		for (const sender of SENDERS) {
			const check = () => checkSender(sender, opened, heard, seconds);
			results.push(await checkPart(`${sender.title}'s notifications`, check));
		}
		return results;
	} finally {
		await session?.close();
	}
}

const NO_BUS = "not configured: set mirror.changes.busFile so that guests see every change within 1 s";
const SWITCH_ON = "set driver = messagingv2 in [oslo_messaging_notifications], see docs/openstack.md";

interface Heard {
	readonly onMessage: OnMessage;
	/** Messages that came from an exchange, and those that prove that its sender reports its changes. */
	messages(exchange: string): number;
	proofs(sender: string): number;
	/** Resolves when each sender was heard. */
	readonly all: Promise<void>;
}

function createHeard(): Heard {
	const parse = createMessageParser(() => {});
	const messages = new Map<string, number>();
	const proofs = new Map<string, number>();
	const all = Promise.withResolvers<void>();
	const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
	return {
		async onMessage(content, exchange) {
			const message = await parse(content);
			if ("invalid" in message) return;
			count(messages, exchange);
			const sender = senderOf(exchange, message.isVersioned);
			if (sender !== undefined) count(proofs, sender);
			if (proofs.size === SENDERS.length) all.resolve();
		},
		messages: (exchange) => messages.get(exchange) ?? 0,
		proofs: (sender) => proofs.get(sender) ?? 0,
		all: all.promise,
	};
}

/** Connects to each host: one that is down is only noticed when another one fails. */
async function tryHosts(address: BusAddress, onMessage: OnMessage): Promise<BusSession> {
	const sessions: BusSession[] = [];
	const failures: string[] = [];
	for (const host of address.hosts) {
		try {
			sessions.push(await openBusSession(address, host, onMessage));
		} catch (error) {
			failures.push(`${textOfHost(host)}: ${describeBusError(error)}`);
		}
	}
	const [first, ...others] = sessions;
	if (first !== undefined && failures.length === 0) {
		await Promise.all(others.map((session) => session.close()));
		return first;
	}
	await Promise.all(sessions.map((session) => session.close()));
	return fail(failures.join("; "));
}

async function checkQueues(session: BusSession): Promise<string> {
	for (const name of [OLD_FORMAT, VERSIONED]) {
		const { messages = 0, consumers = 0 } = (await session.inspect(name)) ?? {};
		if (consumers > 0 || messages <= FORGOTTEN) continue;
		fail(`queue ${name} has ${messages} messages and no consumer: set a policy, see docs/openstack.md`);
	}
	return "none grows without a consumer";
}

async function checkSender(
	{ name, advice }: Sender,
	session: BusSession,
	heard: Heard,
	seconds: number,
): Promise<string | CheckWarning> {
	const [messages, proofs] = [heard.messages(name), heard.proofs(name)];
	if (proofs > 0) return `heard ${proofs}`;
	if (messages > 0) return { warning: `heard ${messages}, but none in the versioned format: ${advice}` };
	const { queue = OLD_FORMAT, example } = SIGNS[name] ?? {};
	// It exists once anybody has sent to it: that it does proves nothing about this sender.
	if ((await session.inspect(queue)) === undefined) fail(`none has ever been sent to the queue ${queue}: ${advice}`);
	const again = `run guestwire doctor --listen 60 and meanwhile make a change, for example: ${example}`;
	const what = `nothing heard in ${seconds} s: if nothing changed, that can be normal. To be sure, ${again}`;
	return { warning: `${what}. If it is still not heard, ${advice}` };
}

function fail(what: string): never {
	throw new GuestwireError("cloud-answer", what);
}
