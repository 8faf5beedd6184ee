/** What Ironic says about a call that it refuses. Its answers have six shapes, depending on which part of it refuses. */
import { isMap } from "../../instance/is-map.ts";

/** Longer texts are cut: some contain a stack trace. */
const LONGEST = 200;

/** The reason in one line; undefined if the answer has none. */
export function faultOf(text: string): string | undefined {
	const reason = reasonIn(parse(text));
	const [line] = (reason ?? "").trim().split(/\s*\n\s*/, 1);
	if (!line) return undefined;
	return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function reasonIn(body: unknown): string | undefined {
	if (!isMap(body)) return undefined;
	const { error_message: wrapped, error } = body;
	// The API's own errors are JSON within JSON; those of its framework are plain text at the same place.
	if (typeof wrapped === "string") return reasonIn(parse(wrapped)) ?? wrapped;
	if (isMap(wrapped)) return reasonIn(wrapped);
	// http_basic and Keystone's middleware.
	if (isMap(error)) return reasonIn(error);
	const texts = [body["faultstring"], body["description"], body["message"], body["title"]];
	return texts.find((one): one is string => typeof one === "string" && one !== "");
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
