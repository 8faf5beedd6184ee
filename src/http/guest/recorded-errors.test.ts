import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
	instancesOf,
	type RawRequest,
	recordedInstances,
	SECRET,
	startTestService,
	type TestService,
} from "../../../test/metadata-service.ts";
import { deviationsOf } from "../../documents/deviations.ts";
import { normalizePath } from "../../documents/paths.ts";

interface Recorded {
	readonly name: string;
	readonly request: Pick<RawRequest, "method" | "path"> & {
		readonly headers: Record<string, string>;
		readonly body?: string;
	};
	readonly status: number;
	readonly body: string;
}

/** What is answered otherwise on purpose: why, under the headings of docs/deviations.md, for which records, and what. */
const DEVIATIONS: readonly [why: string, records: RegExp, status: number, body?: string][] = [
	["upper-case-ids", /^instance id upper case$/, 404, "404 Not Found\n\nThe resource could not be found.\n\n   "],
	["undecodable-paths", /^path \/%ff$/, 404, "404 Not Found\n\nThe resource could not be found.\n\n   "],
	[
		"methods",
		/^(POST|PUT|PATCH|OPTIONS|TRACE) network_data/,
		400,
		"400 Bad Request\n\nOnly GET and HEAD are supported.\n\n   ",
	],
	["methods", /^HEAD password/, 200, ""],
	["error-bodies", /^403 with Accept/, 403, "403 Forbidden\n\nInvalid proxy request signature.\n\n   "],
	["version-list", /^\/openstack without headers$/, 200],
];

/** Not the original's doing: uwsgi broke the connection, or the record shows what an unrecorded request left behind. */
const ARTEFACTS: readonly [records: RegExp, status: number, body: string][] = [
	[/^POST password too long/, 400, "400 Bad Request\n\nRequest is too large.\n\n   "],
	[/^GET password/, 200, "y".repeat(1020)],
];

/** The instance that the passwords were recorded with, of which nothing else was. */
const passwordInstance = {
	id: "7ce1886b-60ae-41af-99a9-aae74925b343",
	projectId: "889382aa852c451ebf5054cf62136b93",
	ports: [],
};

describe.each(["_errors.json", "_errors_eventlet.json"])("%s", (file) => {
	const recorded: Recorded[] = JSON.parse(
		readFileSync(new URL(`../../../test/fixtures/zed/${file}`, import.meta.url), "utf8"),
	);
	let service: TestService;
	beforeAll(async () => {
		const instances = instancesOf([...recordedInstances, passwordInstance]);
		const identity = { mode: "signed", secret: SECRET } as const;
		service = await startTestService([{ listen: "127.0.0.1:0", identity }], { instances });
	});
	afterAll(() => service.close());

	it.each(recorded)("$name", async ({ name, request, status, body }) => {
		const { method, path, headers } = request;
		const answer = await service.ask({ method, path, headers: Object.entries(headers), body: request.body ?? "" });
		const given = { status: answer.status, body: answer.body.toString() };
		const expected = { status, body };
		const other = [...DEVIATIONS.map(([, ...rest]) => rest), ...ARTEFACTS].find(([records]) => records.test(name));
		if (other !== undefined) Object.assign(expected, { status: other[1], body: other[2] ?? given.body });
		const deviations = given.status === 200 && given.body !== "" ? deviationsOf(normalizePath(path) ?? "") : [];
		for (const deviation of deviations) deviation.level(expected, given);
		expect(given).toEqual(expected);
	});
});

it("every deviation is a heading of docs/deviations.md", () => {
	const headings = readFileSync(new URL("../../../docs/deviations.md", import.meta.url), "utf8");
	for (const [why] of DEVIATIONS) expect(headings).toContain(`\n### ${why}\n`);
});
