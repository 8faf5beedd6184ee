/** Access control of the operator server. */
import { createHash, timingSafeEqual } from "node:crypto";
import { GuestwireError } from "../../errors.ts";
import { isLocal, type ListenAddress } from "../listen.ts";

export interface AccessRequest {
	/** The `Host` header. */
	readonly host: string | undefined;
	/** The `Authorization` header. */
	readonly authorization: string | undefined;
}

/** 401: the token is missing or wrong; 403: not a local host name; undefined: allowed. */
export type AccessCheck = (request: AccessRequest) => 401 | 403 | undefined;

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * On a local listener, the `Host` header must be local as well: this stops web pages whose host name resolves to
 * 127.0.0.1 (DNS rebinding). A bearer token is required on any other listener, and wherever one is configured.
 *
 * @throws GuestwireError `config`: no token, and other machines can reach the address
 */
export function accessCheck(address: ListenAddress, token: string | undefined): AccessCheck {
	if (token === "")
		throw new GuestwireError("config", "operator.tokenFile is empty: write a long random token into it");
	const local = isLocal(address);
	if (!local && token === undefined) {
		const advice = "set operator.tokenFile, or listen on 127.0.0.1";
		throw new GuestwireError(
			"config",
			`operator listener ${address.text} has no token, and other machines can reach it: ${advice}`,
		);
	}
	const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
	return ({ host, authorization }) => {
		if (local && !LOCAL_HOST.test(host ?? "")) return 403;
		return expected === undefined || timingSafeEqual(digest(authorization ?? ""), expected) ? undefined : 401;
	};
}

/** A constant-time comparison needs values of equal length. */
function digest(text: string): Buffer {
	return createHash("sha256").update(text).digest();
}
