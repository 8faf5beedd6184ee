import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { hasProgram } from "../../test/system/programs.ts";
import { pythonJson } from "./python-json.ts";

/** Input, and what Python 3.11 printed for `json.dumps(json.loads(input))`. */
const RECORDED: readonly (readonly [input: string, output: string])[] = [
	['{"a":1.0,"10":1,"2":[],"1":{}}', '{"a": 1.0, "10": 1, "2": [], "1": {}}'],
	["[123456789012345678901, -9007199254740993]", "[123456789012345678901, -9007199254740993]"],
	[
		"[1e16,1E15,-0,-0.0,0.10,1e-5,0.0001,1e22,5e-324]",
		"[1e+16, 1000000000000000.0, 0, -0.0, 0.1, 1e-05, 0.0001, 1e+22, 5e-324]",
	],
	[
		"[1.7976931348623157e308, 123456789012345.6e1, 9999999999999998.0]",
		"[1.7976931348623157e+308, 1234567890123456.0, 9999999999999998.0]",
	],
	['{"a": 1, "b": 2, "a": 3}', '{"a": 3, "b": 2}'],
	[
		'"\\/ \\u00e9 \u00e9 \\ud83d\\ude00 \\ud800 \u007f \\u0001 \\""',
		'"/ \\u00e9 \\u00e9 \\ud83d\\ude00 \\ud800 \\u007f \\u0001 \\""',
	],
	[' { "\\"}:," : [ true , false , null , "" , "[" ] } \n', '{"\\"}:,": [true, false, null, "", "["]}'],
	['{"__proto__": {"x": 1}}', '{"__proto__": {"x": 1}}'],
];

it.each(RECORDED)("%s", (input, output) => expect(pythonJson(input)).toBe(output));

it.each([
	"",
	"{",
	"[1,]",
	"{'a': 1}",
	"01",
	"NaN",
	'"\n"',
	"[1] 2",
	"[".repeat(100_000),
	"[".repeat(600) + "]".repeat(600),
])("not JSON: %s", (text) => expect(() => pythonJson(text)).toThrow(SyntaxError));

it.skipIf(!hasProgram("python3"))("is what Python writes (apt-get install python3)", () => {
	const number = fc.oneof(
		fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
		fc.bigInt().map(String),
		fc.tuple(fc.integer(), fc.nat(99), fc.integer({ min: -20, max: 20 })).map(([a, b, e]) => `${a}.${b}e${e}`),
	);
	const string = fc.string({ unit: "binary" }).map((text) => JSON.stringify(text));
	const key = fc.oneof(
		fc.nat(20).map((n) => `"${n}"`),
		string,
	);
	const { value } = fc.letrec<{ value: string }>((tie) => ({
		value: fc.oneof(
			{ depthSize: "small" },
			number,
			string,
			fc.constantFrom("true", "false", "null"),
			fc.array(tie("value")).map((items) => `[${items.join(",")}]`),
			fc.array(fc.tuple(key, tie("value"))).map((members) => `{${members.map((pair) => pair.join(" :")).join(", ")}}`),
		),
	}));
	const texts = [...fc.sample(value, { numRuns: 500, seed: 14 }), ...RECORDED.map(([input]) => input.trim())];
	const program = "import json,sys\nfor line in sys.stdin: print(json.dumps(json.loads(line)))";
	const lines = execFileSync("python3", ["-c", program], { input: texts.join("\n"), encoding: "utf8" });
	expect(texts.map(pythonJson)).toEqual(lines.trimEnd().split("\n"));
});
