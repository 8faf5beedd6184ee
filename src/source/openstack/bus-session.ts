/** One connection to the message bus, with a queue of its own. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Channel, type ChannelModel, connect, credentials } from "amqplib";
import { GuestwireError } from "../../errors.ts";
import { SENDERS } from "./bus-senders.ts";
import { type BusAddress, type BusHost, placeOf } from "./transport-url.ts";

export interface QueueState {
	readonly messages: number;
	readonly consumers: number;
}

export type OnMessage = (content: Buffer, exchange: string) => Promise<void>;

export interface BusSession {
	/** See `placeOf`. */
	readonly place: string;
	/** Binds the queue to the exchanges that exist, which may be repeated. Returns those that do not. */
	bind(): Promise<readonly string[]>;
	/** How many messages wait in the session's own queue. */
	waiting(): Promise<number>;
	/** The state of another program's queue; undefined if it does not exist. */
	inspect(queue: string): Promise<QueueState | undefined>;
	/** Resolves with the reason when the session has ended. */
	readonly ended: Promise<string>;
	/** Ends it: the broker deletes the queue. */
	close(): Promise<void>;
}

const EXCHANGES = SENDERS.map(({ name }) => name);
const KEYS = [
	"notifications.info",
	"notifications.error",
	"versioned_notifications.info",
	"versioned_notifications.error",
];

/** Messages that are on their way or wait here. */
const PREFETCH = 200;
/** Of messages that wait on the broker: it drops the oldest beyond that. */
const QUEUE_LIMITS = { "x-max-length": 50_000, "x-max-length-bytes": 128 * 1024 * 1024 };
/** With at least this many messages waiting, the broker may have dropped some because of `x-max-length-bytes`. */
export const LOSSY = 10_000;
/** Twice this long without a sign of life, and the connection counts as lost. Seconds. */
export const HEARTBEAT = 10;
/** For each step of connecting. Milliseconds. */
const CONNECT_TIMEOUT = 5000;
const CLOSE_TIMEOUT = 1000;
/** For what a broker is asked on a connection that works: one that waits for others of its cluster may never answer. Milliseconds. */
const ANSWER_TIMEOUT = 2 * HEARTBEAT * 1000;
const NOT_FOUND = 404;

/**
 * Connects to a broker and creates a queue that only this connection may use, and that is gone when it ends.
 *
 * @param onMessage called with each message's content, and the exchange that it was sent to. The broker sends no more than
 *   `PREFETCH` until it has resolved
 * @param timeout see ANSWER_TIMEOUT
 * @throws GuestwireError `config`: a file of the TLS options can't be read
 * @throws Error of the socket or the broker, or if that does not answer
 */
export async function openBusSession(
	address: BusAddress,
	host: BusHost,
	onMessage: OnMessage,
	timeout = ANSWER_TIMEOUT,
): Promise<BusSession> {
	const connection = await connectTo(address, host);
	const ended = Promise.withResolvers<string>();
	const end = (error?: unknown) =>
		ended.resolve(describeBusError(error ?? new Error("the broker closed the connection")));
	connection.on("error", end);
	connection.on("close", end);
	const close = async () => {
		const closed = connection.close().catch(() => {});
		// amqplib would wait for ever, and send heartbeats.
		await withTimeout(closed, CLOSE_TIMEOUT).catch((error) => void socketOf(connection).destroy(error));
		ended.resolve("closed");
	};
	const inTime = <T>(answer: Promise<T>) => withTimeout(answer, timeout);
	try {
		const channel = await inTime(connection.createChannel());
		channel.on("error", end);
		channel.on("close", end);
		const queue = await inTime(consume(channel, onMessage, end));
		return {
			place: placeOf(address),
			bind: () => inTime(bindExisting(connection, channel, queue)),
			waiting: async () => (await inTime(channel.checkQueue(queue))).messageCount,
			async inspect(name) {
				const found = await inTime(probe(connection, (own) => own.checkQueue(name)));
				return found && { messages: found.messageCount, consumers: found.consumerCount };
			},
			ended: ended.promise,
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

async function withTimeout<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
	const timer = new AbortController();
	const late = sleep(milliseconds, undefined, { signal: timer.signal, ref: false }).then((): never => {
		throw new Error("the broker does not answer");
	});
	return Promise.race([answer, late]).finally(() => timer.abort());
}

/** Its types leave it out. With an error, amqplib ends what belongs to the connection. */
function socketOf({ connection }: ChannelModel): Socket {
	return (connection as unknown as { readonly stream: Socket }).stream;
}

async function connectTo(
	{ tls, external, virtualHost }: BusAddress,
	{ host, port, ...login }: BusHost,
): Promise<ChannelModel> {
	const url = {
		protocol: tls === undefined ? "amqp" : "amqps",
		hostname: host,
		port,
		...login,
		vhost: encodeURIComponent(virtualHost),
		heartbeat: HEARTBEAT,
	};
	const pem = async (name: string, file: string | undefined) =>
		file === undefined ? {} : { [name]: await readPem(file) };
	return connect(url, {
		...(await pem("ca", tls?.caFile)),
		...(await pem("cert", tls?.certFile)),
		...(await pem("key", tls?.keyFile)),
		...(external && { credentials: credentials.external() }),
		timeout: CONNECT_TIMEOUT,
		noDelay: true,
		clientProperties: { connection_name: "guestwire" },
	});
}

async function readPem(file: string): Promise<Buffer> {
	try {
		return await readFile(file);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new GuestwireError("config", `can't read ${file} (${code}), named by the transport_url: correct the path`);
	}
}

async function consume(channel: Channel, onMessage: OnMessage, end: (error: Error) => void): Promise<string> {
	await channel.prefetch(PREFETCH);
	const options = { exclusive: true, durable: false, autoDelete: true, arguments: QUEUE_LIMITS };
	const { queue } = await channel.assertQueue(`guestwire.${randomUUID()}`, options);
	await channel.consume(queue, async (message) => {
		if (message === null) return end(new Error("the broker deleted the queue"));
		try {
			await onMessage(message.content, message.fields.exchange);
			channel.ack(message);
		} catch (error) {
			// Such as the channel's, if it was closed meanwhile.
			end(error as Error);
		}
	});
	return queue;
}

async function bindExisting(connection: ChannelModel, channel: Channel, queue: string): Promise<string[]> {
	const missing: string[] = [];
	for (const exchange of EXCHANGES) {
		if ((await probe(connection, (own) => own.checkExchange(exchange))) === undefined) missing.push(exchange);
		else for (const key of KEYS) await channel.bindQueue(queue, exchange, key);
	}
	return missing;
}

/** Asks on a channel of its own, which the broker closes if what is asked for does not exist: undefined then. */
async function probe<T>(connection: ChannelModel, ask: (channel: Channel) => Promise<T>): Promise<T | undefined> {
	const channel = await connection.createChannel();
	channel.on("error", () => {});
	try {
		const found = await ask(channel);
		await channel.close();
		return found;
	} catch (error) {
		if ((error as { code?: unknown }).code === NOT_FOUND) return undefined;
		throw error;
	}
}

/** One line. */
export function describeBusError(error: unknown): string {
	const { message, code } = error as NodeJS.ErrnoException;
	const [line = ""] = message.split("\n", 1);
	// The client does not say why the broker refused.
	if (line.includes("ConnectionOpenOk"))
		return "the broker refuses the virtual host: check its name and set_permissions";
	return line || (code ?? "no answer");
}
