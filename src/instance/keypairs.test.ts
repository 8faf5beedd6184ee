import { describe, expect, it } from "vitest";
import { turnsDuring } from "../../test/turns.ts";
import { findInvalidSshKey, keyNamesOf, splitKeypairs } from "./keypairs.ts";

const [one, two] = ["ssh-ed25519 AAAA", 'from="10.0.0.0/8" ecdsa-sha2-nistp256 BBBB== two@example.org'];
const pair = (publicKey: string, name = "team", type = "ssh") => ({ name, type, publicKey });
const namesAndKeys = (...keypairs: Parameters<typeof splitKeypairs>[0]) =>
	splitKeypairs(keypairs).map(({ name, publicKey }) => [name, publicKey]);

describe("splitKeypairs", () => {
	it("leaves a single key as Nova has it", () => {
		expect(namesAndKeys(pair(`${one}\n`))).toEqual([["team", `${one}\n`]]);
	});

	it.each(["\n", "\r\n", "\n\n# a comment\n"])("makes an entry of each key, split at %j", (separator) => {
		expect(namesAndKeys(pair(`${one}${separator}${two}\n`))).toEqual([
			["team", one],
			["team-2", two],
		]);
	});

	it("gives no two entries the same name", () => {
		expect(namesAndKeys(pair(`${one}\n${two}`), pair(one, "team-2")).map(([name]) => name)).toEqual([
			"team",
			"team-3",
			"team-2",
		]);
	});

	it.each([
		["a certificate", pair("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "team", "x509")],
		["lines that are not all keys", pair(`${one}\nBBBB`)],
	])("does not split %s", (_, facts) => {
		expect(namesAndKeys(facts)).toEqual([["team", facts.publicKey]]);
	});
});

describe("findInvalidSshKey", () => {
	it("finds the line that is not a key", () => {
		expect(findInvalidSshKey(`${one}\n${two}\n`)).toBeUndefined();
		expect(findInvalidSshKey(`${one}\nBBBB\n`)).toBe("BBBB");
	});

	it("keeps nobody waiting, whatever a key's comment is", async () => {
		const key = `${one}${" a".repeat(500_000)}\u2028`;
		const { longest } = await turnsDuring(async () => {
			expect(findInvalidSshKey(`${key}\n${key}=\n`)).toBeUndefined();
		});
		expect(longest).toBeLessThan(1000);
	});
});

describe("keyNamesOf", () => {
	it.each([
		[undefined, []],
		[null, []],
		["", []],
		["a", ["a"]],
		[
			["a", "b"],
			["a", "b"],
		],
	])("%j", (key_name, names) => {
		expect(keyNamesOf(key_name === undefined ? {} : { key_name })).toEqual(names);
	});
});
