import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { turnsDuring } from "../../../test/turns.ts";
import { createDigests } from "./document-content.ts";

const PATH = "openstack/latest/network_data.json";

it("digests a large document in turns, and once", async () => {
	const digestOf = createDigests(new Uint8Array(32));
	const body = Buffer.alloc(100 * 2 ** 20, "guestwire");
	let digest: unknown;
	const { count, longest } = await turnsDuring(async () => {
		digest = await digestOf(PATH, body);
	});
	expect(digest).toBe(createHash("sha256").update(body).digest("hex").slice(0, 32));
	expect(count).toBeGreaterThan(2);
	expect(longest).toBeLessThan(50);
	expect(digestOf(PATH, body)).toBe(digest);
});
