import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, it } from "vitest";
import { type Cidr, parseCidr } from "./addresses.ts";
import { createCidrMap } from "./cidr-map.ts";

/** Addresses and prefixes that are often alike. */
const bytes = (length: number) =>
	fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: length, maxLength: length });
const address = fc
	.constantFrom(4, 16)
	.chain(bytes)
	.map((all) => ipaddr.fromByteArray(all));
const cidr = fc
	.tuple(address, fc.nat(128))
	.map(([base, length]) => parseCidr(`${base}/${base.kind() === "ipv4" ? length % 33 : length}`) as Cidr);

it("finds the CIDRs that contain an address as ipaddr.js does", () => {
	fc.assert(
		fc.property(fc.array(cidr), address, (cidrs, one) => {
			const map = createCidrMap<string>();
			const textOf = ({ network, prefixLength }: Cidr) => `${network}/${prefixLength}`;
			for (const each of cidrs) map.set(each, textOf(each));
			for (const each of cidrs) expect(map.get(each)).toBe(textOf(each));
			const contains = (text: string) => {
				const [network, length] = ipaddr.parseCIDR(text);
				return network.kind() === one.kind() && one.match(network, length);
			};
			const text = one instanceof ipaddr.IPv6 ? one.toRFC5952String() : one.toString();
			expect(new Set(map.containing(text))).toEqual(new Set(cidrs.map(textOf).filter(contains)));
		}),
	);
});
