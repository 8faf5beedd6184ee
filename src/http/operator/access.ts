/** Access control of the operator server: who may read, and who may read user data too. */
import { createHash, timingSafeEqual } from "node:crypto";
import { GuestwireError } from "../../errors.ts";
import { isLocal, type ListenAddress } from "../listen.ts";
import { createSessions, sessionOf } from "./sessions.ts";

/** `read`: everything but user data, which may contain secrets of the instance's owner. */
export type Role = "read" | "read-user-data";

export interface AccessRequest {
	readonly method: string;
	/** The `Host` header. */
	readonly host: string | undefined;
	/** The `Origin` header, which browsers add to requests that a page's script makes. */
	readonly origin?: string | undefined;
	/** The `Sec-Fetch-Site` header. */
	readonly site?: string | undefined;
	/** The `Authorization` header. */
	readonly authorization: string | undefined;
	/** The `Cookie` header. */
	readonly cookie?: string | undefined;
}

export interface Tokens {
	/** For role `read-user-data`. */
	readonly token?: string | undefined;
	/** For role `read`. */
	readonly readToken?: string | undefined;
}

export interface Access {
	/** 401: the token is missing or wrong; 403: not a local host name, or a page of another site. */
	check(request: AccessRequest): Role | 401 | 403;
	/** Whether the host name is allowed: all that is asked of a request for the page itself, which holds no data. */
	checkHost(request: AccessRequest): 403 | undefined;
	/** Whether it may come from the page that made it: for requests to sign in. */
	checkSite(request: AccessRequest): 403 | undefined;
	/** @returns the cookie that stands for the token from now on; undefined for a wrong one */
	signIn(token: string, request: AccessRequest): string | undefined;
	/** Ends the session of a `Cookie` header. @returns the cookie that deletes the browser's */
	signOut(cookie: string | undefined): string;
	/** Whether there is anything to sign in to. */
	readonly needsToken: boolean;
}

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * On a local listener, the `Host` header must be local as well: this stops web pages whose host name resolves to
 * 127.0.0.1 (DNS rebinding). On any other listener a token is required, which browsers hold in a cookie that no page of
 * another host name gets. A request that a page makes must come from this server's own pages. `url` is where a proxy makes
 * the server known: with a token, its host counts as this server's, whether the proxy passes the `Host` header on or not.
 *
 * @throws GuestwireError `config`: no token, and other machines can reach the address; an invalid `url`
 */
export function createAccess(address: ListenAddress, tokens: Tokens, url?: string): Access {
	const local = isLocal(address);
	const { needsToken, roleOf } = createRoles(tokens);
	if (!local && !needsToken) {
		const advice = "set operator.tokenFile, or listen on 127.0.0.1";
		throw new GuestwireError(
			"config",
			`operator listener ${address.text} has no token, but other machines can reach it: ${advice}`,
		);
	}
	const sessions = createSessions<Role>();
	const known = url === undefined || !needsToken ? undefined : urlOf(url);
	const { isKnown, checkHost, checkSite } = createHostChecks(local, known);
	return {
		needsToken,
		checkHost,
		checkSite,
		check(request) {
			const refused = checkSite(request);
			if (refused !== undefined) return refused;
			if (!needsToken) return "read-user-data";
			const [, secret] = /^Bearer (.+)$/.exec(request.authorization ?? "") ?? [];
			const session = sessionOf(request.cookie);
			if (secret !== undefined) return roleOf(secret) ?? 401;
			return (session !== undefined && sessions.get(session)) || 401;
		},
		signIn(secret, { host = "", origin }) {
			const role = roleOf(secret);
			const isSecure = known?.protocol === "https:" && (origin === known.origin || isKnown(host));
			return role && sessions.start(role, isSecure);
		},
		signOut: (cookie) => sessions.end(sessionOf(cookie)),
	};
}

/** Which role a token gives. @throws GuestwireError `config`: an empty token */
function createRoles({ token, readToken }: Tokens) {
	if (token === "") throw emptyToken("tokenFile");
	if (readToken === "") throw emptyToken("readTokenFile");
	const digests = (
		[
			["read-user-data", token],
			["read", readToken],
		] as const
	).flatMap(([role, secret]) => (secret === undefined ? [] : [[role, digest(secret)] as const]));
	return {
		needsToken: digests.length > 0,
		roleOf(secret: string): Role | undefined {
			const given = digest(secret);
			return digests.filter(([, expected]) => timingSafeEqual(given, expected))[0]?.[0];
		},
	};
}

/** @param known where a proxy makes this server known */
function createHostChecks(local: boolean, known: URL | undefined) {
	const knownHosts = known === undefined ? [] : hostsOf(known);
	const isKnown = (host: string) => knownHosts.includes(host.toLowerCase());
	const checkHost = ({ host = "" }: AccessRequest): 403 | undefined =>
		local && !LOCAL_HOST.test(host) && !isKnown(host) ? 403 : undefined;
	const checkSite = (request: AccessRequest): 403 | undefined => {
		const { host, origin, site } = request;
		if (checkHost(request) !== undefined) return 403;
		if (site === "cross-site" || site === "same-site") return 403;
		if (origin !== undefined && hostOf(origin) !== host?.toLowerCase() && origin !== known?.origin) return 403;
		return undefined;
	};
	return { isKnown, checkHost, checkSite };
}

function emptyToken(key: string): GuestwireError {
	return new GuestwireError("config", `operator.${key} is empty: write a long random token into it`);
}

function urlOf(url: string): URL {
	if (URL.canParse(url)) return new URL(url);
	throw new GuestwireError("config", `operator.url: invalid URL "${url}": give one like https://guestwire.example`);
}

/** The `Host` headers that name a URL's server: the port of its protocol may be left out. */
function hostsOf({ protocol, host, port }: URL): string[] {
	return port === "" ? [host, `${host}:${protocol === "https:" ? 443 : 80}`] : [host];
}

/** The authority of an origin, as `Host` has it. Without one (`null`) nothing matches. */
function hostOf(origin: string): string | undefined {
	return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** A constant-time comparison needs values of equal length. */
function digest(text: string): Buffer {
	return createHash("sha256").update(text).digest();
}
