import fc from "fast-check";
import { expect, it } from "vitest";
import { parseInOrder, plainKey, stringifyInOrder } from "./key-order.ts";

const keysOf = (value: unknown) => Object.keys(value as object).map(plainKey);

it("keeps the order of keys, which JSON.parse does not", () => {
	const text = '{"web":1,"10":2, "9" : 3,"0":4,"007":5,"4294967295":6,"1":{"b":1,"2":2}}';
	const expected = ["web", "10", "9", "0", "007", "4294967295", "1"];
	expect(Object.keys(JSON.parse(text))).not.toEqual(expected);
	const value = parseInOrder(text);
	expect(keysOf(value)).toEqual(expected);
	expect(keysOf(Object.values(value as object).at(-1))).toEqual(["b", "2"]);
});

it("leaves strings as they are", () => {
	const values = ['"1":', '\\"1":', '","1":2,"', "1", "\u0001"].map((text) => [text, { [text]: text }]);
	expect(parseInOrder(JSON.stringify(values))).toEqual([...values.slice(0, 3), ["1", { "\u00011": "1" }], values[4]]);
	expect(() => parseInOrder('{"1":')).toThrow(SyntaxError);
});

it("is undone by stringifyInOrder", () => {
	const key = fc.oneof(fc.nat(20).map(String), fc.string(), fc.constantFrom('"1":', '\\"1', "__proto__"));
	const text = fc.array(fc.tuple(key, fc.oneof(fc.string(), key))).map((members) => {
		const unique = new Map(members.filter(([name]) => !name.startsWith("\u0001")));
		return `{${Array.from(unique, (pair) => pair.map((part) => JSON.stringify(part)).join(":")).join(",")}}`;
	});
	fc.assert(
		fc.property(text, (each) => {
			expect(stringifyInOrder(parseInOrder(each))).toBe(each);
		}),
	);
});
