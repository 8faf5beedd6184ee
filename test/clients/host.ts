/** What a client talks to: Guestwire, DHCP and router advertisements on a bridge, in a network namespace of their own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ANSWER, type Servers } from "../guests/peer-servers.ts";
import { program } from "../system/programs.ts";
import { MAIN, NODE, type Wiring } from "./wiring.ts";

export interface Host {
	/** Network namespace of the servers. It has the taps, tap0 and so on. */
	readonly host: string;
	/** Network namespace with the guest's veths, eth0 and so on, all down. */
	readonly guest: string;
	close(): Promise<void>;
}

export interface HostOptions {
	/** The other ends of the bridge's ports: veths of another namespace, or taps for a virtual machine of this one. */
	readonly nics?: "veth" | "tap";
	/** Guestwire is behind haproxy, as behind Neutron's OVN metadata agent. */
	readonly isProxied?: boolean;
	/** Further addresses that answer to ARP, pings and DNS queries. */
	readonly answers?: readonly string[];
}

let count = 0;

/** Makes both namespaces and starts the servers. Waits until Guestwire answers. */
export async function startHost(wiring: Wiring, options: HostOptions = {}): Promise<Host> {
	const prefix = `gw${process.pid}-${count++}`;
	const [host, guest] = [`${prefix}-h`, `${prefix}-g`];
	const folder = await mkdtemp(join(tmpdir(), "guestwire-clients-"));
	const children: ChildProcess[] = [];
	let errors = "";
	const start = (name: string, ...args: string[]) => {
		const child = spawn(program("ip"), ["netns", "exec", host, name, ...args], {
			stdio: ["ignore", "ignore", "pipe"],
		});
		child.stderr.on("data", (chunk) => {
			errors += chunk;
		});
		children.push(child);
	};
	const close = async () => {
		const ended = children.map((child) => child.exitCode ?? once(child, "exit"));
		for (const child of children) child.kill();
		await Promise.all(ended);
		await shell(`ip netns del ${host}; ip netns del ${guest}`).catch(() => {});
		await rm(folder, { recursive: true });
	};
	try {
		await shell(namespaceCommands(wiring, options, host, guest).join("\n"));
		await writeFile(join(folder, "dnsmasq.conf"), dnsmasqConfiguration(wiring, options, folder));
		start(program("dnsmasq"), "-k", `--conf-file=${join(folder, "dnsmasq.conf")}`, "--user=root", "--pid-file=");
		await writeFile(join(folder, "guestwire.yaml"), guestwireConfiguration(wiring, options, folder));
		start(NODE, MAIN, "serve", "--config", join(folder, "guestwire.yaml"));
		if (options.isProxied) {
			await writeFile(join(folder, "haproxy.cfg"), haproxyConfiguration(wiring, folder));
			start(program("haproxy"), "-db", "-f", join(folder, "haproxy.cfg"));
		}
		await shell(`ip netns exec ${host} curl -sf --retry 100 --retry-delay 1 --retry-connrefused ${CHECK}`);
		return { host, guest, close };
	} catch (cause) {
		await close();
		throw new Error(`the servers did not start:\n${errors}`, { cause });
	}
}

const CHECK = "http://127.0.0.1:8775/openstack";

/** Runs a shell script to its end. Rejects with its errors. */
export async function shell(script: string): Promise<string> {
	const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", script], { maxBuffer: 2 ** 26 });
	return stdout;
}

function namespaceCommands(wiring: Wiring, options: HostOptions, host: string, guest: string): string[] {
	const { nics, subnets } = wiring;
	const veth = (mac: string, i: number) => [
		`ip -n ${host} link add port${i} mtu 9000 type veth peer name eth${i}`,
		`ip -n ${host} link set port${i} master br0 up`,
		`ip -n ${host} link set eth${i} netns ${guest}`,
		`ip -n ${guest} link set eth${i} address ${mac} mtu 1500`,
	];
	const tap = (_mac: string, i: number) => [
		`ip -n ${host} tuntap add tap${i} mode tap`,
		`ip -n ${host} link set tap${i} mtu 9000 master br0 up`,
	];
	const addresses = subnets.map(({ cidr, gateway }) => `${gateway}/${cidr.split("/")[1]}`);
	// The same address twice is an error of ip's.
	const all = [
		...new Set([
			"169.254.169.254/32",
			"fe80::a9fe:a9fe/64",
			"fd00:ec2::254/128",
			...addresses,
			...(options.answers ?? []),
		]),
	];
	return [
		`ip netns add ${host}; ip netns add ${guest}`,
		`ip -n ${host} link set lo up; ip -n ${guest} link set lo up`,
		`ip netns exec ${host} sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1`,
		`ip -n ${host} link add br0 type bridge`,
		`ip -n ${host} link set br0 address 52:54:00:ff:00:01 mtu 9000 up`,
		...nics.flatMap(options.nics === "tap" ? tap : veth),
		...all.map((address) => `ip -n ${host} addr add ${address} dev br0 ${address.includes(":") ? "nodad" : ""}`),
	];
}

