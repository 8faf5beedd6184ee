/** Ethernet, IP, UDP and ICMPv6 as far as a peer needs them. All numbers are in network byte order. */
import ipaddr from "ipaddr.js";

export const PEER_MAC = Buffer.from([2, 0, 0, 0, 0, 1]);
export const PEER_LINK_LOCAL = packed("fe80::1");

/** An address's bytes. */
export function packed(address: string): Buffer {
	return Buffer.from(ipaddr.parse(address).toByteArray());
}

export function addressText(bytes: Uint8Array): string {
	return ipaddr.fromByteArray([...bytes]).toString();
}

export const u8 = (...values: number[]) => Buffer.from(values);

export function u16(...values: number[]): Buffer {
	const buffer = Buffer.alloc(2 * values.length);
	for (const [i, value] of values.entries()) buffer.writeUInt16BE(value, 2 * i);
	return buffer;
}

export function u32(...values: number[]): Buffer {
	const buffer = Buffer.alloc(4 * values.length);
	for (const [i, value] of values.entries()) buffer.writeUInt32BE(value, 4 * i);
	return buffer;
}

/** The Internet checksum, RFC 1071. */
export function checksum(...parts: Uint8Array[]): number {
	const bytes = Buffer.concat(parts);
	let sum = 0;
	for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
	while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
	return ~sum & 0xffff;
}

/** A received frame, VLAN tags taken off. */
export interface Frame {
	readonly source: Buffer;
	readonly type: number;
	readonly payload: Buffer;
	/** The tags as they were on the wire. */
	readonly tags: Buffer;
	readonly vlan: number | undefined;
}

/** Undefined for a frame that is too short. */
export function parseFrame(bytes: Buffer): Frame | undefined {
	let at = 12;
	let vlan: number | undefined;
	while (bytes.length >= at + 4 && bytes.readUInt16BE(at) === 0x8100) {
		vlan = bytes.readUInt16BE(at + 2) & 0xfff;
		at += 4;
	}
	if (bytes.length < at + 2) return undefined;
	return {
		source: bytes.subarray(6, 12),
		tags: bytes.subarray(12, at),
		vlan,
		type: bytes.readUInt16BE(at),
		payload: bytes.subarray(at + 2),
	};
}

/** The answer to a frame, with its tags. */
export function reply(to: Frame, payload: Buffer, destination: Uint8Array = to.source): Buffer {
	return Buffer.concat([destination, PEER_MAC, to.tags, u16(to.type), payload]);
}

export function ipv4Packet(source: Buffer, destination: Buffer, protocol: number, data: Buffer): Buffer {
	const header = Buffer.concat([u8(0x45, 0), u16(20 + data.length, 0, 0), u8(64, protocol, 0, 0), source, destination]);
	header.writeUInt16BE(checksum(header), 10);
	return Buffer.concat([header, data]);
}

export function ipv6Packet(source: Buffer, destination: Buffer, next: number, data: Buffer, hops = 255): Buffer {
	return Buffer.concat([u32(0x60000000), u16(data.length), u8(next, hops), source, destination, data]);
}

const pseudoHeader6 = (source: Buffer, destination: Buffer, next: number, length: number) =>
	Buffer.concat([source, destination, u32(length), u8(0, 0, 0, next)]);

/** An ICMPv6 message in its packet; the message's checksum is filled in. */
export function icmp6Packet(source: Buffer, destination: Buffer, message: Buffer, hops = 255): Buffer {
	const data = Buffer.from(message);
	data.writeUInt16BE(0, 2);
	data.writeUInt16BE(checksum(pseudoHeader6(source, destination, 58, data.length), data), 2);
	return ipv6Packet(source, destination, 58, data, hops);
}

/** A UDP datagram in a packet of the addresses' family. */
export function udpPacket(source: Buffer, sourcePort: number, destination: Buffer, port: number, data: Buffer): Buffer {
	const datagram = Buffer.concat([u16(sourcePort, port, 8 + data.length, 0), data]);
	if (source.length === 4) return ipv4Packet(source, destination, 17, datagram);
	const sum = checksum(pseudoHeader6(source, destination, 17, datagram.length), datagram);
	datagram.writeUInt16BE(sum === 0 ? 0xffff : sum, 6);
	return ipv6Packet(source, destination, 17, datagram);
}

/** A received IP packet. */
export interface Packet {
	readonly source: Buffer;
	readonly destination: Buffer;
	readonly protocol: number;
	readonly data: Buffer;
}

/** Undefined for what is no whole packet without extension headers. */
export function parsePacket({ type, payload }: Frame): Packet | undefined {
	if (type === 0x0800 && payload.length >= 20) {
		const start = ((payload[0] ?? 0) & 15) * 4;
		const data = payload.subarray(start, payload.readUInt16BE(2));
		return { source: payload.subarray(12, 16), destination: payload.subarray(16, 20), protocol: payload[9] ?? 0, data };
	}
	if (type === 0x86dd && payload.length >= 40) {
		const data = payload.subarray(40, 40 + payload.readUInt16BE(4));
		return { source: payload.subarray(8, 24), destination: payload.subarray(24, 40), protocol: payload[6] ?? 0, data };
	}
	return undefined;
}
