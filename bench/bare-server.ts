/**
 * The baseline for Guestwire: the least code for node:http to check the same signature and send the same bytes.
 * `node bench/bare-server.ts SECRET FILE`
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const [secret = "", file = ""] = process.argv.slice(2);
const body = readFileSync(file);
const headers = { "content-type": "application/json", "content-length": body.length };

const server = createServer((request, response) => {
	const id = request.headers["x-instance-id"];
	const signature = request.headers["x-instance-id-signature"];
	if (typeof id !== "string" || typeof signature !== "string") {
		response.writeHead(400).end();
		return;
	}
	const expected = createHmac("sha256", secret).update(id).digest();
	const given = Buffer.from(signature, "hex");
	if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
		response.writeHead(403).end();
		return;
	}
	response.writeHead(200, headers).end(body);
});
server.listen(0, "127.0.0.1", () => {
	process.stderr.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
