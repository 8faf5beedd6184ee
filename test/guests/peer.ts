/**
 * The other end of a guest's NIC: a host with every address. It answers ARP, neighbour solicitations, pings and DNS
 * queries for every address on every VLAN, and DHCP and router solicitations where the wiring has a server. It is
 * silent to probes for duplicate addresses. What it was asked is recorded.
 */
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import {
	addressText,
	checksum,
	type Frame,
	icmp6Packet,
	ipv4Packet,
	type Packet,
	PEER_MAC,
	packed,
	parseFrame,
	parsePacket,
	reply,
	u8,
	u16,
	u32,
	udpPacket,
} from "./frames.ts";
import { advertisement, dhcp4Answer, dhcp6Answer, dnsAnswer, ROUTER, type Servers } from "./peer-servers.ts";

export interface Peer {
	/** UDP port of this machine's loopback. Each datagram is a frame. */
	readonly port: number;
	/** `arp 192.0.2.1`, `vlan 101 ping 2001:db8::1`, `dns 192.0.2.53 probe.example.net` → how often. */
	readonly seen: ReadonlyMap<string, number>;
	close(): void;
}

/** A switch's port in a port channel: the guest's NICs on ports of one switch and key are one link. */
export interface LacpPort {
	readonly number: number;
}

const ALL_NODES = packed("ff02::1");
const BROADCAST = Buffer.alloc(6, 255);

/**
 * @param servers by VLAN; undefined is the NIC itself
 * @param lacp given, the peer speaks LACP
 */
export async function startPeer(
	servers: ReadonlyMap<number | undefined, Servers> = new Map(),
	lacp?: LacpPort,
): Promise<Peer> {
	const socket = createSocket("udp4");
	const seen = new Map<string, number>();
	socket.on("message", (bytes, from: RemoteInfo) => {
		const frame = parseFrame(bytes);
		if (frame === undefined) return;
		const note = (what: string) => {
			const text = frame.vlan === undefined ? what : `vlan ${frame.vlan} ${what}`;
			seen.set(text, (seen.get(text) ?? 0) + 1);
		};
		const answer =
			lacp !== undefined && frame.type === 0x8809
				? answerLacp(frame, lacp, note)
				: answerFrame(frame, servers.get(frame.vlan) ?? {}, note);
		if (answer !== undefined) socket.send(answer, from.port, from.address);
	});
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	return { port: socket.address().port, seen, close: () => socket.close() };
}

type Note = (what: string) => void;

function answerFrame(frame: Frame, servers: Servers, note: Note): Buffer | undefined {
	if (frame.type === 0x0806 && frame.payload.length >= 28) return answerArp(frame, note);
	const packet = parsePacket(frame);
	if (packet === undefined) return undefined;
	if (packet.protocol === 17 && packet.data.length >= 8) return answerUdp(frame, packet, servers, note);
	if (frame.type === 0x0800 && packet.protocol === 1) return answerPing(frame, packet, note);
	if (frame.type === 0x86dd && packet.protocol === 58) return answerIcmp6(frame, packet, servers, note);
	return undefined;
}

/** In IEEE 802.1AX: active, short timeout, aggregatable, in sync, collecting and distributing. */
const LACP_UP = 0x3f;
const SLOW_PROTOCOLS = Buffer.from([0x01, 0x80, 0xc2, 0, 0, 2]);

/** The peer sends back what the guest says about itself, as what it knows of its partner. */
function answerLacp(frame: Frame, { number }: LacpPort, note: Note): Buffer | undefined {
	const { payload } = frame;
	if (payload.length < 110 || payload[0] !== 1) return undefined;
	note("lacp");
	const own = Buffer.concat([u8(1, 20), u16(0x8000), PEER_MAC, u16(1, 0x80, number), u8(LACP_UP, 0, 0, 0)]);
	const partner = Buffer.concat([u8(2, 20), payload.subarray(4, 22)]);
	const rest = Buffer.concat([u8(3, 16), Buffer.alloc(14), Buffer.alloc(52)]);
	return reply(frame, Buffer.concat([u8(1, 1), own, partner, rest]), SLOW_PROTOCOLS);
}

function answerArp(frame: Frame, note: Note): Buffer | undefined {
	const sender = frame.payload.subarray(14, 18);
	const target = frame.payload.subarray(24, 28);
	if (frame.payload.readUInt16BE(6) !== 1) return undefined;
	note(`arp ${addressText(target)}`);
	const isProbe = sender.every((byte) => byte === 0);
	if (isProbe || sender.equals(target)) return undefined;
	const head = Buffer.concat([u16(1, 0x0800), u8(6, 4), u16(2)]);
	return reply(frame, Buffer.concat([head, PEER_MAC, target, frame.source, sender]));
}

function answerPing(frame: Frame, { source, destination, data }: Packet, note: Note): Buffer | undefined {
	if (data[0] !== 8) return undefined;
	note(`ping ${addressText(destination)}`);
	const rest = data.subarray(4);
	const sum = checksum(u8(0, 0, 0, 0), rest);
	return reply(frame, ipv4Packet(destination, source, 1, Buffer.concat([u8(0, 0), u16(sum), rest])));
}

function answerIcmp6(frame: Frame, packet: Packet, servers: Servers, note: Note): Buffer | undefined {
	const { source, destination, data } = packet;
	const isUnspecified = source.every((byte) => byte === 0);
	if (data[0] === 128) {
		note(`ping ${addressText(destination)}`);
		return reply(frame, icmp6Packet(destination, source, Buffer.concat([u8(129, 0, 0, 0), data.subarray(4)]), 64));
	}
	if (data[0] === 133) {
		note("router solicitation");
		if (servers.advertisement === undefined) return undefined;
		return reply(frame, icmp6Packet(ROUTER, isUnspecified ? ALL_NODES : source, advertisement(servers.advertisement)));
	}
	if (data[0] !== 135 || data.length < 24) return undefined;
	const target = data.subarray(8, 24);
	note(`ns ${addressText(target)}`);
	if (isUnspecified) return undefined;
	const answer = Buffer.concat([u8(136, 0, 0, 0), u32(0x60000000), target, u8(2, 1), PEER_MAC]);
	return reply(frame, icmp6Packet(target, source, answer));
}

function answerUdp(frame: Frame, packet: Packet, servers: Servers, note: Note): Buffer | undefined {
	const { source, destination, data } = packet;
	const [from, to] = [data.readUInt16BE(0), data.readUInt16BE(2)];
	const body = data.subarray(8);
	if (to === 53) {
		const found = dnsAnswer(body);
		if (found === undefined) return undefined;
		note(`dns ${addressText(destination)} ${found.name.toLowerCase()}`);
		return reply(frame, udpPacket(destination, 53, source, from, found.answer));
	}
	if (to === 67) {
		note("dhcp");
		const found = servers.dhcp4 && dhcp4Answer(body, servers.dhcp4);
		if (!found) return undefined;
		return reply(frame, udpPacket(found.server, 67, Buffer.alloc(4, 255), 68, found.answer), BROADCAST);
	}
	if (to === 547) {
		note("dhcp6");
		const answer = servers.dhcp6 && dhcp6Answer(body, servers.dhcp6);
		return answer && reply(frame, udpPacket(ROUTER, 547, source, 546, answer));
	}
	return undefined;
}
