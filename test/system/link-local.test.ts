import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guest, instancesOf, startTestService, type TestService } from "../metadata-service.ts";
import { hasProgram } from "./programs.ts";

const isPossible = hasProgram("ip", "curl") && process.getuid?.() === 0;
const PORT = 8775;
const MAC = "fa:16:3e:12:34:56";

/** A guest's namespace, and a cable from there to this machine, which has the metadata address. */
const namespace = `gwtest-${process.pid}`;
const host = `gwh${process.pid}`;
const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const inGuest = (...args: string[]) => ip("-n", namespace, ...args);

describe.skipIf(!isPossible)("an IPv6 link-local guest (root; apt-get install iproute2 curl)", () => {
	let service: TestService;

	beforeAll(async () => {
		ip("netns", "add", namespace);
		ip("link", "add", host, "type", "veth", "peer", "name", "eth0", "address", MAC, "netns", namespace);
		ip("address", "add", "fe80::a9fe:a9fe/64", "dev", host, "nodad");
		ip("link", "set", host, "up");
		// The kernel derives the guest's address from its MAC address. Nobody else on the cable could have it.
		ip("netns", "exec", namespace, "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad");
		inGuest("link", "set", "eth0", "up");
		const listener = { listen: `[fe80::a9fe:a9fe%${host}]:${PORT}`, identity: { mode: "address" } } as const;
		const instances = instancesOf([guest({ address: "10.0.0.5", macAddress: MAC })]);
		service = await startTestService([listener], { instances });
	});

	afterAll(async () => {
		await service?.close();
		ip("link", "delete", host);
		ip("netns", "delete", namespace);
	});

	const ask = async () => {
		const url = `http://[fe80::a9fe:a9fe%25eth0]:${PORT}/openstack/latest/network_data.json`;
		const curl = ["curl", "-sS", "-g", "--max-time", "10", "-w", "\n%{http_code}", url];
		const { stdout } = await promisify(execFile)("ip", ["netns", "exec", namespace, ...curl]);
		return stdout.split("\n");
	};

	it("is known by the MAC address in its address", async () => {
		const [body = "", status] = await ask();
		expect(status).toBe("200");
		expect(JSON.parse(body).links[0].ethernet_mac_address).toBe(MAC);
	});

	it("is known by the kernel's neighbour table if its address contains none", async () => {
		inGuest("address", "flush", "dev", "eth0");
		inGuest("address", "add", "fe80::1234/64", "dev", "eth0", "nodad");
		const [body = "", status] = await ask();
		expect(status).toBe("200");
		expect(JSON.parse(body).links[0].ethernet_mac_address).toBe(MAC);
	});

	it("is not identified if no port has its MAC address, wherever that was found", async () => {
		inGuest("link", "set", "eth0", "address", "fa:16:3e:65:43:21");
		for (const address of ["fe80::1235/64", "fe80::f816:3eff:fe65:4321/64"]) {
			inGuest("address", "flush", "dev", "eth0");
			inGuest("address", "add", address, "dev", "eth0", "nodad");
			expect((await ask()).at(-1)).toBe("404");
			expect(JSON.parse(service.lines.at(-1) ?? "")).toMatchObject({
				reason: "no-owner",
				level: 40,
				detail: expect.stringContaining("fa:16:3e:65:43:21"),
			});
		}
	});
});
