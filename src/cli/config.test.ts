import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import { defaultConfig, parseConfig, readConfig } from "./config.ts";
import { configurationTable } from "./config-table.ts";

const parse = (text: string) => parseConfig(text, "/etc/guestwire/guestwire.yaml").config;

test("an empty file gives the defaults", () => {
	expect(parse("")).toEqual(defaultConfig().config);
	expect(parse("# nothing yet\n")).toEqual(defaultConfig().config);
});

test("paths are relative to the file", () => {
	const config = parse(`
cloud: { files: { path: inventory } }
metadata: [{ listen: "127.0.0.1:8775", identity: signed, sharedSecretFile: ../secret }]
operator: { tokenFile: /run/token }
vendorData: { staticFile: vendor.json }
state: { sqlite: state.db }
`);
	expect(config.cloud?.files?.path).toBe("/etc/guestwire/inventory");
	expect(config.metadata[0]?.sharedSecretFile).toBe("/etc/secret");
	expect(config.operator).toEqual({ listen: "127.0.0.1:8790", tokenFile: "/run/token" });
	expect(config.vendorData.staticFile).toBe("/etc/guestwire/vendor.json");
	expect(config.state).toEqual({ sqlite: "/etc/guestwire/state.db" });
});

describe("an error is one line with file, line and what to do", () => {
	const listener = "metadata:\n  - listen: 127.0.0.1:80\n";
	test.each([
		["networkData:\n  profil: full", '2: networkData.profil is not a known key; did you mean "profile"?'],
		["clouds: {}", '1: clouds is not a known key; did you mean "cloud"?'],
		[`${listener}    identity: sign`, '3: metadata[0].identity must be one of signed, .*; did you mean "signed"?'],
		[`${listener}    identity: fixed`, '2: metadata[0] has identity fixed but no "instance": add its id or name'],
		[
			`${listener}    identity: signed\n    instance: a`,
			"4: metadata[0].instance applies to identity fixed, not signed",
		],
		[listener, '2: metadata[0] "identity" is missing: add it'],
		["cloud: {}", "1: cloud must have exactly one of files, openstack"],
		["cloud: { files: { path: a }, openstack: {} }", "1: cloud must have exactly one of files, openstack"],
		["\nhostnameDomain: 12", "2: hostnameDomain must be text: quote it"],
		...["u:secret@h/gw", "u@h/gw?password=secret", "h/gw?user=u&password=secret"].map((url) => [
			`state: { postgres: "postgres://${url}" }`,
			"1: state.postgres must be like postgres://user@db.example.org:5432/guestwire$",
		]),
		...["static", "a"].map((name) => [
			`vendorData: { dynamic: [{ name: a, url: "http://a" }, { name: ${name}, url: "http://b" }] }`,
			`1: vendorData.dynamic[1].name "${name}" is already a member of vendor_data2.json`,
		]),
		["freshness: soon", "1: freshness must be a number, not text"],
		["workers: autoo", '1: workers must be a whole number from 1 to 256 or auto, not "autoo"'],
		["workers: 0", "1: workers must be a whole number from 1 to 256 or auto, not 0"],
		["- cloud", "1: the document must be a map, not a list"],
		["cloud: [", "1: invalid YAML: "],
		["operator: *there", "1: invalid YAML: "],
		["freshness: 1\nfreshness: 2", "2: invalid YAML: Map keys must be unique"],
		["freshness: 1\n---\nfreshness: 2", "3: a second YAML document"],
	])("%j", (text, message) => {
		const pattern = message.replaceAll(/[[\]?]/g, "\\$&");
		expect(() => parse(text)).toThrow(new RegExp(`^/etc/guestwire/guestwire\\.yaml:${pattern}`));
	});

	test("a missing file", async () => {
		await expect(readConfig("/nowhere/guestwire.yaml")).rejects.toThrow(
			/^can't read \/nowhere\/guestwire\.yaml \(ENOENT\): correct --config$/,
		);
	});
});

test.each(["h:5432/gw", "u@h", "u@[::1]:5432/gw?sslmode=require", "/gw?host=/run/postgresql"])(
	"accepts state in postgres://%s",
	(url) => {
		expect(parse(`state: { postgres: "postgres://${url}" }`).state.postgres).toBe(`postgres://${url}`);
	},
);

test("any text gives a configuration or a one-line GuestwireError", { tags: ["slow"] }, () => {
	const value = fc.letrec((tie) => ({
		value: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), fc.dictionary(word, tie("value")), fc.array(tie("value"))),
	})).value;
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				value.map((any) => JSON.stringify(any)),
			),
			(text) => {
				try {
					expect(parse(text).freshness).toBeTypeOf("number");
				} catch (error) {
					if (!(error instanceof GuestwireError)) throw error;
					expect(error.message).toMatch(/^\/etc\/guestwire\/guestwire\.yaml:\d+: /);
				}
			},
		),
		{ numRuns: 200 },
	);
});
const word = fc.constantFrom(
	"cloud",
	"files",
	"path",
	"metadata",
	"listen",
	"identity",
	"operator",
	"state",
	"__proto__",
);

test("the documentation lists every key", () => {
	const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
	expect(text.endsWith(`\n${configurationTable()}\n`), "run npm run generate").toBe(true);
});
