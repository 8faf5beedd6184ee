/** What a client talks to: Guestwire, DHCP and router advertisements on a bridge, in a network namespace of their own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Servers } from "../guests/peer-servers.ts";
import { program } from "../system/programs.ts";
import { MAIN, NODE, type Wiring } from "./wiring.ts";

export interface Host {
	/** Network namespace with the guest's NICs, eth0 and so on, all down. */
	readonly guest: string;
	close(): Promise<void>;
}

let count = 0;

/** Makes both namespaces and starts the servers. Waits until Guestwire answers. */
export async function startHost(wiring: Wiring): Promise<Host> {
	const prefix = `gw${process.pid}-${count++}`;
	const [host, guest] = [`${prefix}-h`, `${prefix}-g`];
	const folder = await mkdtemp(join(tmpdir(), "guestwire-clients-"));
	const children: ChildProcess[] = [];
	const start = (name: string, ...args: string[]) => {
		const child = spawn(program("ip"), ["netns", "exec", host, name, ...args], {
			stdio: ["ignore", "ignore", "inherit"],
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
		await shell(namespaceCommands(wiring, host, guest).join("\n"));
		await writeFile(join(folder, "dnsmasq.conf"), dnsmasqConfiguration(wiring, folder));
		start(program("dnsmasq"), "-k", `--conf-file=${join(folder, "dnsmasq.conf")}`, "--user=root", "--pid-file=");
		await writeFile(join(folder, "guestwire.yaml"), guestwireConfiguration(wiring, folder));
		start(NODE, MAIN, "serve", "--config", join(folder, "guestwire.yaml"));
		await shell(`ip netns exec ${host} curl -sf --retry 100 --retry-delay 1 --retry-connrefused ${CHECK}`);
		return { guest, close };
	} catch (error) {
		await close();
		throw error;
	}
}

const CHECK = "http://127.0.0.1:8775/openstack";

/** Runs a shell script to its end. Rejects with its errors. */
export async function shell(script: string): Promise<string> {
	const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", script], { maxBuffer: 2 ** 26 });
	return stdout;
}

function namespaceCommands({ nics, subnets }: Wiring, host: string, guest: string): string[] {
	const addresses = subnets.map(({ cidr, gateway }) => `${gateway}/${cidr.split("/")[1]}`);
	const all = ["169.254.169.254/32", "fe80::a9fe:a9fe/64", "fd00:ec2::254/128", ...addresses];
	return [
		`ip netns add ${host}; ip netns add ${guest}`,
		`ip -n ${host} link set lo up; ip -n ${guest} link set lo up`,
		`ip netns exec ${host} sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1`,
		`ip -n ${host} link add br0 type bridge`,
		`ip -n ${host} link set br0 address 52:54:00:ff:00:01 mtu 9000 up`,
		...nics.flatMap((mac, i) => [
			`ip -n ${host} link add port${i} mtu 9000 type veth peer name eth${i}`,
			`ip -n ${host} link set port${i} master br0 up`,
			`ip -n ${host} link set eth${i} netns ${guest}`,
			`ip -n ${guest} link set eth${i} address ${mac} mtu 1500`,
		]),
		...all.map((address) => `ip -n ${host} addr add ${address} dev br0 ${address.includes(":") ? "nodad" : ""}`),
	];
}

/** As Neutron serves the ports; and every NIC's first IPv4 address by DHCP, for who asks before knowing the document. */
function dnsmasqConfiguration({ leases4, subnets, servers }: Wiring, folder: string): string {
	const advertised = Object.values(servers).flatMap((one: Servers) => one.advertisement ?? []);
	const dhcp6 = Object.values(servers).flatMap((one: Servers) => one.dhcp6?.address ?? []);
	const stateless = advertised.filter(({ managed }) => !managed);
	return [
		...["port=0", "interface=br0", "bind-interfaces", `dhcp-leasefile=${folder}/leases`, "log-facility=/dev/null"],
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
		...(advertised.length > 0 ? ["enable-ra"] : []),
		"",
	].join("\n");
}

function netmask(cidr: string): string {
	const bits = (0xffffffff << (32 - Number(cidr.split("/")[1]))) >>> 0;
	return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

const guestwireConfiguration = ({ name, inventory }: Wiring, folder: string) => `
cloud: { files: { path: "${inventory}" } }
metadata:
  - { listen: "169.254.169.254:80", identity: address }
  - { listen: "[fe80::a9fe:a9fe%br0]:80", identity: address }
  - { listen: "[fd00:ec2::254]:80", identity: address }
  - { listen: "127.0.0.1:8775", identity: fixed, instance: ${name} }
operator: { listen: "127.0.0.1:8776" }
state: { sqlite: ${folder}/state.db }
`;
