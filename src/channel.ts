/** Calls between two processes or threads. */
import { type ErrorCode, GuestwireError } from "./errors.ts";

/** What one side answers: functions of one argument. Arguments and results are structured clones. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

type Argument<C extends Calls, Name extends keyof C> = Parameters<C[Name]>[0];
type Result<C extends Calls, Name extends keyof C> = Awaited<ReturnType<C[Name]>>;

export interface Channel<Theirs extends Calls> {
	/** Rejects with the other side's error, or when the other side has ended. */
	call<Name extends keyof Theirs & string>(name: Name, argument: Argument<Theirs, Name>): Promise<Result<Theirs, Name>>;
	/** A call whose result is not needed. It reaches the other side in the order of all calls. */
	notify<Name extends keyof Theirs & string>(name: Name, argument: Argument<Theirs, Name>): void;
}

/** A child process, or the process itself. */
export interface Port {
	send?(message: unknown, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
	on(event: "message", listener: (message: unknown) => void): unknown;
	on(event: "disconnect", listener: () => void): unknown;
}

/** A thread, or in it the port to its parent. */
interface Thread {
	postMessage(message: unknown, transferList?: readonly ArrayBuffer[]): void;
	on(event: "message", listener: (message: unknown) => void): unknown;
	on(event: "exit" | "close", listener: () => void): unknown;
}

/** Bytes that are not copied: fewer may be a part of memory that others use. */
const LARGE = 2 ** 20;
/** What moves to the other thread with a result. */
const moved = new WeakMap<object, ArrayBuffer>();

/**
 * The result, with which bytes move to the other thread if they are many: copying them would take that thread's time.
 *
 * @param bytes made for the result: this thread can't read them any more when it was sent
 */
export function moving<T extends object>(result: T, bytes: Uint8Array): T {
	if (bytes.length >= LARGE) moved.set(result, bytes.buffer as ArrayBuffer);
	return result;
}

/** @param end the event after which the other side no longer answers */
export function threadPort(thread: Thread, end: "exit" | "close"): Port {
	return {
		send(message) {
			const { value } = message as Message;
			const memory = typeof value === "object" && value !== null ? moved.get(value) : undefined;
			thread.postMessage(message, memory === undefined ? [] : [memory]);
			return true;
		},
		on: (event: "message" | "disconnect", listener: (message: unknown) => void) =>
			event === "message" ? thread.on(event, listener) : thread.on(end, () => listener(undefined)),
	};
}

interface Message {
	/** Absent: no caller waits for the result. */
	readonly id?: number;
	/** Absent in a reply. */
	readonly call?: string;
	readonly value?: unknown;
	readonly error?: { readonly code?: ErrorCode; readonly message: string };
}

/** @param mine what this side answers */
export function openChannel<Mine extends Calls, Theirs extends Calls>(port: Port, mine: Mine): Channel<Theirs> {
	const waiting = new Map<number, PromiseWithResolvers<never>>();
	let lastId = 0;
	let isOpen = true;

	const close = () => {
		isOpen = false;
		for (const { reject } of waiting.values()) reject(new Error("the other side has ended"));
		waiting.clear();
	};
	const send = (message: Message) => {
		if (!isOpen) return;
		port.send?.(message, undefined, undefined, (error) => error && close());
	};
	port.on("disconnect", close);
	port.on("message", (message) => {
		const received = message as Message;
		if (received.call === undefined) settle(received);
		else void respond(received);
	});

	function settle({ id = 0, value, error }: Message): void {
		const call = waiting.get(id);
		waiting.delete(id);
		if (error === undefined) call?.resolve(value as never);
		else call?.reject(error.code ? new GuestwireError(error.code, error.message) : new Error(error.message));
	}

	async function respond({ id, call = "", value }: Message): Promise<void> {
		const reply = (outcome: Message) => id !== undefined && send({ id, ...outcome });
		try {
			reply({ value: await mine[call]?.(value as never) });
		} catch (error) {
			const code = error instanceof GuestwireError ? { code: error.code } : {};
			reply({ error: { ...code, message: error instanceof Error ? error.message : String(error) } });
		}
	}

	return {
		call(name, argument) {
			if (!isOpen) return Promise.reject(new Error("the other side has ended"));
			lastId += 1;
			const call = Promise.withResolvers<never>();
			waiting.set(lastId, call);
			send({ id: lastId, call: name, value: argument });
			return call.promise;
		},
		notify: (name, argument) => send({ call: name, value: argument }),
	};
}
