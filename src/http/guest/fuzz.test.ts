/** @module-tag slow */
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
	guest,
	instancesOf,
	parseAnswer,
	type RawAnswer,
	SECRET,
	signature,
	startTestService,
	type TestService,
} from "../../../test/metadata-service.ts";
import { buildTree } from "../../documents/guest-tree.ts";
import { normalizePath, PASSWORD_PATH } from "../../documents/paths.ts";
import { defaultSettings } from "../../documents/settings.ts";

const settings = defaultSettings(new Uint8Array(32));
const instance = guest({ address: "10.0.0.5", userData: Buffer.from("#!/bin/sh\n") });
const socket = join(tmpdir(), `guestwire-fuzz-${process.pid}.sock`);

let service: TestService;
beforeAll(async () => {
	const listener = { listen: `unix:${socket}`, identity: { mode: "signed", secret: SECRET } } as const;
	service = await startTestService([listener], { instances: instancesOf([instance]), settings });
});
afterAll(() => service.close());

const tree = buildTree(instance, settings);
const names = [...new Set([...tree.paths()].flatMap((path) => path.split("/")))];
const anything = fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replace(/\s/g, "%20"));
const step = fc.oneof(
	{ weight: 6, arbitrary: fc.constantFrom(...names, "openstack", "latest", "2018-08-27", "content", "password") },
	{
		weight: 3,
		arbitrary: fc.constantFrom("..", ".", "", "%2e%2e", "%2E.", "..%2f", "%00", "%ff", "%", "..;", "\\..", "%u002e"),
	},
	anything,
);
const query = fc.oneof(
	{ weight: 5, arbitrary: fc.constant("") },
	anything.map((text) => `?${text}`),
);
const wild = fc.array(step, { maxLength: 7 });
const real = fc
	.tuple(fc.constantFrom(...tree.paths()), fc.constantFrom("", ".", "x/..", "x/../."), fc.nat(3))
	.map(([file, noise, at]) => file.split("/").toSpliced(at, 0, noise));
const path = fc.tuple(fc.oneof(wild, real), query).map(([steps, end]) => `/${steps.join("/")}${end}`);

const IDENTITY = ["X-Instance-ID", "X-Tenant-ID", "X-Instance-ID-Signature"] as const;
const TRUE_VALUES = [instance.id, instance.projectId ?? "", signature(instance.id)];
const trueHeaders = IDENTITY.map((name, index) => [name, TRUE_VALUES[index] ?? ""] as const);
const name = fc.constantFrom(
	...IDENTITY,
	"x-instance-id",
	"X_Instance_ID",
	"X-Forwarded-For",
	"Accept",
	"X-Metadata-Provider",
	"Range",
);
const value = fc.oneof(fc.constantFrom(...TRUE_VALUES, instance.id.toUpperCase(), "a, b", "*/*"), anything);
const headers = fc.oneof(
	{ weight: 3, arbitrary: fc.constant([...trueHeaders]) },
	fc.shuffledSubarray([...trueHeaders]),
	fc
		.tuple(fc.array(fc.tuple(name, value), { maxLength: 5 }), fc.boolean())
		.map(([extra, mine]) => [...extra, ...(mine ? trueHeaders : [])]),
);
const method = fc.oneof(
	{ weight: 9, arbitrary: fc.constant("GET") },
	fc.constantFrom("HEAD", "POST", "DELETE", "OPTIONS", "QUERY", "BREW"),
);

interface Request {
	readonly method: string;
	readonly path: string;
	readonly headers: readonly (readonly [string, string])[];
}

const HANGS = 4000;

function exchange({ method, path, headers }: Request): Promise<RawAnswer | "hangs"> {
	const { promise, resolve } = Promise.withResolvers<RawAnswer | "hangs">();
	const chunks: Buffer[] = [];
	const client = connect(socket);
	const lines = [...headers, ["Connection", "close"]].map(([header, text]) => `${header}: ${text}\r\n`);
	const timer = setTimeout(() => resolve("hangs"), HANGS);
	client.on("data", (chunk) => chunks.push(chunk)).on("error", () => {});
	client.on("close", () => resolve(parseAnswer(Buffer.concat(chunks))));
	client.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
	return promise.finally(() => clearTimeout(timer));
}

/** Whether the headers prove the instance: each once, each right, and no load balancer's among them. */
function isProven(given: Request["headers"]): boolean {
	const of = (wanted: string) =>
		given.filter(([header]) => header.toLowerCase() === wanted.toLowerCase()).map(([, text]) => text.trim());
	if (of("X-Metadata-Provider").some((text) => text !== "")) return false;
	return trueHeaders.every(([header, text]) => of(header).length === 1 && of(header)[0] === text);
}

/** Whatever may be given to nobody in particular, and whatever is the instance's: its files and folders. */
const textOf = (one: string) => Buffer.from(tree.answer(one)?.body ?? []).toString();
const listings = new Set(["", "openstack"].map(textOf));
const prefixes = (one: string) => one.split("/").map((_name, index, all) => all.slice(0, index + 1).join("/"));
const documents = new Set([...tree.paths()].flatMap(prefixes).map(textOf));

it("10,000 paths and headers never cause a 500, never leave the tree, never hang", { timeout: 120_000 }, async () => {
	const seen = new Map<number, number>();
	await fc.assert(
		fc.asyncProperty(fc.record({ method, path, headers }), async (request) => {
			const answer = await exchange(request);
			if (answer === "hangs") throw new Error("no answer");
			seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
			expect([200, 400, 403, 404, 409]).toContain(answer.status);
			if (answer.status !== 200 || request.method === "HEAD") return;
			const body = answer.body.toString();
			if (listings.has(body)) return;
			expect(isProven(request.headers)).toBe(true);
			// Nothing is an answer for a password that nobody set, and for no document.
			if (body === "") expect(normalizePath(request.path)).toMatch(PASSWORD_PATH);
			else expect(documents).toContain(body);
		}),
		{ numRuns: 10_000 },
	);
	// The requests are worth something: each of the answers comes often.
	for (const status of [200, 400, 403, 404]) expect(seen.get(status)).toBeGreaterThan(100);
});
