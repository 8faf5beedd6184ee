/** The servers of a peer: DNS, DHCP for both families, router advertisements. Each makes an answer of a request's bytes. */
import { PEER_LINK_LOCAL, PEER_MAC, packed, u8, u16, u32 } from "./frames.ts";

/** What a NIC's DHCP server gives. */
export interface Dhcp4 {
	/** `192.0.2.15/24` */
	readonly address: string;
	readonly gateway?: string;
	readonly dns?: readonly string[];
	/** Bytes. */
	readonly mtu?: number;
	readonly search?: string;
}

export interface Dhcp6 {
	/** Undefined: stateless. */
	readonly address?: string;
	readonly dns?: readonly string[];
}

/** What a NIC's router advertises. Without a prefix it is a router that offers nothing. */
export interface Advertisement {
	/** `2001:db8:6::`, always /64. */
	readonly prefix?: string;
	/** Addresses by SLAAC; otherwise the prefix is only on the link. */
	readonly autonomous?: boolean;
	/** Addresses by DHCPv6. */
	readonly managed?: boolean;
	/** DNS servers by DHCPv6. */
	readonly other?: boolean;
	readonly dns?: readonly string[];
}

/** The servers on a NIC's network, or on a VLAN of it. */
export interface Servers {
	readonly dhcp4?: Dhcp4;
	readonly dhcp6?: Dhcp6;
	/** Undefined: no router advertises itself, as in a network of static addresses. */
	readonly advertisement?: Advertisement;
}

/** What the peer's DNS servers know every name by. */
export const ANSWER = { 4: "198.51.100.77", 6: "2001:db8:ffff::77" } as const;

/** @returns the name that was asked for and the answer; undefined for what is no question */
export function dnsAnswer(query: Buffer): { readonly name: string; readonly answer: Buffer } | undefined {
	if (query.length < 17 || query.readUInt16BE(4) !== 1) return undefined;
	const labels: string[] = [];
	let at = 12;
	for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
		labels.push(query.toString("latin1", at + 1, at + 1 + length));
		at += 1 + length;
		if (at >= query.length) return undefined;
	}
	const type = query.readUInt16BE(at + 1);
	const question = query.subarray(12, at + 5);
	const address = type === 1 ? packed(ANSWER[4]) : type === 28 ? packed(ANSWER[6]) : undefined;
	const records =
		address === undefined ? u8() : Buffer.concat([u16(0xc00c, type, 1), u32(60), u16(address.length), address]);
	// The response has EDNS if the request had: otherwise a resolver tries again without.
	const additional = query.readUInt16BE(10) > 0 ? Buffer.concat([u8(0), u16(41, 1232), u32(0), u16(0)]) : u8();
	const counts = u16(1, address === undefined ? 0 : 1, 0, additional.length > 0 ? 1 : 0);
	const header = Buffer.concat([query.subarray(0, 2), u16(0x8180), counts]);
	return { name: labels.join("."), answer: Buffer.concat([header, question, records, additional]) };
}

const option = (code: number, value: Uint8Array) => Buffer.concat([u8(code, value.length), value]);
const nameBytes = (name: string) =>
	Buffer.concat([...name.split(".").map((label) => Buffer.concat([u8(label.length), Buffer.from(label)])), u8(0)]);

