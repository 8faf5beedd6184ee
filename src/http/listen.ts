/** Addresses to listen on: `127.0.0.1:8775`, `[fe80::a9fe:a9fe%eth0]:80`, `unix:/run/guestwire/metadata.sock`. */
import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import ipaddr from "ipaddr.js";
import { GuestwireError } from "../errors.ts";

export type ListenAddress =
	| { readonly text: string; readonly host: string; readonly port: number }
	| { readonly text: string; readonly path: string };

/** A server that can listen: a fastify instance. */
interface Listener {
	listen(options: { host: string; port: number } | { path: string }): Promise<string>;
}

/** @throws GuestwireError `config` when it is none of the three forms */
export function parseListenAddress(text: string): ListenAddress {
	const [, path] = /^unix:(.+)$/.exec(text) ?? [];
	if (path !== undefined) return { text, path };
	const [, v6, plain, digits] = /^(?:\[(.+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
	const host = plain === "localhost" ? "127.0.0.1" : (plain ?? v6);
	const port = Number(digits);
	const isAddress = v6 === undefined ? ipaddr.IPv4.isValidFourPartDecimal(host ?? "") : ipaddr.IPv6.isValid(v6);
	if (host === undefined || !isAddress || port > 65535) {
		const forms = "127.0.0.1:8775, [fe80::a9fe:a9fe%eth0]:80 or unix:/run/guestwire.sock";
		throw new GuestwireError("config", `${JSON.stringify(text)} is no address to listen on: write ${forms}`);
	}
	return { text, host, port };
}

/** Whether only this machine's own processes reach it. */
export function isLocal(address: ListenAddress): boolean {
	return "path" in address || ipaddr.process(address.host).range() === "loopback";
}

/**
 * Starts listening, over a socket file that a dead process left behind too.
 *
 * @returns where it really listens: `http://127.0.0.1:41234` when port 0 was asked for
 * @throws GuestwireError `listen` when the address is taken or can't be used
 */
export async function listenOn(server: Listener, address: ListenAddress): Promise<string> {
	try {
		if ("path" in address) {
			await removeStaleSocket(address.path);
			return await server.listen({ path: address.path });
		}
		return await server.listen({ host: address.host, port: address.port });
	} catch (error) {
		if (error instanceof GuestwireError) throw error;
		throw new GuestwireError("listen", `can't listen on ${address.text}: ${advice(error)}`, { cause: error });
	}
}

/** A socket that nobody answers on is removed; one in use, and a file that is no socket, is left alone. */
async function removeStaleSocket(path: string): Promise<void> {
	const found = await lstat(path).catch(() => undefined);
	if (found === undefined) return;
	if (!found.isSocket()) {
		throw new GuestwireError(
			"listen",
			`can't listen on unix:${path}: a file that is no socket stands there: remove it`,
		);
	}
	if (await answers(path)) {
		throw new GuestwireError("listen", `can't listen on unix:${path}: a running process listens there: stop it first`);
	}
	await unlink(path);
}

function answers(path: string): Promise<boolean> {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const probe = connect(path);
	probe.once("connect", () => resolve(true));
	// Any other failure than a refusal (no permission, a full queue) may well be a process that lives.
	probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
	return promise.finally(() => probe.destroy());
}

function advice(error: unknown): string {
	switch ((error as NodeJS.ErrnoException).code) {
		case "EADDRINUSE":
			return "another process listens there: stop it, or choose another address";
		case "EADDRNOTAVAIL":
			return "no interface of this machine has that address: add it, or choose another one";
		case "EACCES":
			return "not permitted: ports below 1024 need CAP_NET_BIND_SERVICE, a socket needs write permission on its folder";
		case "ENOENT":
			return "its folder does not exist: create it";
		default:
			return (error as Error).message;
	}
}
