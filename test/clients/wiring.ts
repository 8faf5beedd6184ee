/** A wiring: an inventory with one instance, the document that Guestwire makes of it, and what its networks' servers give. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import ipaddr from "ipaddr.js";
import { parse } from "yaml";
import type { NetworkData } from "../../src/documents/network-data.ts";
import type { Dhcp4, Servers } from "../guests/peer-servers.ts";
import { type Lease, type WantedLink, wantedLinks } from "./wanted.ts";

export interface Wiring {
	/** The instance's id is the same. */
	readonly name: string;
	readonly inventory: string;
	/** Undefined: the instance has no port. */
	readonly document: NetworkData | undefined;
	readonly wanted: readonly WantedLink[];
	/** MAC addresses of the NICs, in order. */
	readonly nics: readonly string[];
	/** MAC address of a port → the servers on its network. */
	readonly servers: Readonly<Record<string, Servers>>;
	/** Each subnet with its gateway, or another address where it has none. */
	readonly subnets: readonly { readonly cidr: string; readonly gateway: string; readonly hasGateway: boolean }[];
	/** Ids of the ports' networks, in order. */
	readonly networks: readonly string[];
	/** NICs with an IPv4 address, static or not. */
	readonly leases4: readonly Lease4[];
}

export interface Lease4 {
	readonly mac: string;
	readonly address: string;
	readonly mtu: number | undefined;
	readonly dns: readonly string[];
	readonly search: string | undefined;
}

const ROOT = join(import.meta.dirname, "../..");
export const NODE = join(ROOT, "node_modules/.bin/node");

export const MAIN = join(ROOT, "src/cli/main.ts");

/** Runs Guestwire's command line in a process of its own. Rejects when it fails. */
export async function guestwire(...args: string[]): Promise<string> {
	const { stdout } = await promisify(execFile)(NODE, [MAIN, ...args], { maxBuffer: 2 ** 26 });
	return stdout;
}

/** Puts another document on a config drive. */
export async function replaceDocument(drive: string, document: NetworkData): Promise<void> {
	const file = `${drive}.json`;
	await writeFile(file, JSON.stringify(document));
	await guestwire("config-drive", "--patch", drive, "--replace", `network_data.json=${file}`, "-o", drive, "--force");
}

/**
 * The document without the name servers that cloud-init before 23.2 reads where there are search domains. It is what the
 * tests of clients and guests must not accept.
 */
export function withoutNameServers({ document }: Wiring): NetworkData {
	if (document === undefined) throw new Error("the wiring has no document");
	const networks = document.networks.map(({ dns_nameservers: _, ...entry }) => entry);
	return { ...document, networks: networks as NetworkData["networks"] };
}

export async function loadWiring(name: string): Promise<Wiring> {
	const inventory = join(import.meta.dirname, "wirings", `${name}.yaml`);
	const facts = readFacts(await readFile(inventory, "utf8"));
	const document: NetworkData | undefined =
		facts.ports.length === 0 ? undefined : JSON.parse(await guestwire("show", name, "--inventory", inventory));
	const given = facts.ports.map((port) => [port.mac_address, serversOf(port, facts)] as const);
	const leases = Object.fromEntries(given.map(([mac, one]) => [mac, one.lease]));
	const nics = (document?.links ?? []).flatMap((link) => (isNic(link) ? [link.ethernet_mac_address] : []));
	return {
		name,
		inventory,
		document,
		wanted: document === undefined ? [] : wantedLinks(document, leases),
		nics,
		servers: Object.fromEntries(given.map(([mac, one]) => [mac, one.servers])),
		subnets: facts.subnets.map(({ cidr, gateway_ip }) => ({
			cidr,
			gateway: gateway_ip ?? cidr.replace(/(\.0|::)\/.*$/, (_, end) => (end === "::" ? "::2" : ".2")),
			hasGateway: gateway_ip !== undefined,
		})),
		networks: facts.ports.map(({ network_id }) => network_id),
		leases4: nics.flatMap((mac) =>
			lease4(
				facts.ports.find((port) => port.mac_address === mac),
				facts,
			),
		),
	};
}

function isNic(link: NetworkData["links"][number]): link is Extract<typeof link, { ethernet_mac_address: string }> {
	return link.type !== "bond" && link.type !== "vlan";
}