/** The server's answer to a DISCOVER or REQUEST (RFC 2131), and the address that it comes from. */
export function dhcp4Answer(
	request: Buffer,
	lease: Dhcp4,
): { readonly server: Buffer; readonly answer: Buffer } | undefined {
	const kind = readOptions(request.subarray(240)).get(53)?.[0];
	if (kind !== 1 && kind !== 3) return undefined;
	const [ip = "", bits = "24"] = lease.address.split("/");
	const mask = u32((0xffffffff << (32 - Number(bits))) >>> 0);
	const own = packed(ip);
	const server =
		lease.gateway === undefined ? Buffer.from([own[0] ?? 0, own[1] ?? 0, own[2] ?? 0, 2]) : packed(lease.gateway);
	const options = [
		option(53, u8(kind === 1 ? 2 : 5)),
		option(54, server),
		option(51, u32(86_400)),
		option(1, mask),
		...(lease.gateway === undefined ? [] : [option(3, server)]),
		...(lease.dns === undefined ? [] : [option(6, Buffer.concat(lease.dns.map(packed)))]),
		...(lease.mtu === undefined ? [] : [option(26, u16(lease.mtu))]),
		...(lease.search === undefined
			? []
			: [option(15, Buffer.from(lease.search)), option(119, nameBytes(lease.search))]),
		u8(255),
	];
	const answer = Buffer.concat([
		...[u8(2, 1, 6, 0), request.subarray(4, 8), u16(0, 0x8000), u32(0), own, server, u32(0), request.subarray(28, 44)],
		...[Buffer.alloc(192), u32(0x63825363), ...options],
	]);
	return { server, answer };
}

function readOptions(bytes: Buffer): Map<number, Buffer> {
	const options = new Map<number, Buffer>();
	for (let at = 0; at + 1 < bytes.length && bytes[at] !== 255; ) {
		const code = bytes[at] ?? 0;
		const length = bytes[at + 1] ?? 0;
		if (code !== 0) options.set(code, bytes.subarray(at + 2, at + 2 + length));
		at += code === 0 ? 1 : 2 + length;
	}
	return options;
}

const option6 = (code: number, value: Uint8Array) => Buffer.concat([u16(code, value.length), value]);
const SERVER_ID = Buffer.concat([u16(3, 1), PEER_MAC]);

/** The answer to a DHCPv6 message (RFC 8415): ADVERTISE to SOLICIT, REPLY to the rest. */
export function dhcp6Answer(request: Buffer, lease: Dhcp6): Buffer | undefined {
	const kind = request[0] ?? 0;
	if (![1, 3, 4, 5, 6, 11].includes(kind)) return undefined;
	const asked = new Map<number, Buffer>();
	for (let at = 4; at + 4 <= request.length; at += 4 + request.readUInt16BE(at + 2)) {
		asked.set(request.readUInt16BE(at), request.subarray(at + 4, at + 4 + request.readUInt16BE(at + 2)));
	}
	const client = asked.get(1);
	const association = asked.get(3);
	const parts = [u8(kind === 1 && !asked.has(14) ? 2 : 7), request.subarray(1, 4), option6(2, SERVER_ID)];
	if (client !== undefined) parts.push(option6(1, client));
	if (kind === 1 && asked.has(14)) parts.push(option6(14, u8()));
	if (association !== undefined && lease.address !== undefined) {
		const address = option6(5, Buffer.concat([packed(lease.address), u32(43_200, 86_400)]));
		parts.push(option6(3, Buffer.concat([association.subarray(0, 4), u32(21_600, 34_560), address])));
	}
	if (lease.dns !== undefined) parts.push(option6(23, Buffer.concat(lease.dns.map(packed))));
	return Buffer.concat(parts);
}

/** A router advertisement (RFC 4861, RFC 8106) from the peer's link-local address. */
export function advertisement(one: Advertisement): Buffer {
	const flags = (one.managed === true ? 0x80 : 0) | (one.other === true ? 0x40 : 0);
	const offers = one.prefix !== undefined || flags !== 0;
	const parts = [u8(134, 0, 0, 0, 64, flags), u16(offers ? 1800 : 0), u32(0, 0), u8(1, 1), PEER_MAC];
	if (one.prefix !== undefined) {
		const prefix = [u8(3, 4, 64, one.autonomous === true ? 0xc0 : 0x80), u32(86_400, 14_400, 0), packed(one.prefix)];
		parts.push(...prefix);
	}
	if (one.dns !== undefined) {
		parts.push(u8(25, 1 + 2 * one.dns.length), u16(0), u32(1800), ...one.dns.map(packed));
	}
	return Buffer.concat(parts);
}

/** Where the advertisement comes from: a default route's gateway. */
export const ROUTER = PEER_LINK_LOCAL;
