/** Who may ask the operator server. */
import { createHash, timingSafeEqual } from "node:crypto";
import { GuestwireError } from "../../errors.ts";
import { isLocal, type ListenAddress } from "../listen.ts";

export interface AccessRequest {
	/** The `Host` header. */
	readonly host: string | undefined;
	/** The `Authorization` header. */
	readonly authorization: string | undefined;
}

/** 401: show the token; 403: not by that name; undefined: welcome. */
export type AccessCheck = (request: AccessRequest) => 401 | 403 | undefined;

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * On a local listener the `Host` header must be a local one too: a page on the internet whose name is made to point at
 * 127.0.0.1 (DNS rebinding) is refused. On any other, and wherever one is set, a bearer token is asked for.
 *
 * @throws GuestwireError `config` without a token on an address that other machines reach
 */
export function accessCheck(address: ListenAddress, token: string | undefined): AccessCheck {
	if (token === "")
		throw new GuestwireError("config", "operator token: the file is empty: put a long random text in it");
	const local = isLocal(address);
	if (!local && token === undefined) {
		const advice = "set operator.tokenFile, or listen on 127.0.0.1";
		throw new GuestwireError("config", `operator listener ${address.text}: other machines reach it: ${advice}`);
	}
	const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
	return ({ host, authorization }) => {
		if (local && !LOCAL_HOST.test(host ?? "")) return 403;
		return expected === undefined || timingSafeEqual(digest(authorization ?? ""), expected) ? undefined : 401;
	};
}

/** Of one length, whatever was sent, as the comparison needs it. */
function digest(text: string): Buffer {
	return createHash("sha256").update(text).digest();
}
