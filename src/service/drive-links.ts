/** Links to the config drive of one instance, for programs that can send no token: Ironic stores and opens a URL. */
import { createHmac } from "node:crypto";
import { isSameSecret } from "../is-same-secret.ts";

export interface DriveLinks {
	/**
	 * The value of the query parameter `link`.
	 *
	 * @param expires seconds since 1970
	 */
	sign(id: string, expires: number): string;
	/** Why a link does not give access to an instance's drive; undefined if it does. */
	refusal(id: string, link: unknown): "wrong" | "expired" | undefined;
}

/** In minutes. Ironic opens the link when the node has booted the agent, which takes many minutes on real hardware. */
export const LINK_MINUTES = { default: 60, most: 24 * 60 } as const;

/** Keeps these signatures different from any others that the key might make. */
const PURPOSE = "guestwire config drive 1";

/**
 * @param key secret, shared by all processes and nodes; see `sharedKey`
 * @param now milliseconds since 1970
 */
export function createDriveLinks(key: Uint8Array, now: () => number = Date.now): DriveLinks {
	const signature = (id: string, expires: string) =>
		createHmac("sha256", key)
			.update(JSON.stringify([PURPOSE, id.toLowerCase(), expires]))
			.digest();
	return {
		sign: (id, expires) => `${expires}-${signature(id, `${expires}`).toString("base64url")}`,
		refusal(id, link) {
			const [, expires = "", given = ""] = /^(\d{1,15})-([\w-]{43})$/.exec(typeof link === "string" ? link : "") ?? [];
			// Base64url of 43 characters is 32 bytes, as is the signature. Any base64url spelling of the same bytes is accepted.
			const bytes = Buffer.from(given, "base64url");
			if (!isSameSecret(bytes, signature(id, expires))) return "wrong";
			return Number(expires) * 1000 > now() ? undefined : "expired";
		},
	};
}

/** The time at which a link expires, in seconds since 1970. */
export function linkExpiry(minutes: number = LINK_MINUTES.default, now: number = Date.now()): number {
	return Math.floor(now / 1000) + minutes * 60;
}

/**
 * The URL that an instance's drive has with a link.
 *
 * @param base of the operator server, such as `https://guestwire.example:8790`
 */
export function driveUrl(base: string, id: string, link: string): string {
	return `${base.replace(/\/+$/, "")}/api/instances/${encodeURIComponent(id)}/config-drive?link=${link}`;
}

/**
 * The URL of an instance's drive with a new link, and when that expires (ISO 8601).
 *
 * @param base see `driveUrl`
 */
export function makeDriveLink(links: DriveLinks, base: string, id: string, minutes?: number) {
	const expires = linkExpiry(minutes);
	return { url: driveUrl(base, id, links.sign(id, expires)), expires: new Date(expires * 1000).toISOString() };
}
