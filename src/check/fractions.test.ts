import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fractionsIn } from "./fractions.ts";

describe("whole numbers that are written with a fraction", () => {
	it("are found wherever they are, as pointers", () => {
		const text = '{"links": [{"mtu": 1500.0, "vlan_id": 7, "a/b~c": 1e3}, 1.5], "x": "1.0", "y": [-0.0, 2E0]}';
		expect(fractionsIn(text)).toEqual(["/links/0/mtu", "/links/0/a~1b~0c", "/y/0", "/y/1"]);
	});

	it("are not in what JSON.stringify writes", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				const isSmall = !/\de[+-]?\d/i.test(JSON.stringify(value));
				fc.pre(isSmall);
				expect(fractionsIn(JSON.stringify(value))).toEqual([]);
			}),
		);
	});

	it("are not looked for in what is no JSON, or too deep for any client", () => {
		expect(fractionsIn("1.0}")).toEqual([]);
		expect(fractionsIn(`${"[".repeat(100_000)}1.0${"]".repeat(100_000)}`)).toEqual([]);
	});
});
