/** @module-tag slow */
import { randomBytes } from "node:crypto";
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

it("only a request to Ironic has a limit for the encoded image", async () => {
	// Base64 of 49 MiB that can't be compressed has more than 65 MiB.
	const image = randomBytes(49 * MIB);
	expect((await encode(image, "gzip-base64")).length).toBeGreaterThan(65 * MIB);
	await expect(buffer(withinRequest(encodeConfigDrive(image, "gzip-base64")))).rejects.toThrow(
		/^The encoded image has more than 67043328 bytes, and Ironic accepts at most 64 MiB for a whole request: give Ironic a URL/,
	);
});
