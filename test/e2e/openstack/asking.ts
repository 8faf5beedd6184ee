/** Requests as a guest's arrive: signed by Neutron's agent, or made inside a network namespace. */
import { createHmac } from "node:crypto";
import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { laboratoryEnv, runInside } from "./laboratory.ts";

export interface Answer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	/** One character a byte. */
	readonly body: string;
}

/** The guest that a request is from. */
export interface Requester {
	readonly id: string;
	readonly projectId: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** The headers that Neutron's agent adds to a guest's request. */
export function signed({ id, projectId }: Requester): Record<string, string> {
	const secret = laboratoryEnv()["GUESTWIRE_SHARED_SECRET"] ?? "";
	return {
		"X-Instance-ID": id,
		"X-Tenant-ID": projectId,
		"X-Instance-ID-Signature": createHmac("sha256", secret).update(id).digest("hex"),
		"X-Forwarded-For": "10.0.0.1",
	};
}

/** Asks a metadata service on that port of the loopback; with a body, it posts that. */
export function ask(port: number, requester: Requester, path: string, body?: string): Promise<Answer> {
	const method = body === undefined ? "GET" : "POST";
	const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
	return send({ port, path, method, headers: { ...signed(requester), ...length } }, body);
}

/** Asks a proxy on that port of the loopback, from another address of the loopback. */
export function askFromAddress(
	localAddress: string,
	port: number,
	path: string,
	headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
	return send({ localAddress, port, path, headers });
}

function send(options: RequestOptions, body?: string): Promise<Answer> {
	return new Promise((resolve, reject) => {
		request({ host: "127.0.0.1", agent, ...options }, (response) => {
			const chunks: Buffer[] = [];
			response.on("data", (chunk: Buffer) => chunks.push(chunk));
			response.on("error", reject);
			response.on("end", () => {
				const body = Buffer.concat(chunks).toString("latin1");
				resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
			});
		})
			.on("error", reject)
			.end(body);
	});
}

/** Asks, and asks again as long as it is told to come later: a guest at its boot does so. */
export async function askUntilServed(port: number, requester: Requester, path: string): Promise<Answer> {
	for (;;) {
		const answer = await ask(port, requester, path);
		if (answer.status !== 503) return answer;
		await pause(Number(answer.headers["retry-after"] ?? 1) * 1000);
	}
}

/** What curl writes after each response; no document contains it. */
const END = "-- end of response --";

/** Asks 169.254.169.254 from inside a network namespace, one path after another, with curl as a guest would. */
export async function askAllFrom(
	namespace: string,
	paths: readonly string[],
	headers: readonly string[] = [],
): Promise<Answer[]> {
	const curl = ["ip", "netns", "exec", namespace, "curl", "--silent", "--include", "--max-time", "20"];
	const more = headers.flatMap((header) => ["--header", header]);
	const urls = paths.map((path) => `http://169.254.169.254${path}`);
	const stdout = await runInside([...curl, "--write-out", END, ...more, ...urls]);
	return stdout.split(END).slice(0, -1).map(parseResponse);
}

/** The same for one path. */
export async function askFrom(namespace: string, path: string, headers: readonly string[] = []): Promise<Answer> {
	return (await askAllFrom(namespace, [path], headers))[0] as Answer;
}

function parseResponse(text: string): Answer {
	const end = text.indexOf("\r\n\r\n");
	const [status = "", ...lines] = text.slice(0, end).split("\r\n");
	const fields = lines
		.map((line) => line.split(/: ?(.*)/).slice(0, 2))
		.map(([name = "", value]) => [name.toLowerCase(), value]);
	return { status: Number(status.split(" ")[1]), headers: Object.fromEntries(fields), body: text.slice(end + 4) };
}
