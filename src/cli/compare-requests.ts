/** The requests of `guestwire compare` to the two metadata services. */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import type { Answered } from "../documents/deviations.ts";
import { GuestwireError } from "../errors.ts";
import { signedHeaders } from "../http/guest/identity/signature.ts";
import type { Instance } from "../instance/instance.ts";
import type { Ask } from "../service/comparison.ts";

/** @throws GuestwireError `usage` */
export function originOf(url: string): string {
	if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url).origin;
	throw new GuestwireError("usage", `--nova: invalid URL "${url}": give one like http://127.0.0.1:8775`);
}

export function openPool(origin: string, connections: number, open: AsyncDisposableStack): Pool {
	const pool = new Pool(origin, { connections, headersTimeout: 30_000, bodyTimeout: 30_000 });
	open.defer(() => pool.destroy());
	return pool;
}

/** The headers that Neutron's agent adds to the request of a guest. */
export function signed({ id, projectId = "" }: Instance, secret: Uint8Array): Record<string, string> {
	return { ...signedHeaders(id, projectId, secret), "X-Forwarded-For": "10.0.0.1" };
}

/** No document is larger: user data is at most 64 KiB, and vendor data a few. */
const LARGEST = 16 * 1024 * 1024;

/** Of a request whose connection fails or breaks, as when a service is restarted. */
const TRIES = 3;
/** Before the second try; three times as long before the third. Milliseconds. */
const BACK_OFF = 200;

/** Requests that end with a GuestwireError `compare` if there is no answer, whatever its status. */
export const asking =
	(pool: Pool, headers: Record<string, string> = {}): Ask =>
	async (path): Promise<Answered> => {
		for (let attempt = 1, pause = BACK_OFF; ; attempt++, pause *= 3) {
			try {
				return await get(pool, path, headers);
			} catch (error) {
				const { code = "", message } = error as NodeJS.ErrnoException;
				// A service that does not answer in time would not do so at once.
				if (attempt < TRIES && BROKEN.has(code)) {
					await sleep(pause);
					continue;
				}
				throw new GuestwireError("compare", `GET ${path}: no answer (${code || message}): is the metadata service up?`);
			}
		}
	};

const BROKEN = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "UND_ERR_CONNECT_TIMEOUT"]);

async function get(pool: Pool, path: string, headers: Record<string, string>): Promise<Answered> {
	const { statusCode, body } = await pool.request({ method: "GET", path, headers });
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of body) {
		chunks.push(chunk);
		size += chunk.length;
		if (size > LARGEST) throw new Error(`more than ${LARGEST} bytes`);
	}
	return { status: statusCode, body: Buffer.concat(chunks).toString("latin1") };
}
