/**
 * A proxy in front of Keystone, Neutron and Nova: it counts what Guestwire asks, and makes the APIs fail as real ones do.
 * Guestwire comes through it because the catalogue in Keystone's answers names the proxy's addresses.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const APIS = { keystone: 5000, neutron: 9696, nova: 8774 } as const;
export type ApiName = keyof typeof APIS;

/** What happens to a call instead of a plain answer. */
export type Fault =
	/** The answer comes so many milliseconds later. */
	| { readonly kind: "late"; readonly ms: number }
	/** The answer's head and half of its body come, then the connection ends. */
	| { readonly kind: "half" }
	/** That status, and no answer of the API. */
	| { readonly kind: "status"; readonly status: number };

export interface Call {
	readonly api: ApiName;
	readonly method: string;
	/** Path and query. */
	readonly target: string;
}

export interface ApiProxy {
	/** Keystone's address behind the proxy, for `auth_url`. */
	readonly authUrl: string;
	/** Every call since the last `forget`. */
	readonly calls: readonly Call[];
	forget(): void;
	/** The token that Keystone gave out last. */
	readonly lastToken: string;
	/** Decides for each call what goes wrong; nothing when it isn't set. */
	fault: ((call: Call) => Fault | undefined) | undefined;
	/** Refuses connections to an API, and ends the open ones. */
	takeDown(api: ApiName): Promise<void>;
	/** Takes them again, at the same address. */
	bringBack(api: ApiName): Promise<void>;
	close(): Promise<void>;
}

export async function startApiProxy(): Promise<ApiProxy> {
	const calls: Call[] = [];
	const servers = new Map<ApiName, Server>();
	const ports = new Map<ApiName, number>();
	const originOf = (api: ApiName) => `http://127.0.0.1:${ports.get(api)}`;
	const proxy = {
		calls,
		forget: () => void calls.splice(0),
		lastToken: "",
		fault: undefined as ApiProxy["fault"],
		async takeDown(api: ApiName) {
			const server = servers.get(api);
			const closed = new Promise((resolve) => server?.close(resolve));
			server?.closeAllConnections();
			await closed;
		},
		bringBack: (api: ApiName) => listen(api),
		async close() {
			for (const api of servers.keys()) if (servers.get(api)?.listening) await proxy.takeDown(api);
		},
	};
	const listen = async (api: ApiName) => {
		const server = createServer((incoming, outgoing) => {
			const call = { api, method: incoming.method ?? "", target: incoming.url ?? "" };
			calls.push(call);
			const fault = proxy.fault?.(call);
			if (fault?.kind === "status") outgoing.writeHead(fault.status).end();
			else forward(call, incoming, outgoing, fault, finish);
		});
		const finish = (answer: IncomingMessage, body: Buffer): Buffer => {
			if (api !== "keystone") return body;
			const token = answer.headers["x-subject-token"];
			if (typeof token === "string") proxy.lastToken = token;
			const names = Object.keys(APIS) as ApiName[];
			const text = names.reduce(
				(sofar, name) => sofar.replaceAll(`127.0.0.1:${APIS[name]}`, `127.0.0.1:${ports.get(name)}`),
				body.toString(),
			);
			return Buffer.from(text);
		};
		servers.set(api, server);
		await new Promise<void>((resolve) => server.listen(ports.get(api) ?? 0, "127.0.0.1", resolve));
		ports.set(api, (server.address() as AddressInfo).port);
	};
	for (const api of Object.keys(APIS) as ApiName[]) await listen(api);
	return Object.assign(proxy, { authUrl: `${originOf("keystone")}/v3` });
}

function forward(
	call: Call,
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	fault: Fault | undefined,
	finish: (answer: IncomingMessage, body: Buffer) => Buffer,
): void {
	const { method, target: path } = call;
	const onward = request(
		{ host: "127.0.0.1", port: APIS[call.api], method, path, headers: incoming.headers },
		(answer) => {
			const chunks: Buffer[] = [];
			answer.on("data", (chunk: Buffer) => chunks.push(chunk));
			answer.on("end", () => {
				const body = finish(answer, Buffer.concat(chunks));
				const { connection: _, "transfer-encoding": __, ...headers } = answer.headers;
				const send = () => {
					outgoing.writeHead(answer.statusCode ?? 502, { ...headers, "content-length": body.length });
					if (fault?.kind !== "half") outgoing.end(body);
					else outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
				};
				if (fault?.kind === "late") setTimeout(send, fault.ms);
				else send();
			});
		},
	);
	onward.on("error", () => outgoing.destroy());
	incoming.pipe(onward);
}
