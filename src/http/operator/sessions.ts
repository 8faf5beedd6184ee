/** Sessions of browsers: a random cookie stands for a token, so that no script ever has the token. */
import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

export interface Sessions<T> {
	/**
	 * @param isSecure whether the browser uses HTTPS
	 * @returns a `Set-Cookie` header
	 */
	start(value: T, isSecure: boolean): string;
	get(id: string): T | undefined;
	/** @returns the `Set-Cookie` header that deletes the cookie */
	end(id: string | undefined): string;
}

const NAME = "guestwire_session";
/** Seconds: a working day. */
const LIFETIME = 12 * 3600;
const MAX_SESSIONS = 1000;
/** No other site's page can make a browser send it, and no script can read it. */
const ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";

export function createSessions<T extends string>(): Sessions<T> {
	const sessions = new LRUCache<string, T>({ max: MAX_SESSIONS, ttl: LIFETIME * 1000 });
	return {
		start(value, isSecure) {
			const id = randomBytes(32).toString("base64url");
			sessions.set(id, value);
			return `${NAME}=${id}; ${ATTRIBUTES}; Max-Age=${LIFETIME}${isSecure ? "; Secure" : ""}`;
		},
		get: (id) => sessions.get(id),
		end(id) {
			if (id !== undefined) sessions.delete(id);
			return `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;
		},
	};
}

/** The session's id in a `Cookie` header. */
export function sessionOf(cookie: string | undefined): string | undefined {
	return /(?:^|; ?)guestwire_session=([\w-]{43})(?:;|$)/.exec(cookie ?? "")?.[1];
}
