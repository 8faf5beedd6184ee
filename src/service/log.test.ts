import { openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { guest, instancesOf, send, signature, startTestService } from "../../test/metadata-service.ts";
import { startTestOperator } from "../../test/operator-server.ts";
import { defaultSettings } from "../documents/settings.ts";
import { createGuestDocuments } from "./guest-documents.ts";
import { createLog, openLog } from "./log.ts";
import { fileSink, streamSink } from "./log-sink.ts";
import { createMetrics } from "./metrics.ts";
import { createDynamicVendorData } from "./vendor-data.ts";

/** Everything that must stay out of the log, each a distinct text. */
const SECRETS = {
	shared: "SHARED-secret-1",
	userData: "USER-DATA-secret-2",
	password: "PASSWORD-secret-3",
	token: "TOKEN-secret-4",
	query: "QUERY-secret-5",
	cookie: "COOKIE-secret-6",
	vendorUrl: "VENDOR-URL-secret-7",
	vendorData: "VENDOR-DATA-secret-8",
	staticData: "STATIC-DATA-secret-9",
	seed: "SEED-KEY-secret-10",
	body: "BODY-secret-11",
};

const shared = Buffer.from(SECRETS.shared);
const instance = guest({ address: "127.0.0.1", userData: Buffer.from(SECRETS.userData) });

it("never contains a secret, a signature, a token, a password or user data", { tags: ["slow"] }, async () => {
	const vendor = createServer((_request, response) => response.end(JSON.stringify(SECRETS.vendorData))).listen(0);
	const broken = createServer((_request, response) => response.end(SECRETS.vendorData)).listen(0);
	const urlOf = (server: typeof vendor) =>
		`http://127.0.0.1:${(server.address() as AddressInfo).port}/?key=${SECRETS.vendorUrl}`;
	const lines: string[] = [];
	const log = createLog({ write: (line) => lines.push(line) });
	const instances = instancesOf([instance]);
	const metrics = createMetrics(instances);
	const targets = [{ name: "good", url: urlOf(vendor), timeoutSeconds: 1 }];
	targets.push({ name: "bad", url: urlOf(broken), timeoutSeconds: 1 });
	const vendorData = createDynamicVendorData({ targets, log, count: metrics.vendorData });
	const settings = {
		...defaultSettings(Buffer.from(SECRETS.seed.repeat(3))),
		staticVendorData: JSON.stringify(SECRETS.staticData),
	};
	const documents = createGuestDocuments(settings, vendorData);
	const networksOf = () => ["net-1"];
	const service = await startTestService(
		[
			{ listen: "127.0.0.1:0", identity: { mode: "signed", secret: shared } },
			{ listen: "127.0.0.1:0", identity: { mode: "provider", secret: shared, networksOf } },
			{ listen: "127.0.0.1:0", identity: { mode: "network", allow: ["127.0.0.1"] } },
			{ listen: "127.0.0.1:0", identity: { mode: "address" } },
			{ listen: "127.0.0.1:0", identity: { mode: "fixed", instance: instance.id } },
		],
		{ instances, documents, log },
	);
	const operator = await startTestOperator({ token: SECRETS.token, instances, documents, metrics, log });

	const latest = [...documents.tree(instance).paths()].filter((path) => path.includes("latest/"));
	const paths = [...latest, "openstack/latest/password", "", "openstack", "nothing", "%ff"];
	const given: [string, string][] = [
		["X-Instance-ID", instance.id],
		["X-Tenant-ID", "project-1"],
		["X-Instance-ID-Signature", signature(instance.id, shared)],
		["X-Metadata-Provider", "edge"],
		["X-Metadata-Provider-Signature", signature("edge", shared)],
		["X-OVN-Network-ID", "net-1"],
		["X-Forwarded-For", "127.0.0.1"],
		["Authorization", `Bearer ${SECRETS.token}`],
		["Cookie", SECRETS.cookie],
		["Host", "localhost"],
	];
	const wrong = given.map(
		([name, value]) => [name, name.endsWith("Signature") ? signature("x", shared) : value] as const,
	);
	const withoutProvider = given.filter(([name]) => !name.startsWith("X-Metadata"));
	for (const where of [...service.addresses, operator.address]) {
		for (const path of paths) {
			for (const headers of [given, wrong, withoutProvider, [], [...given, ...given]]) {
				const prefix = where === operator.address ? `/api/instances/${instance.id}/tree/` : "/";
				await send(where, { path: `${prefix}${path}?p=${SECRETS.query}`, headers });
			}
		}
		for (const body of [SECRETS.body.repeat(200), SECRETS.password, SECRETS.body]) {
			for (const headers of [withoutProvider, wrong, given]) {
				await send(where, { method: "POST", path: "/openstack/latest/password", headers, body });
				await send(where, { method: "PUT", path: "/openstack/latest/user_data", headers, body });
			}
		}
	}
	await Promise.all([service.close(), operator.close(), vendorData.close()]);
	vendor.close();
	broken.close();

	const written = lines.join("");
	for (const reason of ["wrong-signature", "repeated-header", "too-large", "password-set", "wrong-method"]) {
		expect(written).toContain(reason);
	}
	expect(written).toContain('"vendorData":"bad"');
	const signatures = [signature(instance.id, shared), signature("edge", shared), signature("x", shared)];
	const encoded = Object.values(SECRETS).map((secret) => Buffer.from(secret).toString("base64").replace(/=+$/, ""));
	for (const secret of [...Object.values(SECRETS), ...encoded, ...signatures]) expect(written).not.toContain(secret);
});

/** Markup, terminal escapes of seven and of eight bits, a change of direction, and something that is long. */
const HOSTILE = [
	"/openstack/latest/<img src=x onerror=alert(1)>",
	"/\x9b2Jopenstack/latest/\x9d0;owned\x9c",
	"/openstack/%C2%9B2J",
	"/%E2%80%AEtxt.resu",
	"/%1B%5B2J",
	`/${"x".repeat(10_000)}`,
];

it("keeps what a guest sends on one line without control characters", async () => {
	const lines: string[] = [];
	const log = createLog({ write: (line) => lines.push(line) });
	const listeners = [{ listen: "127.0.0.1:0", identity: { mode: "fixed" as const, instance: instance.id } }];
	const service = await startTestService(listeners, { instances: instancesOf([instance]), log });
	const operator = await startTestOperator({ instances: instancesOf([instance]), log });
	for (const path of HOSTILE) {
		// Node's parser accepts these bytes of a target and a header.
		const agent = ["User-Agent", `${path.replaceAll("%1B%5B", "\x9b")}\x85\xad`] as const;
		for (const where of [...service.addresses, operator.address]) {
			for (const prefix of ["", "/api/instances/x/tree", "/api/instances"])
				await send(where, { path: prefix + path.replaceAll(" ", "%20"), headers: [["Host", "localhost"], agent] });
		}
	}
	log.warn({ detail: "\u{e0041}\u2028\u202e" }, "anything else");
	await Promise.all([service.close(), operator.close()]);
	const paths = lines.map((line) => JSON.parse(line).path);
	expect(paths).toContain("openstack/\u009b2J");
	expect(paths).toContain("\u202etxt.resu");
	expect(JSON.parse(lines.at(-1) ?? "").detail).toBe("\u{e0041}\u2028\u202e");
	for (const line of lines) {
		expect(line).toMatch(/^\{[^\p{C}\p{Z}]*( [^\p{C}\p{Z}]*)*\}\n$/u);
		expect(line.length).toBeLessThan(1000);
	}
});

const options = { backlog: 1024 * 1024 };

it("is complete in its file after it was flushed", async () => {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-log-"));
	const { log, flush } = openLog(fileSink(openSync(join(folder, "log"), "w"), options), () => {});
	for (let line = 0; line < 1000; line++) log.info({ line });
	await flush();
	const written = (await readFile(join(folder, "log"), "utf8")).trimEnd().split("\n");
	expect(written.map((line) => JSON.parse(line).line)).toEqual(Array.from({ length: 1000 }, (_, line) => line));
	await rm(folder, { recursive: true });
});

it("loses lines on a full disk, counts them, and does no other harm", async () => {
	let lost = 0;
	const { log, flush } = openLog(fileSink(openSync("/dev/full", "w"), options), (lines) => {
		lost += lines;
	});
	for (let line = 0; line < 40; line++) log.info({ line: "x".repeat(64 * 1024) });
	expect(lost).toBeGreaterThan(0);
	expect(lost).toBeLessThan(40);
	await flush();
});

it("loses lines that come after its end, and does no other harm", async () => {
	const sink = fileSink(openSync("/dev/null", "w"), options);
	await sink.close();
	expect(sink.write("late\n")).toBe(false);
});

it("says how many lines were lost once its reader returns", async () => {
	const pipe = new PassThrough();
	let counted = 0;
	const { log, flush } = openLog(
		streamSink(() => pipe, options),
		(lines) => {
			counted += lines;
		},
	);
	for (let line = 0; line < 40; line++) log.info({ line: "x".repeat(64 * 1024) });
	expect(counted).toBeGreaterThan(0);
	const read = text(pipe);
	await expect.poll(() => pipe.writableLength).toBe(0);
	log.info({ line: "y".repeat(64 * 1024) });
	await flush();
	const lines = (await read)
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(lines.filter(({ lost }) => lost !== undefined)).toMatchObject([{ lost: counted, level: 40 }]);
	expect(lines.filter(({ line }) => line !== undefined)).toHaveLength(41 - counted);
});

it.each([
	["within a second, though no further line comes", () => {}],
	["at its end", (flush: () => Promise<void>) => flush()],
])("says how many lines were lost %s, again if that line is lost, too", { tags: ["slow"] }, async (_when, act) => {
	const taken: string[] = [];
	let refused = 0;
	/** Takes nothing until a reader comes, as a pipe does. */
	const sink = {
		hasReader: false,
		write(lines: string) {
			if (!sink.hasReader) refused++;
			else taken.push(lines);
			return sink.hasReader;
		},
		close: async () => {},
	};
	const { append, flush } = openLog(sink, () => {});
	append("one\ntwo\n");
	// The lines, and then what is said about them.
	await expect.poll(() => refused, { timeout: 5000 }).toBeGreaterThan(1);
	sink.hasReader = true;
	await act(flush);
	await expect.poll(() => taken.map((line) => JSON.parse(line)), { timeout: 5000 }).toMatchObject([{ lost: 2 }]);
	await flush();
	expect(taken).toHaveLength(1);
});

it("ends in time if it is not read", { tags: ["slow"] }, async () => {
	const { log, flush } = openLog(
		streamSink(() => new PassThrough({ highWaterMark: 1 }), options),
		() => {},
	);
	log.info({ line: "x".repeat(64 * 1024) });
	const before = performance.now();
	await flush();
	expect(performance.now() - before).toBeLessThan(2000);
});
