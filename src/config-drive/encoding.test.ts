/** @module-tag slow */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { decodeConfigDrive, encodeConfigDrive, encodingOf, withinRequest } from "./index.ts";

const MIB = 2 ** 20;

async function encode(image: Uint8Array, encoding: "raw" | "gzip-base64"): Promise<Buffer> {
	return buffer(encodeConfigDrive(image, encoding));
}

it("an image is encoded as it is decoded, and its encoding is recognized", async () => {
	const image = randomBytes(3 * MIB);
	for (const encoding of ["raw", "gzip-base64"] as const) {
		const encoded = await encode(image, encoding);
		expect(encodingOf(encoded)).toBe(encoding);
		expect(Buffer.compare(decodeConfigDrive(encoded), image)).toBe(0);
	}
});

it("an image that Ironic's agent would reject is not encoded", async () => {
	expect(() => encodeConfigDrive(new Uint8Array(64 * MIB + 4096), "gzip-base64")).toThrow(
		/at most 64 MiB.*image has 65/,
	);
	expect((await encode(new Uint8Array(64 * MIB), "gzip-base64")).length).toBeLessThan(MIB);
});

it("a request to Ironic has a limit for the encoded image", async () => {
	const chunks = (bytes: number) => Readable.from([new Uint8Array(bytes - 1), new Uint8Array(1)]);
	expect((await buffer(withinRequest(chunks(67_043_328)))).length).toBe(67_043_328);
	await expect(buffer(withinRequest(chunks(67_043_329)))).rejects.toThrow(
		/^the encoded image has more than 67043328 bytes, but Ironic accepts at most 64 MiB for a whole request: give Ironic a URL/,
	);
});
