import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../free-port.ts";
import { guest, instancesOf, parseAnswer, startTestService, type TestService } from "../metadata-service.ts";
import { hasProgram, program } from "./programs.ts";

/** As Neutron's agents write it (neutron/common/metadata.py, METADATA_HAPROXY_GLOBAL, and their drivers' headers). */
const configuration = (ports: readonly number[], socket: string) => `
global
    maxconn 1024
defaults
    mode http
    option http-server-close
    option forwardfor
    retries 3
    timeout http-request 30s
    timeout connect 30s
    timeout client 32s
    timeout server 32s
    timeout http-keep-alive 30s
listen ovn
    bind 127.0.0.1:${ports[0]}
    server metadata ${socket}
    http-request add-header X-OVN-Network-ID net-mine
listen network
    bind 127.0.0.1:${ports[1]}
    server metadata ${socket}
    http-request del-header X-Neutron-Router-ID
    http-request set-header X-Neutron-Network-ID net-mine
listen router
    bind :::${ports[2]} v4v6
    server metadata ${socket}
    http-request del-header X-Neutron-Network-ID
    http-request set-header X-Neutron-Router-ID router-mine
`;

const mine = guest({ id: "mine", address: "127.0.0.5", networkId: "net-mine", macAddress: "fa:16:3e:00:00:01" });
const theirs = guest({ id: "theirs", address: "127.0.0.5", networkId: "net-theirs", macAddress: "fa:16:3e:00:00:02" });
const victim = guest({ id: "victim", address: "127.0.0.6", networkId: "net-mine", macAddress: "fa:16:3e:00:00:03" });

describe.skipIf(!hasProgram("haproxy"))("Neutron's haproxy, without its agent (apt-get install haproxy)", () => {
	let folder: string;
	let service: TestService;
	let haproxy: ChildProcess;
	let ports: number[];

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "guestwire-haproxy-"));
		const socket = join(folder, "metadata.sock");
		const listener = { listen: `unix:${socket}`, identity: { mode: "network", allow: [] } } as const;
		const instances = instancesOf([mine, theirs, victim], { "router-mine": ["net-mine", "net-none"] });
		service = await startTestService([listener], { instances });
		ports = await Promise.all([freePort(), freePort(), freePort()]);
		await writeFile(join(folder, "haproxy.cfg"), configuration(ports, socket));
		haproxy = spawn(program("haproxy"), ["-db", "-f", join(folder, "haproxy.cfg")], { stdio: "ignore" });
	});

	afterAll(async () => {
		haproxy?.kill();
		await service?.close();
		await rm(folder, { recursive: true });
	});

	const ask = async (proxy: number, ...headers: string[]) => {
		const socket = connect({ port: ports[proxy] ?? 0, host: "127.0.0.1", localAddress: "127.0.0.5" });
		const lines = [...headers, "Connection: close"].map((line) => `${line}\r\n`).join("");
		socket.write(`GET /openstack/latest/network_data.json HTTP/1.1\r\nHost: 169.254.169.254\r\n${lines}\r\n`);
		const chunks: Buffer[] = [];
		socket.on("data", (chunk) => chunks.push(chunk));
		await once(socket, "close");
		const { status, body } = parseAnswer(Buffer.concat(chunks));
		return status === 200 ? JSON.parse(body.toString()).links[0].ethernet_mac_address : status;
	};

	it.each([0, 1, 2])("distinguishes two guests with the same address: listener %i", async (proxy) => {
		await expect.poll(() => ask(proxy).catch(() => "not up yet"), { timeout: 10_000 }).toBe("fa:16:3e:00:00:01");
	});

	it.each([0, 1, 2])("can't be tricked into serving another guest's document: listener %i", async (proxy) => {
		for (const forged of [
			["X-Forwarded-For: 127.0.0.6"],
			["X-Forwarded-For: 127.0.0.6, 127.0.0.5"],
			["X-OVN-Network-ID: net-theirs"],
			["X-Neutron-Network-ID: net-theirs"],
			["X-Neutron-Router-ID: router-mine"],
			["X-Forwarded-For: 127.0.0.6", "X-OVN-Network-ID: net-mine", "X-Neutron-Network-ID: net-mine"],
			["X-Instance-ID: victim", "X-Tenant-ID: project-1"],
		]) {
			expect([400, 404, "fa:16:3e:00:00:01"]).toContain(await ask(proxy, ...forged));
		}
	});
});
