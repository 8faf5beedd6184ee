/** The password document: the only one that guests write (nova/api/metadata/password.py). */
import { PASSWORD_PATH } from "../../documents/paths.ts";
import { bytesAnswer } from "../../documents/tree.ts";
import { openStackVersion, SINCE } from "../../documents/versions.ts";
import type { Instance } from "../../instance/instance.ts";
import type { GuestPasswords } from "../../store/password-store.ts";
import type { GuestRequest } from "./handler.ts";
import { isRead } from "./method.ts";
import type { GuestResponse } from "./response.ts";

/** Bytes. Nova stores a password as four pieces of 255 bytes. */
export const MAX_PASSWORD = 1020;

const NOTHING = new Uint8Array();

/** Whether a normalized path is a password document. */
export function isPasswordPath(path: string): boolean {
	if (!PASSWORD_PATH.test(path)) return false;
	const version = openStackVersion(path.split("/")[1] ?? "");
	return version !== undefined && version >= SINCE.password;
}

/** Nova's rules: the first password that is posted stays; an unset one reads as an empty document. */
export async function passwordResponse(
	passwords: GuestPasswords,
	{ id: instance, server }: Instance,
	request: GuestRequest,
): Promise<GuestResponse> {
	const document = (body: Uint8Array): GuestResponse => ({ document: bytesAnswer(body), instance });
	if (isRead(request.method)) return document((await passwords.get(instance, server?.launched)) ?? NOTHING);
	if (request.method !== "POST") {
		return { reason: "wrong-method", explanation: "GET and POST only are supported.", instance };
	}
	const body = await request.readBody(MAX_PASSWORD);
	if (body === "too-large") return { reason: "too-large", explanation: "Request is too large.", instance };
	if (body === "incomplete") return { reason: "bad-request", instance };
	const isSet =
		body.length === 0
			? (await passwords.get(instance, server?.launched)) !== undefined
			: !(await passwords.setOnce(instance, body, server?.launched));
	return isSet ? { reason: "password-set", instance } : document(NOTHING);
}
