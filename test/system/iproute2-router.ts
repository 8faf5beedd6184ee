import ipaddr from "ipaddr.js";
import type { NetworkData, NetworkEntry, Route } from "../../src/documents/network-data.ts";
import { connect, type Machine, runAll, startMachine } from "./iproute2-machines.ts";

/** Beyond every default route. */
export const FAR = { 4: "198.18.0.1", 6: "2001:2::1" } as const;
/** What the router's DNS server knows: FAR's addresses. */
export const FAR_NAME = "far.example";

/**
 * The other end of a document's cables: a router with every gateway's address, the targets of the host routes, the DNS
 * servers, and something far away. The guest's NICs are called nic0, nic1 …, in the document's order.
 *
 * @param server arguments of dnsmasq beside those that make it a DNS server
 * @param commands what the router has beside what the document tells
 */
export async function startRouter(
	data: NetworkData,
	guest: Machine,
	server: readonly string[] = [],
	commands: readonly string[] = [],
): Promise<Machine> {
	const router = await startMachine("debian");
	const nics = data.links.filter((link) => link.type !== "bond" && link.type !== "vlan");
	for (const [i, nic] of nics.entries()) await connect(router, `lan${i}`, guest, `nic${i}`, nic.ethernet_mac_address);
	await runAll(router, [
		// Otherwise its neighbor advertisements say that it is no router, and a guest drops its default route (RFC 4861, 7.2.5).
		"echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
		"ip link set dev lo up",
		...Object.values(FAR).map((address) => `ip addr replace ${address} dev lo`),
		...nics.flatMap((nic, i) => portCommands(data, nic, `lan${i}`)),
		...commands,
		`dnsmasq --conf-file=/dev/null --user=root --no-resolv --no-hosts --pid-file=/run/dnsmasq.pid ${[
			...Object.values(FAR).map((address) => `--host-record=${FAR_NAME},${address}`),
			...server,
		].join(" ")}`,
	]);
	return router;
}

function portCommands(data: NetworkData, nic: { id: string; mtu?: number }, port: string): string[] {
	const entries = data.networks.filter((entry) => entry.link === nic.id);
	return [
		`ip link set dev ${port} mtu ${nic.mtu ?? 1500} up`,
		...entries.flatMap((entry) => entryCommands(entry, port)),
	];
}

function entryCommands(entry: NetworkEntry, port: string): string[] {
	const add = (address: string) => `ip addr replace ${address} dev ${port} ${address.includes(":") ? "nodad" : ""}`;
	const subnet = entry.netmask === undefined ? undefined : prefixLength(entry.netmask);
	return [
		// A server in the subnet is asked on the link, another through a gateway: the router is both.
		...(entry.services ?? []).map(({ address }) => add(address)),
		...(entry.routes ?? []).filter(isOnLink).map((route) => add(targetOf(route))),
		...(entry.routes ?? [])
			.filter((route) => !isOnLink(route))
			.flatMap((route) => [
				add(isInSubnet(route.gateway, entry) ? `${route.gateway}/${subnet}` : route.gateway),
				...(prefixLength(route.netmask) > 0 ? [`ip addr replace ${targetOf(route)} dev lo`] : []),
			]),
		// For the way back, when the gateway is outside the subnet.
		...(entry.ip_address === undefined ? [] : [`ip route replace ${entry.ip_address} dev ${port}`]),
	];
}

/** Whether no router leads to the destination. */
export function isOnLink({ gateway }: Route): boolean {
	return gateway === "0.0.0.0" || gateway === "::";
}

/** An address that only this route leads to. */
export function targetOf(route: Route): string {
	const bytes = ipaddr.parse(route.network).toByteArray();
	const last = bytes.length - 1;
	const isHost = prefixLength(route.netmask) === bytes.length * 8;
	return ipaddr.fromByteArray(bytes.with(last, (bytes[last] ?? 0) | (isHost ? 0 : 1))).toString();
}

/** Bits of a netmask. */
export function prefixLength(netmask: string): number {
	return ipaddr.parse(netmask).prefixLengthFromSubnetMask() ?? Number.NaN;
}

function isInSubnet(address: string, { ip_address, netmask }: NetworkEntry): boolean {
	if (ip_address === undefined || netmask === undefined) return false;
	const parsed = ipaddr.parse(address);
	const own = ipaddr.parse(ip_address);
	return parsed.kind() === own.kind() && parsed.match(own, prefixLength(netmask));
}
