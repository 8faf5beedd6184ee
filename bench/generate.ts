/**
 * Writes an inventory of generated instances, in the form of API responses: `node bench/generate.ts COUNT FOLDER`.
 * Instance n of one count is instance n of any other.
 */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Instances per network; they also share a project. */
const PER_NETWORK = 200;

export interface GeneratedInstance {
	readonly id: string;
	readonly projectId: string;
}

/** The n-th instance, counted from 0. */
export function generated(n: number): GeneratedInstance {
	return { id: uuid(1, n), projectId: uuid(2, networkOf(n)).replaceAll("-", "") };
}

/** Writes one file per collection into `folder`, which is created if necessary. */
export async function writeInventory(folder: string, count: number): Promise<void> {
	await mkdir(folder, { recursive: true });
	const networks = Math.ceil(count / PER_NETWORK);
	await writeCollection(folder, "networks", networks, network);
	await writeCollection(folder, "subnets", networks, subnet);
	await writeCollection(folder, "servers", count, server);
	await writeCollection(folder, "ports", count, port);
}

async function writeCollection(
	folder: string,
	name: string,
	count: number,
	make: (n: number) => object,
): Promise<void> {
	function* text() {
		yield `{"${name}": [\n`;
		for (let n = 0; n < count; n++) yield `${n === 0 ? "" : ",\n"}${JSON.stringify(make(n))}`;
		yield "\n]}\n";
	}
	await pipeline(Readable.from(text()), createWriteStream(join(folder, `${name}.json`)));
}

export const networkOf = (n: number) => Math.floor(n / PER_NETWORK);
const hex = (n: number, digits: number) => n.toString(16).padStart(digits, "0");

/** The same id for the same numbers, as long as a real one. */
function uuid(kind: number, n: number): string {
	return `${hex((n * 2654435761) % 2 ** 32, 8)}-${hex(kind, 4)}-4000-8000-${hex(n, 12)}`;
}

const macOf = (n: number) => `fa:16:3e:${[n >> 16, n >> 8, n].map((byte) => hex(byte & 255, 2)).join(":")}`;
/** Networks overlap, as those of tenants do. */
const addressOf = (n: number) => `10.${networkOf(n) % 16}.0.${10 + (n % PER_NETWORK)}`;

export function network(n: number): object {
	return { id: uuid(3, n), name: `net-${n}`, mtu: 1442, tags: [], project_id: uuid(2, n).replaceAll("-", "") };
}

export function subnet(n: number): object {
	return {
		id: uuid(4, n),
		name: `subnet-${n}`,
		network_id: uuid(3, n),
		ip_version: 4,
		cidr: `10.${n % 16}.0.0/24`,
		gateway_ip: `10.${n % 16}.0.1`,
		enable_dhcp: n % 2 === 0,
		dns_nameservers: ["192.0.2.53"],
		host_routes: [],
		ipv6_ra_mode: null,
		ipv6_address_mode: null,
		tags: [],
	};
}

export function port(n: number): object {
	const { id, projectId } = generated(n);
	return {
		id: uuid(5, n),
		name: "",
		network_id: uuid(3, networkOf(n)),
		mac_address: macOf(n),
		device_id: id,
		device_owner: "compute:nova",
		project_id: projectId,
		status: "ACTIVE",
		created_at: "2026-11-22T08:46:17Z",
		fixed_ips: [{ subnet_id: uuid(4, networkOf(n)), ip_address: addressOf(n) }],
		"binding:vif_type": "ovs",
		"binding:vnic_type": "normal",
		security_groups: [],
		allowed_address_pairs: [],
		port_security_enabled: true,
		dns_name: "",
		dns_assignment: [],
		description: "",
		tags: [],
	};
}

export function server(n: number): object {
	const { id, projectId } = generated(n);
	const addresses = {
		[`net-${networkOf(n)}`]: [
			{ addr: addressOf(n), version: 4, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": macOf(n) },
		],
	};
	return {
		id,
		name: `guest-${n}`,
		tenant_id: projectId,
		user_id: projectId,
		created: "2026-11-22T08:46:17Z",
		metadata: { role: "worker" },
		addresses,
		image: { id: uuid(6, n % 10) },
		flavor: { original_name: "m1.small" },
		security_groups: [{ name: "default" }],
		key_name: null,
		"OS-EXT-AZ:availability_zone": "nova",
		"OS-EXT-SRV-ATTR:hostname": `guest-${n}`,
		"OS-EXT-SRV-ATTR:instance_name": `instance-${hex(n, 8)}`,
		"OS-EXT-SRV-ATTR:launch_index": 0,
		"OS-EXT-SRV-ATTR:reservation_id": `r-${hex(n, 8)}`,
		"OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
	};
}

if (import.meta.main) {
	const [count, folder] = process.argv.slice(2);
	if (folder === undefined) throw new Error("usage: node bench/generate.ts COUNT FOLDER");
	await writeInventory(folder, Number(count));
}
