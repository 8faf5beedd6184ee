import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { turnsDuring } from "../../../test/turns.ts";
import { LARGEST_MESSAGE, parseBusMessage } from "./bus-message.ts";
import { createMessageParser } from "./message-parser.ts";

const envelope = (payload: object) =>
	Buffer.from(
		JSON.stringify({
			"oslo.version": "2.0",
			"oslo.message": JSON.stringify({ event_type: "port.create.end", timestamp: "2026-11-26 17:00:01", payload }),
		}),
	);
const ports = (count: number, description: string) =>
	envelope({ ports: Array.from({ length: count }, () => ({ id: randomUUID(), description })) });

it("parses large messages as small ones, one after the other", async () => {
	const parse = createMessageParser(() => {});
	const messages = [ports(2, ""), ports(1000, "x".repeat(2000)), ports(1500, "x".repeat(1000)), Buffer.alloc(2 ** 20)];
	expect(await Promise.all(messages.map(parse))).toEqual(messages.map(parseBusMessage));
});

it("drops large messages while too many wait, and says that they are lost", async () => {
	let lost = 0;
	const parse = createMessageParser(() => void lost++);
	const parsed = Array.from({ length: 10 }, () => parse(Buffer.alloc(LARGEST_MESSAGE)));
	expect(lost).toBe(2);
	expect(await Promise.all(parsed)).toEqual([
		...Array.from({ length: 8 }, () => ({ invalid: "a message that is not JSON" })),
		...Array.from({ length: 2 }, () => ({
			invalid: `a message of ${LARGEST_MESSAGE} bytes, while too many large ones wait`,
		})),
	]);
	expect(await parse(Buffer.alloc(LARGEST_MESSAGE))).toEqual({ invalid: "a message that is not JSON" });
});

it("keeps nobody waiting for a message that takes long", async () => {
	const parse = createMessageParser(() => {});
	const content = Buffer.alloc(LARGEST_MESSAGE, "[],");
	content.write("[");
	content.write("]]", LARGEST_MESSAGE - 2);
	let message: unknown;
	const { longest } = await turnsDuring(async () => {
		message = await parse(content);
	});
	expect(message).toEqual({ invalid: "a message that is not JSON" });
	expect(longest).toBeLessThan(50);
});
