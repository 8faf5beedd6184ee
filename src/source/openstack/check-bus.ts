/** Can changes be learned from the message bus? */
import { GuestwireError } from "../../errors.ts";
import { type CheckResult, checkPart } from "../source-kind.ts";
import { type BusSession, describeBusError, openBusSession } from "./bus-session.ts";
import type { ReadBusAddress } from "./signals.ts";
import type { BusAddress, BusHost } from "./transport-url.ts";

/** The queues that services declare for their notifications, for any consumer. */
const OLD_FORMAT = "notifications.info";
const VERSIONED = "versioned_notifications.info";
/** A queue without consumers that has more messages than this is forgotten. */
const FORGOTTEN = 10_000;

/** @param bus undefined if none is configured */
export async function checkBus(bus: ReadBusAddress | undefined): Promise<CheckResult[]> {
	if (bus === undefined) return [{ part: "message bus", ok: true, found: NO_BUS }];
	let session: BusSession | undefined;
	try {
		const login = await checkPart("message bus", async () => {
			const address = await bus();
			session = await tryHosts(address);
			const missing = await session.bind();
			if (missing.length > 0) fail(`exchange ${missing.join(" and ")} does not exist: ${SWITCH_ON}`);
			return `${address.hosts.map(nameOf).join(", ")}, virtual host ${address.virtualHost}: exchanges neutron and nova`;
		});
		const opened = session;
		if (opened === undefined) return [login];
		return [login, await checkPart("notifications", () => checkNotifications(opened))];
	} finally {
		await session?.close();
	}
}

const NO_BUS = "not configured: set mirror.changes.busFile so that guests see every change within 1 s";
const SWITCH_ON = "set driver = messagingv2 in [oslo_messaging_notifications], see docs/openstack.md";

/** Connects to each host: one that is down is only noticed when another one fails. */
async function tryHosts(address: BusAddress): Promise<BusSession> {
	const sessions: BusSession[] = [];
	const failures: string[] = [];
	for (const host of address.hosts) {
		try {
			sessions.push(await openBusSession(address, host, async () => {}));
		} catch (error) {
			failures.push(`${nameOf(host)}: ${describeBusError(error)}`);
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

/** Which services send notifications can only be told from the queues that they have declared. */
async function checkNotifications(session: BusSession): Promise<string> {
	const [old, versioned] = [await session.inspect(OLD_FORMAT), await session.inspect(VERSIONED)];
	if (old === undefined && versioned === undefined) fail(`none have been sent yet: ${SWITCH_ON}`);
	for (const [name, queue] of Object.entries({ [OLD_FORMAT]: old, [VERSIONED]: versioned })) {
		if (queue === undefined || queue.consumers > 0 || queue.messages <= FORGOTTEN) continue;
		fail(`queue ${name} has ${queue.messages} messages and no consumer: set a policy, see docs/openstack.md`);
	}
	if (old === undefined) fail(`none from Neutron yet: ${SWITCH_ON}`);
	if (versioned === undefined)
		return "are sent, but not Nova's versioned ones, so tags of NICs and volumes may be late: set notification_format = both";
	return "are sent, including Nova's versioned ones";
}

const nameOf = ({ host, port }: BusHost) => `${host}:${port}`;

function fail(what: string): never {
	throw new GuestwireError("cloud-answer", what);
}
