/** One request to a dynamic vendor data service, as Nova sends it (nova/api/metadata/vendordata_dynamic.py). */
import { type Dispatcher, request } from "undici";
import type { Connections } from "../proxies.ts";
import { withAbort } from "../source/with-abort.ts";

export interface VendorDataTarget {
	/** The member of `vendor_data2.json` for its response. */
	readonly name: string;
	readonly url: string;
	/** The time limit for a response, from asking for a token to the last byte. */
	readonly timeoutSeconds: number;
}

/** What a target can validate with Keystone. */
export interface VendorDataToken {
	get(): Promise<string>;
	/** Discards a token that was answered with 401. */
	refuse(token: string): void;
}

export interface TargetAccess {
	readonly connections: Connections;
	/** Sent to targets, if there is one. */
	readonly token?: VendorDataToken | undefined;
}

/** The limit for one response, in bytes. */
const LARGEST_ANSWER = 256 * 1024;
/** Redirects that are followed. */
const REDIRECTS = 5;
const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];

/**
 * The target's response to a POST of the body.
 *
 * Redirects are followed, with the same method and body as in keystoneauth, but only within the target's origin: the
 * request has a token and the guest's user data. A 401 is answered once with a new token.
 *
 * @throws if there is no response of status 2xx and of at most `LARGEST_ANSWER` bytes in time
 */
export async function askTarget(target: VendorDataTarget, body: string, access: TargetAccess): Promise<string> {
	const signal = AbortSignal.timeout(target.timeoutSeconds * 1000);
	const { token } = access;
	const attempt = async (secret?: string) => ({
		secret,
		answer: await post(new URL(target.url), { body, secret, signal, ...access }),
	});
	const withToken = async (from: VendorDataToken) => attempt(await withAbort(from.get(), signal));
	let { secret, answer } = token === undefined ? await attempt() : await withToken(token);
	if (answer.statusCode === 401 && token !== undefined && secret !== undefined) {
		discard(answer);
		token.refuse(secret);
		({ secret, answer } = await withToken(token));
	}
	if (answer.statusCode >= 300) {
		discard(answer);
		throw new Error(`status ${answer.statusCode}`);
	}
	return read(answer);
}

interface Post {
	readonly body: string;
	readonly secret: string | undefined;
	readonly signal: AbortSignal;
	readonly connections: Connections;
}

async function post(start: URL, { body, secret, signal, connections }: Post): Promise<Dispatcher.ResponseData> {
	let url = start;
	for (let redirects = 0; ; redirects++) {
		const answer = await request(url, {
			dispatcher: connections.wayTo(url).dispatcher,
			method: "POST",
			body,
			signal,
			headers: {
				"content-type": "application/json",
				accept: "application/json",
				"user-agent": "openstack-nova-vendordata",
				...(secret !== undefined && { "x-auth-token": secret }),
			},
		});
		const { location } = answer.headers;
		if (!REDIRECT_STATUSES.includes(answer.statusCode) || typeof location !== "string") return answer;
		discard(answer);
		const next = URL.parse(location, url.href);
		if (next?.origin !== start.origin) throw new Error(`status ${answer.statusCode} to another origin`);
		if (redirects === REDIRECTS) throw new Error(`more than ${REDIRECTS} redirects`);
		url = next;
	}
}

/** Destroying a body emits an error that nothing else handles. */
function discard({ body }: Dispatcher.ResponseData): void {
	body.on("error", () => {}).destroy();
}

async function read({ body }: Dispatcher.ResponseData): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of body as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > LARGEST_ANSWER) throw new Error(`more than ${LARGEST_ANSWER} bytes`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString();
}
