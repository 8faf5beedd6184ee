/** Addresses to listen on: `127.0.0.1:8775`, `[fe80::a9fe:a9fe%eth0]:80`, `unix:/run/guestwire/metadata.sock`. */
import cluster from "node:cluster";
import { once } from "node:events";
import { lstat, unlink } from "node:fs/promises";
import { type AddressInfo, connect, type Server } from "node:net";
import ipaddr from "ipaddr.js";
import { GuestwireError } from "../errors.ts";

export type ListenAddress =
	/** `exclusive`: not shared with other workers, as addresses usually are. */
	| { readonly text: string; readonly host: string; readonly port: number; readonly exclusive?: boolean }
	| { readonly text: string; readonly path: string };

type ListenOptions = ({ host: string; port: number; exclusive?: boolean } | { path: string }) & { backlog: number };

/** A server that can listen, such as a fastify instance. */
interface Listener {
	/** @returns where it listens, as a URL or a path */
	listen(options: ListenOptions): Promise<string>;
}

/**
 * Connections that the kernel keeps until they are accepted; net.core.somaxconn may lower it. With node's 511, guests that
 * connect at once with many others would try again a second later.
 */
const BACKLOG = 1024;

/** @throws GuestwireError `config` for any other form */
export function parseListenAddress(text: string): ListenAddress {
	const [, path] = /^unix:(.+)$/.exec(text) ?? [];
	if (path !== undefined) return { text, path };
	const [, v6, plain, digits] = /^(?:\[(.+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
	const host = plain === "localhost" ? "127.0.0.1" : (plain ?? v6);
	const port = Number(digits);
	const isAddress = v6 === undefined ? ipaddr.IPv4.isValidFourPartDecimal(host ?? "") : ipaddr.IPv6.isValid(v6);
	if (host === undefined || !isAddress || port > 65535) {
		const forms = "127.0.0.1:8775, [fe80::a9fe:a9fe%eth0]:80 or unix:/run/guestwire.sock";
		throw new GuestwireError("config", `invalid listen address ${JSON.stringify(text)}: use a form like ${forms}`);
	}
	return { text, host, port };
}

/** Whether only this machine's own processes can reach it. */
export function isLocal(address: ListenAddress): boolean {
	return "path" in address || ipaddr.process(address.host).range() === "loopback";
}

/** @param host an IP address */
export function httpUrl(host: string, port: number): string {
	return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Gives one of node's own servers the form that `listenOn` takes. */
export function asListener(server: Server): Listener {
	return {
		async listen(options) {
			server.listen(options);
			await once(server, "listening");
			if ("path" in options) return options.path;
			const { address, port } = server.address() as AddressInfo;
			return httpUrl(address, port);
		},
	};
}

/**
 * Starts listening. A socket file that a dead process left behind is replaced.
 *
 * @returns where it listens: `http://127.0.0.1:41234` if port 0 was asked for
 * @throws GuestwireError `listen` if the address is taken or can't be used
 */
export async function listenOn(server: Listener, address: ListenAddress): Promise<string> {
	try {
		if ("path" in address) {
			// The socket of a worker is that of all workers: the primary has replaced a stale one before they start.
			if (!cluster.isWorker) await removeStaleSocket(address.path);
			return await server.listen({ path: address.path, backlog: BACKLOG });
		}
		const { host, port, exclusive = false } = address;
		return await server.listen({ host, port, exclusive, backlog: BACKLOG });
	} catch (error) {
		if (error instanceof GuestwireError) throw error;
		throw new GuestwireError("listen", `can't listen on ${address.text}: ${advice(error)}`, { cause: error });
	}
}

/**
 * Removes a socket that no process answers on. A socket in use, or a file that is not a socket, is left alone.
 *
 * @throws GuestwireError `listen` for such a file
 */
export async function removeStaleSocket(path: string): Promise<void> {
	const found = await lstat(path).catch(() => undefined);
	if (found === undefined) return;
	const fail = (why: string): never => {
		throw new GuestwireError("listen", `can't listen on unix:${path}: ${why}`);
	};
	if (!found.isSocket()) fail("the file exists and is not a socket: remove it, or choose another path");
	if (await isAnswered(path)) fail("another process listens there: stop it first");
	await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const probe = connect(path);
	probe.once("connect", () => resolve(true));
	// Any failure other than a refusal (no permission, a full queue) may come from a living process.
	probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
	return promise.finally(() => probe.destroy());
}

function advice(error: unknown): string {
	switch ((error as NodeJS.ErrnoException).code) {
		case "EADDRINUSE":
			return "another process listens there: stop it, or choose another address";
		case "EADDRNOTAVAIL":
			return "no interface of this machine has this address: add it, or choose another one";
		case "EACCES":
			return "permission denied: ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE, a socket needs write access to its folder";
		case "ENOENT":
			return "its folder does not exist: create it";
		default:
			return (error as Error).message;
	}
}