/** As Neutron serves the ports; and every NIC's first IPv4 address by DHCP, for who asks before knowing the document. */
function dnsmasqConfiguration(wiring: Wiring, options: HostOptions, folder: string): string {
	const { leases4, subnets, servers } = wiring;
	const advertised = Object.values(servers).flatMap((one: Servers) => one.advertisement ?? []);
	const dhcp6 = Object.values(servers).flatMap((one: Servers) => one.dhcp6?.address ?? []);
	const stateless = advertised.filter(({ managed }) => !managed);
	return [
		...(options.answers === undefined
			? ["port=0"]
			: ["no-resolv", ...Object.values(ANSWER).map((address) => `address=/example.net/${address}`)]),
		...["interface=br0", "bind-interfaces", `dhcp-leasefile=${folder}/leases`, "log-facility=/dev/null"],
		...leases4.flatMap(({ mac, address, mtu, dns, search }, i) => [
			`dhcp-host=${mac},set:nic${i},${address}`,
			...(mtu === undefined ? [] : [`dhcp-option=tag:nic${i},26,${mtu}`]),
			...(dns.length === 0 ? [`dhcp-option=tag:nic${i},6`] : [`dhcp-option=tag:nic${i},6,${dns.join(",")}`]),
			...(search === undefined ? [] : [`dhcp-option=tag:nic${i},15,${search}`]),
		]),
		...subnets
			.filter(({ cidr }) => !cidr.includes(":"))
			.flatMap(({ cidr, gateway, hasGateway }, i) => [
				`dhcp-range=set:net${i},${cidr.split("/")[0]},static,${netmask(cidr)}`,
				...(hasGateway
					? [
							`dhcp-option=tag:net${i},3,${gateway}`,
							`dhcp-option=tag:net${i},121,169.254.169.254/32,${gateway},0.0.0.0/0,${gateway}`,
						]
					: [`dhcp-option=tag:net${i},3`]),
			]),
		...dhcp6.map((address) => `dhcp-range=${address},${address},64`),
		...stateless.map(({ prefix, other }) => `dhcp-range=${prefix},${other ? "ra-stateless" : "ra-only"},64`),
		...advertised.flatMap(({ dns = [] }) => dns.map((server) => `dhcp-option=option6:dns-server,[${server}]`)),
		...(advertised.length > 0 ? ["enable-ra", "ra-param=br0,mtu:off,10"] : []),
		"",
	].join("\n");
}

function netmask(cidr: string): string {
	const bits = (0xffffffff << (32 - Number(cidr.split("/")[1]))) >>> 0;
	return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

const guestwireConfiguration = ({ name, inventory }: Wiring, { isProxied }: HostOptions, folder: string) => `
cloud: { files: { path: "${inventory}" } }
metadata:
  - { listen: "127.0.0.1:8775", identity: fixed, instance: ${name} }
${
	isProxied
		? `  - { listen: "unix:${folder}/metadata.sock", identity: network }`
		: ["169.254.169.254", "[fe80::a9fe:a9fe%br0]", "[fd00:ec2::254]"]
				.map((address) => `  - { listen: "${address}:80", identity: address }`)
				.join("\n")
}
guestFiles: [iproute2]
operator: { listen: "127.0.0.1:8790" }
state: { sqlite: ${folder}/state.db }
`;

/** As Neutron's OVN metadata agent writes it for the network of the first NIC. */
const haproxyConfiguration = ({ networks }: Wiring, folder: string) => `
defaults
    mode http
    option http-server-close
    option forwardfor
    timeout connect 30s
    timeout client 32s
    timeout server 32s
listen listener
    bind 169.254.169.254:80
    bind fe80::a9fe:a9fe:80 interface br0
    server metadata ${folder}/metadata.sock
    http-request del-header X-OVN-Network-ID
    http-request set-header X-OVN-Network-ID ${networks[0]}
`;