interface Port {
	readonly mac_address: string;
	readonly network_id: string;
	readonly fixed_ips?: readonly { readonly ip_address: string; readonly subnet_id?: string }[];
}
interface Subnet {
	readonly id: string;
	readonly network_id: string;
	readonly cidr: string;
	readonly gateway_ip?: string;
	readonly enable_dhcp?: boolean;
	readonly ipv6_address_mode?: string;
	readonly dns_nameservers?: readonly string[];
}
interface Facts {
	readonly ports: readonly Port[];
	readonly subnets: readonly Subnet[];
	readonly networks: readonly { readonly id: string; readonly mtu?: number; readonly dns_domain?: string }[];
}

function readFacts(text: string): Facts {
	const file = parse(text);
	const all = (plural: string, singular: string) => [
		...(file[plural] ?? []),
		...(file[singular] ? [file[singular]] : []),
	];
	return { ports: all("ports", "port"), subnets: all("subnets", "subnet"), networks: all("networks", "network") };
}

/** As Neutron's DHCP agent and router serve a port's subnets, and what a guest has of it. */
function serversOf(port: Port, facts: Facts): { readonly servers: Servers; readonly lease: Lease } {
	const network = facts.networks.find(({ id }) => id === port.network_id);
	const addresses: string[] = [];
	const routes: string[] = [];
	let servers: Servers = {};
	const served = new Set<string>();
	for (const { ip_address, subnet_id } of port.fixed_ips ?? []) {
		const subnet = facts.subnets.find((one) => isSubnetOf(one, port.network_id, ip_address, subnet_id));
		if (subnet === undefined || subnet.enable_dhcp === false || served.has(subnet.id)) continue;
		served.add(subnet.id);
		const [prefix = "", bits = ""] = subnet.cidr.split("/");
		const dns = subnet.dns_nameservers;
		if (prefix.includes(":")) {
			const mode = subnet.ipv6_address_mode ?? "dhcpv6-stateful";
			const isManaged = mode === "dhcpv6-stateful";
			servers = {
				...servers,
				advertisement: {
					prefix,
					autonomous: !isManaged,
					managed: isManaged,
					other: !isManaged && mode !== "slaac",
					...(dns && { dns }),
				},
				...(mode !== "slaac" && { dhcp6: { ...(isManaged && { address: ip_address }), ...(dns && { dns }) } }),
			};
			addresses.push(`${ipaddr.parse(ip_address)}/${isManaged ? 128 : bits}`);
			routes.push("::/0 via fe80::1");
		} else {
			const dhcp4: Dhcp4 = {
				address: `${ip_address}/${bits}`,
				...(subnet.gateway_ip && { gateway: subnet.gateway_ip }),
				...(dns && { dns }),
				...(network?.mtu && { mtu: network.mtu }),
				...(network?.dns_domain && { search: network.dns_domain.replace(/\.$/, "") }),
			};
			servers = { ...servers, dhcp4 };
			addresses.push(`${ip_address}/${bits}`);
			if (subnet.gateway_ip) routes.push(`0.0.0.0/0 via ${subnet.gateway_ip}`);
		}
	}
	return { servers, lease: { addresses, routes } };
}

function lease4(port: Port | undefined, { networks, subnets }: Facts): Lease4[] {
	if (port === undefined) return [];
	const network = networks.find(({ id }) => id === port.network_id);
	const address = port.fixed_ips?.find(({ ip_address }) => !ip_address.includes(":"))?.ip_address;
	if (address === undefined) return [];
	const subnet = subnets.find((one) => isSubnetOf(one, port.network_id, address, undefined));
	const dns = subnet?.dns_nameservers ?? [];
	return [{ mac: port.mac_address, address, mtu: network?.mtu, dns, search: network?.dns_domain?.replace(/\.$/, "") }];
}

function isSubnetOf(subnet: Subnet, network: string, address: string, id: string | undefined): boolean {
	if (id !== undefined) return subnet.id === id;
	const ip = ipaddr.parse(address);
	const [net, bits] = ipaddr.parseCIDR(subnet.cidr);
	return subnet.network_id === network && ip.kind() === net.kind() && ip.match(net, bits);
}
