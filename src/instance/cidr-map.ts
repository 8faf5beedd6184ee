import ipaddr from "ipaddr.js";
import { getOrInsert } from "../get-or-insert.ts";
import { addressVersion, type Cidr } from "./addresses.ts";

/** Values by CIDR. The CIDRs that contain an address are found as fast among thousands of them as among a few. */
export interface CidrMap<V> {
	get(cidr: Cidr): V | undefined;
	set(cidr: Cidr, value: V): void;
	/** The values of all CIDRs that contain a canonical address. */
	containing(address: string): V[];
}

export function createCidrMap<V>(): CidrMap<V> {
	/** By version, length of the prefix, and the prefix's bits. */
	const tables = { 4: new Map<number, Map<string, V>>(), 6: new Map<number, Map<string, V>>() };
	const prefixOf = ({ network, prefixLength }: Cidr) => bitsOf(network).slice(0, prefixLength);
	return {
		get: (cidr) => tables[cidr.version].get(cidr.prefixLength)?.get(prefixOf(cidr)),
		set(cidr, value) {
			const table = getOrInsert(tables[cidr.version], cidr.prefixLength, () => new Map<string, V>());
			table.set(prefixOf(cidr), value);
		},
		containing(address) {
			const bits = bitsOf(address);
			const found: V[] = [];
			for (const [length, table] of tables[addressVersion(address)]) {
				const value = table.get(bits.slice(0, length));
				if (value !== undefined) found.push(value);
			}
			return found;
		},
	};
}

const BITS_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(2).padStart(8, "0"));

/** A canonical address as zeros and ones. */
function bitsOf(address: string): string {
	const bytes = addressVersion(address) === 4 ? address.split(".") : ipaddr.IPv6.parse(address).toByteArray();
	let bits = "";
	for (const byte of bytes) bits += BITS_OF_BYTE[Number(byte)];
	return bits;
}
