/** @module-tag slow */
import { createHash, randomBytes } from "node:crypto";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildConfigDrive, decodeConfigDrive } from "../../config-drive/index.ts";
import type { MetadataTree } from "../../documents/tree.ts";
import { GuestwireError } from "../../errors.ts";
import { configDriveRoute } from "./config-drive-route.ts";

const files = new Map([
	["openstack/latest/meta_data.json", Buffer.from('{"uuid": "1"}')],
	["openstack/latest/user_data", Buffer.alloc(3 * 2 ** 20, "large ")],
]);
const tree: MetadataTree = { paths: () => files.keys(), read: (path) => files.get(path) };
const odd: MetadataTree = { paths: () => ["a:b"], read: () => Buffer.from("") };
/** It can't be compressed. */
const noise = randomBytes(50 * 2 ** 20);
const large: MetadataTree = { paths: () => ["openstack/latest/user_data"], read: () => noise };
const created = "2026-03-04T05:06:08Z";

let app: FastifyInstance;
beforeEach(async () => {
	app = fastify();
	await app.register(configDriveRoute, {
		drive: async (id) => {
			if (id === "none") throw new GuestwireError("unknown-instance", "No instance has the id.");
			return { tree: { odd, large }[id] ?? tree, created };
		},
	});
});
afterEach(() => app.close());

const get = (query: string, options: { method?: "HEAD"; headers?: Record<string, string>; id?: string } = {}) =>
	app.inject({ url: `/api/instances/${options.id ?? "web-1"}/config-drive${query}`, ...options });

describe("GET config-drive", () => {
	it.each([
		["?encoding=raw", { format: "iso9660" }, "web-1.iso"],
		["?encoding=raw&format=vfat", { format: "vfat" }, "web-1.img"],
		["?encoding=raw&format=vfat&size=64", { format: "vfat", sizeMiB: 64 }, "web-1.img"],
	] as const)("gives the image that the library makes: %j", async (query, options, name) => {
		const image = buildConfigDrive(tree, { ...options, date: new Date(created) });
		const answer = await get(query);
		expect(answer.statusCode).toBe(200);
		expect(Buffer.compare(answer.rawPayload, image)).toBe(0);
		expect(answer.headers).toMatchObject({
			"content-length": `${image.length}`,
			"content-type": "application/octet-stream",
			"content-disposition": `attachment; filename="${name}"`,
			etag: `"${createHash("sha256").update(image).digest("hex")}"`,
		});
	});

	it.each(["", "?encoding=gzip-base64"])("returns what Ironic accepts, with its length and hash: %j", async (query) => {
		const answer = await get(query);
		expect(decodeConfigDrive(answer.rawPayload)).toEqual(
			Buffer.from(buildConfigDrive(tree, { date: new Date(created) })),
		);
		expect(answer.headers).toMatchObject({
			"content-length": `${answer.rawPayload.length}`,
			"content-type": expect.stringContaining("text/plain"),
			"content-disposition": 'attachment; filename="web-1.iso.gz.b64"',
			etag: `"${createHash("sha256").update(answer.rawPayload).digest("hex")}"`,
		});
	});

	it("answers HEAD with the same headers, and 304 to clients that have the image", async () => {
		const { headers } = await get("");
		const head = await get("", { method: "HEAD" });
		expect([head.statusCode, head.rawPayload.length]).toEqual([200, 0]);
		const { etag, "content-length": length } = head.headers;
		expect({ etag, length }).toEqual({ etag: headers.etag, length: headers["content-length"] });
		for (const tags of [`${etag}`, `"x", W/${etag}`, "*"]) {
			const again = await get("", { headers: { "if-none-match": tags } });
			expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
		}
		expect((await get("", { headers: { "if-none-match": '"x"' } })).statusCode).toBe(200);
	});

	it("makes a file name of any id, as config-drive --all does, that is safe in the header", async () => {
		const { headers } = await get("", { id: encodeURIComponent('a"\r\n/ü') });
		expect(headers["content-disposition"]).toBe('attachment; filename="a%22%0D%0A%2F%C3%BC.iso.gz.b64"');
	});

	it("says why documents can't be put on a drive", async () => {
		const answer = await get("", { id: "odd" });
		expect([answer.statusCode, answer.json().message]).toEqual([422, expect.stringContaining('"a:b"')]);
		expect((await get("?size=64")).statusCode).toBe(422);
		expect((await get("?format=vfat&size=1")).json().message).toContain("user_data");
	});

	it("limits a drive to what fits into a request to Ironic, unless Ironic opens it through a link", async () => {
		expect((await get("", { id: "large" })).json().message).toMatch(/64 MiB for a whole request: give Ironic a URL/);
		const answer = await get("?link=x", { id: "large", method: "HEAD" });
		expect([answer.statusCode, Number(answer.headers["content-length"]) > 64 * 2 ** 20]).toEqual([200, true]);
	}, 240_000);

	it.each(["?format=ext4", "?encoding=zip", "?size=0", "?size=x", "?format=vfat&size=1025"])(
		"refuses %s",
		async (query) => {
			expect((await get(query)).statusCode).toBe(400);
		},
	);

	it("leaves an unknown instance to the server", async () => {
		expect((await get("", { id: "none" })).json()).toMatchObject({ message: "No instance has the id." });
	});
});
