import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { hasProgram } from "../../test/system/programs.ts";
import { jsonBytes, jsonText } from "./json.ts";

it("reads back as what was written, in pure ASCII", () => {
	fc.assert(
		fc.property(fc.jsonValue(), (value) => {
			const text = jsonText(value);
			expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
			// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is the claim
			expect(text).toMatch(/^[\x00-\x7f]*$/);
		}),
	);
});

it.skipIf(!hasProgram("python3"))("is what Python's json.dumps writes (apt-get install python3)", () => {
	const values = fc.sample(
		fc.jsonValue({ noUnicodeString: false }).filter((value) => !/\d[.e]/.test(JSON.stringify(value))),
		{ numRuns: 200, seed: 7 },
	);
	const program = "import json,sys\nfor line in sys.stdin: print(json.dumps(json.loads(line)))";
	const input = values.map((value) => JSON.stringify(value)).join("\n");
	const lines = execFileSync("python3", ["-c", program], { input, encoding: "utf8" }).trimEnd().split("\n");
	expect(values.map(jsonText)).toEqual(lines);
	expect(values.map((value) => Buffer.from(jsonBytes(value)).toString())).toEqual(lines);
});
