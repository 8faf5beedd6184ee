import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import {
	canonicalAddress,
	canonicalMac,
	cidrContains,
	eui64Mac,
	isHostAddress,
	isUnicast,
	netmask,
	parseCidr,
} from "./addresses.ts";

it.each([
	["2001:DB8:0:0::1", "2001:db8::1"],
	["10.0.0.1", "10.0.0.1"],
	["10.0.1", undefined],
	["0x0a.0.0.1", undefined],
	["fe80::1%eth0", undefined],
	["", undefined],
])("address %s is %s", (text, canonical) => {
	expect(canonicalAddress(text)).toBe(canonical);
});

it.each([
	["10.2.3.4/16", { version: 4, network: "10.2.0.0", prefixLength: 16 }],
	["2001:db8::7/64", { version: 6, network: "2001:db8::", prefixLength: 64 }],
	["10.0.0.0/33", undefined],
	["10.0.0.0", undefined],
	["/8", undefined],
	["10.0.0.0/8x", undefined],
])("CIDR %s", (text, cidr) => {
	expect(parseCidr(text)).toEqual(cidr);
});

it.each([
	[4, 20, "255.255.240.0"],
	[4, 0, "0.0.0.0"],
	[4, 32, "255.255.255.255"],
	[6, 64, "ffff:ffff:ffff:ffff::"],
	[6, 48, "ffff:ffff:ffff::"],
	[6, 0, "::"],
	[6, 112, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0"],
	[6, 128, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
] as const)("the mask of IPv%d /%d is %s", (version, bits, mask) => {
	expect(netmask(version, bits)).toBe(mask);
});

it("an address is in its own network, whatever the prefix", () => {
	fc.assert(
		fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat({ max: 128 }), (text, bits) => {
			const address = canonicalAddress(text);
			if (address === undefined) return;
			const cidr = parseCidr(`${address}/${address.includes(":") ? bits : bits % 33}`);
			expect(cidr && cidrContains(cidr, address)).toBe(true);
		}),
	);
});

describe("MAC addresses", () => {
	it.each([
		["FA-16-3E-00-00-01", "fa:16:3e:00:00:01"],
		["fa:16:3e:00:00", undefined],
		[`80:00:02:08:fe:80${":00".repeat(14)}`, `80:00:02:08:fe:80${":00".repeat(14)}`],
	])("%s is %s", (text, mac) => {
		expect(canonicalMac(text)).toBe(mac);
	});

	it.each([
		["fe80::f816:3eff:fe00:9", "fa:16:3e:00:00:09"],
		["2001:db8:4:1:f816:3eff:fe00:d", "fa:16:3e:00:00:0d"],
		["fe80::1", undefined],
		["10.0.0.1", undefined],
	])("inside %s is %s", (address, mac) => {
		expect(eui64Mac(address)).toBe(mac);
	});
});

it("knows the addresses of hosts by ipaddr.js's ranges", () => {
	const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 127, 224, 239, 240, 255));
	fc.assert(
		fc.property(
			fc.oneof(fc.array(byte, { minLength: 4, maxLength: 4 }), fc.array(byte, { minLength: 16, maxLength: 16 })),
			(bytes) => {
				const range = ipaddr.fromByteArray(bytes).range();
				const text = canonicalAddress(ipaddr.fromByteArray(bytes).toString()) ?? "";
				expect(isUnicast(text)).toBe(!["unspecified", "multicast", "broadcast"].includes(range));
				expect(isHostAddress(text)).toBe(isUnicast(text) && !["loopback", "ipv4Mapped"].includes(range));
			},
		),
		{ numRuns: 2000 },
	);
});
