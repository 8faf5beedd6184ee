import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findOwner, plainAddress, portQuery } from "./port-owner.ts";

const octet = fc.nat(255);
const hex = (byte: number) => byte.toString(16).padStart(2, "0");

describe("a source", () => {
	it("that is link-local is looked for by the MAC address that its interface id was made from", () => {
		fc.assert(
			fc.property(
				fc.tuple(octet, octet, octet, octet, octet, octet),
				fc.constantFrom("", "%eth0"),
				([a, b, c, d, e, f], zone) => {
					// RFC 4291, appendix A, written out: the inverted universal bit, and fffe in the middle.
					const address = `fe80::${hex(a ^ 2)}${hex(b)}:${hex(c)}ff:fe${hex(d)}:${hex(e)}${hex(f)}${zone}`;
					expect(portQuery(address)).toEqual({ macAddress: [a, b, c, d, e, f].map(hex).join(":") });
				},
			),
		);
	});

	it("that is link-local and contains no MAC address says so", () => {
		expect(portQuery("fe80::1")).toBe("no-mac");
		expect(portQuery("fe80::1234:5678:9abc:def0")).toBe("no-mac");
	});

	it("is the IPv4 address inside an IPv4-mapped one, however that is written", () => {
		fc.assert(
			fc.property(fc.tuple(octet, octet, octet, octet), ([a, b, c, d]) => {
				const address = [a, b, c, d].join(".");
				const mapped = [
					`::ffff:${address}`,
					`::FFFF:${hex(a)}${hex(b)}:${hex(c)}${hex(d)}`,
					`0:0:0:0:0:ffff:${address}`,
				];
				for (const text of [address, ...mapped]) expect(portQuery(text)).toEqual({ address });
			}),
		);
	});

	it("is canonical", () => {
		expect(portQuery("2001:DB8:0:0:0:0:0:1")).toEqual({ address: "2001:db8::1" });
		expect(portQuery("169.254.1.2")).toEqual({ address: "169.254.1.2" });
	});

	it.each([
		"",
		"10.1",
		"010.0.0.1",
		"0x7f.0.0.1",
		"10.0.0.1.",
		"10.0.0.256",
		"10.0.0.1/24",
		"::g",
		"10.0.0.1, 10.0.0.2",
		"localhost",
	])("is not %j", (text) => {
		expect(plainAddress(text)).toBeUndefined();
		expect(portQuery(text)).toBe("invalid");
	});
});

describe("the owner of a source", () => {
	const query = { address: "10.0.0.5", networkId: "n1" };

	it("is one instance, however many of its ports match", async () => {
		const instances = {
			owners: async ({ networkId = "" }) => [{ id: "a", ...(networkId === "n1" && { projectId: "p" }), networkId }],
		};
		expect(await findOwner(instances, [query, { ...query, networkId: "n2" }], false)).toEqual({
			id: "a",
			constraints: [{ projectId: "p", port: query }, { port: { ...query, networkId: "n2" } }],
		});
	});

	it("must have its port on the network that matched, even if no network was given", async () => {
		const instances = { owners: async () => [{ id: "a", networkId: "n1" }] };
		expect(await findOwner(instances, [{ address: "10.0.0.5", routerId: "r" }], false)).toMatchObject({
			constraints: [{ port: query }],
		});
	});

	it("is absent if two instances match, even on different networks", async () => {
		const instances = { owners: async ({ networkId = "" }) => [{ id: networkId, networkId }] };
		const refused = await findOwner(instances, [query, { ...query, networkId: "n2" }], false);
		expect(refused).toMatchObject({ reason: "several-owners", detail: expect.stringContaining("n1, n2") });
	});

	it("is absent if there is no network to search", async () => {
		expect(await findOwner({ owners: async () => [{ id: "a", networkId: "n1" }] }, [], false)).toMatchObject({
			reason: "no-owner",
		});
	});
});
