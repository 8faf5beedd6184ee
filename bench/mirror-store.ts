/**
 * The mirror's storage: `node bench/mirror-store.ts [INSTANCES] [postgres://…]`. Fills an empty database with instances,
 * a fifth of them with two NICs, and prints how long that takes, how large it becomes, and how long reads take.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble } from "../src/instance/assemble.ts";
import { findPorts } from "../src/mirror/find-ports.ts";
import type { MirrorStore } from "../src/mirror/mirror-store.ts";
import { openMirrorStore } from "../src/mirror/open-mirror-store.ts";
import { readInstance } from "../src/mirror/read-instance.ts";
import type { Resource } from "../src/source/resource.ts";
import { openDatabase } from "../src/store/database.ts";

const INSTANCES = Number(process.argv[2] ?? 100_000);
const PER_BATCH = 500;
const READS = 5000;
/** Reads before the clock starts: until the code is compiled. */
const WARM_UP = 1000;
const NETWORKS = 500;
const USER_DATA = Buffer.alloc(1024, "#cloud-config\n").toString("base64");

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");
const serverId = (at: number) => `${hex(at, 8)}-1111-4111-8111-111111111111`;
const networkId = (at: number) => `${hex(at % NETWORKS, 8)}-2222-4222-8222-222222222222`;
const addressOf = (at: number) => `10.0.${(at >> 8) % 256}.${at % 256}`;

function instance(at: number): Resource[] {
	const id = serverId(at);
	const nics = at % 5 === 0 ? 2 : 1;
	const ports = Array.from({ length: nics }, (_, nic) => port(at, nic));
	const addresses = Object.fromEntries(ports.map(({ content }, nic) => [`net${nic}`, nicAddresses(content)]));
	const server = {
		...{ id, name: `vm-${at}`, tenant_id: `project-${at % 100}`, user_id: "user", created: "2026-11-01T00:00:00Z" },
		...{ metadata: { role: "web" }, addresses, security_groups: [{ name: "default" }] },
		...{ "OS-EXT-SRV-ATTR:hostname": `vm-${at}`, "OS-EXT-SRV-ATTR:user_data": USER_DATA },
	};
	const details = { interfaceAttachments: [], volumeAttachments: [] };
	return [
		{ kind: "server", id, requestedAt: 1, content: server },
		{ kind: "server_details", id, requestedAt: 1, content: details },
		...ports,
	];
}

function port(at: number, nic: number): Resource<"port"> {
	const id = `${hex(at, 8)}-3333-4333-8333-${hex(nic, 12)}`;
	const content = {
		...{ id, name: "", network_id: networkId(at + nic), mac_address: `fa:16:${hex(nic, 2)}:${pairs(hex(at, 6))}` },
		...{ device_id: serverId(at), device_owner: "compute:nova", project_id: `project-${at % 100}`, status: "ACTIVE" },
		...{ created_at: "2026-11-01T00:00:00Z", "binding:vif_type": "ovs", "binding:vnic_type": "normal" },
		fixed_ips: [{ subnet_id: `subnet of ${networkId(at + nic)}`, ip_address: addressOf(at) }],
		...{ security_groups: [`group-${at % 100}`], allowed_address_pairs: [], tags: [], port_security_enabled: true },
	};
	return { kind: "port", id, revision: 4, requestedAt: 1, content };
}

function nicAddresses({ mac_address, fixed_ips }: Resource<"port">["content"]) {
	return fixed_ips.map(({ ip_address }) => ({ addr: ip_address, version: 4, "OS-EXT-IPS-MAC:mac_addr": mac_address }));
}

const pairs = (text: string) => text.replace(/..(?=.)/g, "$&:");

function shared(): Resource[] {
	const networks = Array.from({ length: NETWORKS }, (_, at): Resource[] => {
		const id = networkId(at);
		const subnet = {
			...{ id: `subnet of ${id}`, name: "", network_id: id, cidr: "10.0.0.0/16", gateway_ip: "10.0.0.1" },
			...{ enable_dhcp: true, dns_nameservers: ["10.0.0.2"], host_routes: [], tags: [] },
		};
		return [
			{ kind: "network", id, requestedAt: 1, content: { id, name: "", mtu: 1450, tags: [] } },
			{ kind: "subnet", id: subnet.id, requestedAt: 1, content: subnet },
		];
	});
	const rule = { direction: "ingress", ethertype: "IPv4", protocol: "tcp", port_range_min: 22, port_range_max: 22 };
	const groups = Array.from({ length: 100 }, (_, at): Resource => {
		const id = `group-${at}`;
		return { kind: "security_group", id, requestedAt: 1, content: { id, name: id, security_group_rules: [rule] } };
	});
	return [...networks.flat(), ...groups];
}

async function fill(store: MirrorStore): Promise<void> {
	await store.apply({ upserts: shared() });
	const started = performance.now();
	let resources = 0;
	for (let at = 0; at < INSTANCES; at += PER_BATCH) {
		const some = Array.from({ length: Math.min(PER_BATCH, INSTANCES - at) }, (_, more) => instance(at + more));
		await store.apply({ upserts: some.flat() });
		resources += some.flat().length;
	}
	const seconds = (performance.now() - started) / 1000;
	const { bytes } = await store.stats();
	console.log(`${INSTANCES} instances, ${resources} resources: filled in ${seconds.toFixed(1)} s`);
	console.log(`size ${(bytes / 1e6).toFixed(0)} MB, ${(bytes / INSTANCES / 1000).toFixed(1)} kB per instance`);
}

async function time(what: string, work: (at: number) => Promise<void>): Promise<void> {
	for (let at = 0; at < WARM_UP; at++) await work(at);
	const times: number[] = [];
	const cpu = process.cpuUsage();
	for (let read = 0; read < READS; read++) {
		const at = (read * 7919) % INSTANCES;
		const started = performance.now();
		await work(at);
		times.push((performance.now() - started) * 1000);
	}
	const { user, system } = process.cpuUsage(cpu);
	times.sort((a, b) => a - b);
	const share = (part: number) => `${(times[Math.floor((READS - 1) * part)] ?? 0).toFixed(0)} µs`;
	const each = ((user + system) / READS).toFixed(0);
	console.log(`${what}: median ${share(0.5)}, p99 ${share(0.99)}; CPU time ${each} µs each`);
}

const folder = mkdtempSync(join(tmpdir(), "guestwire-bench-"));
const postgres = process.argv[3];
const state = await openDatabase(postgres === undefined ? { sqlite: join(folder, "bench.db") } : { postgres });
const store = await openMirrorStore(state, { sourceId: "bench", userData: true });
await fill(store);
await time("read an instance and assemble it", async (at) => {
	const { facts, missing } = await readInstance(store, serverId(at), { dhcpPorts: false });
	if (facts === undefined || missing.length > 0) throw new Error(`instance ${at} is incomplete`);
	assemble(facts);
});
await time("find a port by address and network", async (at) => {
	const found = await findPorts(store, { address: addressOf(at), networkId: networkId(at) });
	if (found.length === 0) throw new Error(`port of ${at} is not found`);
});
const started = performance.now();
let ids = 0;
for await (const page of store.revisions("port")) ids += page.length;
console.log(`${ids} ids and revisions of ports: ${((performance.now() - started) / 1000).toFixed(2)} s`);
await state.close();
rmSync(folder, { recursive: true });
