/** The script of the format `iproute2` sets up guests made of network namespaces. */
import { afterEach, describe, expect, it } from "vitest";
import type { NetworkData, Route } from "../../src/documents/network-data.ts";
import { iproute2 } from "../../src/render/iproute2.ts";
import { planNetwork } from "../../src/render/make-plan.ts";
import { DHCP_SERVER, default4, dynamicDocument, exampleDocuments, STATIC_DOCUMENTS } from "./iproute2-documents.ts";
import { execute, hasMachines, type Machine, runAll, type System, startMachine } from "./iproute2-machines.ts";
import { FAR, FAR_NAME, isOnLink, prefixLength, startRouter, targetOf } from "./iproute2-router.ts";
import { hasProgram } from "./programs.ts";

const examples = await exampleDocuments();
const example = (id: string): NetworkData => {
	const data = examples.get(id);
	if (data === undefined) throw new Error(`no example ${id}`);
	return data;
};

const machines: Machine[] = [];
afterEach(async () => {
	for (const machine of machines.splice(0)) await machine.end();
});

/** A guest with the document's NICs and script, and the router at the other end of its cables. */
async function start(system: System, data: NetworkData, server: Partial<typeof DHCP_SERVER> = {}) {
	const guest = await startMachine(system);
	machines.push(guest);
	const router = await startRouter(data, guest, server.options, server.commands);
	machines.push(router);
	await guest.run("cat >/tmp/apply.sh", iproute2(planNetwork(data, {})).files[0]?.text);
	const apply = (...args: string[]) => guest.run(`sh /tmp/apply.sh ${args.join(" ")}`);
	return { guest, router, apply };
}

const OK = { code: 0, stdout: "", stderr: "" };

/** The state of the kernel and the files, without what changes by itself. */
async function snapshot(guest: Machine): Promise<string> {
	const ip = async (...args: string[]) => {
		const { stdout } = await guest.watch("ip", "-details", ...args);
		return stdout.replaceAll(/ (tentative|qdisc \w+|expires \d+sec)|valid_lft.*/g, "");
	};
	const files = "cat /etc/resolv.conf; ls -A /run; cat /run/guestwire/notes /proc/sys/net/ipv6/conf/nic*/*";
	const texts = [
		await ip("address"),
		await ip("-4", "route"),
		await ip("-6", "route"),
		(await guest.run(files)).stdout,
	];
	return texts.join("---\n");
}

async function reaches(machine: Machine, address: string): Promise<boolean> {
	return (await machine.watch("ping", "-n", "-c1", "-w5", address)).code === 0;
}

async function text(guest: Machine, command: string): Promise<string> {
	return (await guest.run(command)).stdout;
}

describe.skipIf(!hasMachines).each(["busybox", "debian"] as const)(
	"a guest with %s (for root; apt-get install busybox-static iproute2 iputils-ping dnsmasq-base)",
	(system) => {
		const documents = { ...STATIC_DOCUMENTS, "the example web-1": example("web-1") };
		it.each(Object.entries(documents))("is brought up and reverted: %s", async (_, data) => {
			const { guest, router, apply } = await start(system, data);
			await guest.run("echo 'nameserver 192.0.2.1' >/etc/resolv.conf");
			const before = await snapshot(guest);

			expect(await apply()).toEqual(OK);
			for (const entry of data.networks) {
				for (const route of entry.routes ?? []) {
					const target = prefixLength(route.netmask) === 0 ? FAR[entry.type === "ipv4" ? 4 : 6] : targetOf(route);
					const isPlain = !(route.gateway.startsWith("fe80:") || isOnLink(route));
					if (isPlain) expect(await reaches(guest, route.gateway), route.gateway).toBe(true);
					expect(await reaches(guest, target), target).toBe(true);
				}
				expect(await reaches(router, entry.ip_address ?? ""), entry.ip_address).toBe(true);
			}
			expect(await text(guest, `nslookup ${FAR_NAME} || getent ahosts ${FAR_NAME}`)).toContain(FAR[4]);
			for (const [i, link] of data.links.entries()) {
				expect(await text(guest, `cat /sys/class/net/nic${i}/mtu`)).toBe(`${link.mtu}\n`);
			}

			const after = await snapshot(guest);
			expect(await guest.changes(async () => expect(await apply()).toEqual(OK))).toBe("");
			expect(await snapshot(guest)).toBe(after);

			expect(await apply("--undo")).toEqual(OK);
			expect(await snapshot(guest)).toBe(before);
		});

		it("uses the default route that the document ranks first", async () => {
			const data = STATIC_DOCUMENTS["two NICs"];
			const backup = { ...default4("10.0.0.1"), metric: 1000 };
			const metrics = new Map<string, Route>([
				["10.0.0.5", backup],
				["192.168.7.20", default4("192.168.7.1")],
			]);
			const networks = data.networks.map((one) => {
				const route = metrics.get(one.ip_address ?? "");
				return route ? { ...one, routes: [route] } : one;
			});
			const { guest, apply } = await start(system, { ...data, networks });
			expect(await apply()).toEqual(OK);
			const { stdout } = await guest.watch("ip", "-4", "route", "show", "default");
			const found = stdout.split("\n").map((line) => [/via (\S+)/.exec(line)?.[1], /metric (\d+)/.exec(line)?.[1]]);
			expect(found.filter(([via]) => via)).toEqual([
				["192.168.7.1", "50"],
				["10.0.0.1", "1000"],
			]);
			expect((await guest.watch("ip", "route", "get", FAR[4])).stdout).toContain("via 192.168.7.1 dev nic1");
		});

		it("gets back its earlier state, and keeps what was already set up", async () => {
			const { guest, apply } = await start(system, STATIC_DOCUMENTS["dual stack"]);
			await runAll(guest, [
				"ip link set dev nic0 mtu 1400 up",
				"ip addr add 10.0.0.5/24 broadcast + dev nic0",
				"ip addr add 192.0.2.5/24 dev nic0",
			]);
			const before = await text(guest, "ip -4 -o addr show dev nic0; cat /sys/class/net/nic0/mtu");
			expect(await apply()).toEqual(OK);
			expect(await apply("--undo")).toEqual(OK);
			expect(await text(guest, "ip -4 -o addr show dev nic0; cat /sys/class/net/nic0/mtu")).toBe(before);
			expect(await text(guest, "cat /etc/resolv.conf")).toBe("");
		});

		it("comes up without a missing NIC, which is reported", async () => {
			const { guest, apply } = await start(system, STATIC_DOCUMENTS["two NICs"]);
			await runAll(guest, ["ip link del nic0"]);
			const started = performance.now();
			expect(await apply()).toEqual({
				code: 1,
				stdout: "",
				stderr: "guestwire: no NIC has the MAC address fa:16:3e:00:00:01\n",
			});
			expect(performance.now() - started).toBeLessThan(20_000);
			expect(await reaches(guest, "172.20.0.1")).toBe(true);
			expect(await apply("--undo")).toEqual(OK);
		});

		it("waits for a NIC that comes late", async () => {
			const { guest, apply } = await start(system, STATIC_DOCUMENTS["dual stack"]);
			await runAll(guest, ["ip link set dev nic0 address fa:16:3e:00:00:99"]);
			const applied = apply();
			await runAll(guest, ["until cat /proc/[0-9]*/cmdline | grep -q '[s]h./tmp/apply.sh'; do :; done"]);
			await runAll(guest, ["ip link set dev nic0 address fa:16:3e:00:00:01"]);
			expect(await applied).toEqual(OK);
			expect(await reaches(guest, FAR[4])).toBe(true);
		});

		it("is set up on its NIC, not on an interface above it with the same MAC address", async () => {
			const { guest, apply } = await start(system, STATIC_DOCUMENTS["dual stack"]);
			for (const args of ["add name a0 link nic0 type macvlan mode passthru", "add name a1 type bridge"]) {
				expect((await guest.watch("ip", "link", ...args.split(" "))).code).toBe(0);
			}
			await runAll(guest, ["ip link set dev a1 address fa:16:3e:00:00:01"]);
			expect(await apply()).toEqual(OK);
			expect(await text(guest, "ip -4 -o addr show dev nic0")).toContain("10.0.0.5/24");
		});

		it("reports what the kernel rejects, and sets up the rest", async () => {
			const { guest, apply } = await start(system, STATIC_DOCUMENTS["two NICs"]);
			// Another program's default route.
			await runAll(guest, [
				"ip link set dev nic0 up",
				"ip addr add 10.0.0.99/24 dev nic0",
				"ip route add 0.0.0.0/0 via 10.0.0.77 dev nic0",
			]);
			const { code, stderr } = await apply();
			expect(code).toBe(1);
			expect(stderr).toMatch(/^guestwire: ip -4 route add 0\.0\.0\.0\/0 via 10\.0\.0\.1 dev nic0: .*File exists\n$/);
			expect(await reaches(guest, "172.20.0.1")).toBe(true);
		});

		it("answers wrong usage with the usage", async () => {
			const { apply } = await start(system, { links: [], networks: [], services: [] });
			expect(await apply("--help")).toEqual({ code: 2, stdout: "", stderr: "usage: /tmp/apply.sh [--undo]\n" });
			expect(await apply()).toEqual(OK);
			expect(await apply("--undo")).toEqual(OK);
			expect(await apply("--undo")).toEqual(OK);
		});
	},
);

const hasUdhcpc6 = hasMachines && (await execute("busybox", ["--list"])).stdout.includes("udhcpc6\n");

describe.skipIf(!hasMachines || hasUdhcpc6)("a guest without a DHCPv6 client (busybox without udhcpc6)", () => {
	it("has the address that the document says the server would assign", async () => {
		const data = dynamicDocument("ipv6_dhcpv6-stateful");
		const lease = { ip_address: "2001:db8:4::100", netmask: "ffff:ffff:ffff:ffff::" };
		const networks = data.networks.map((one) => (one.id === "network2" ? { ...one, ...lease } : one));
		const { guest, router, apply } = await start("busybox", { ...data, networks }, DHCP_SERVER);
		const before = await snapshot(guest);
		expect(await apply()).toEqual(OK);
		expect(await reaches(router, "2001:db8:4::100")).toBe(true);
		expect(await reaches(guest, FAR[6])).toBe(true);
		const after = await snapshot(guest);
		expect(await apply()).toEqual(OK);
		expect(await snapshot(guest)).toBe(after);
		expect(await apply("--undo")).toEqual(OK);
		expect(await snapshot(guest)).toBe(before);
	});
});

describe.skipIf(!hasMachines).each([
	{ system: "busybox", client: "udhcpc", has4: true, has6: hasUdhcpc6 },
	{ system: "debian", client: "dhclient", has4: hasProgram("dhclient"), has6: hasProgram("dhclient") },
] as const)(
	"a guest that uses $client (for root; apt-get install busybox-static isc-dhcp-client dnsmasq-base)",
	({ system, client, has4, has6 }) => {
		it.skipIf(!has4)("has the lease, the router advertisements and the document's static address", async () => {
			const { guest, router, apply } = await start(system, dynamicDocument("ipv6_slaac"), DHCP_SERVER);
			const before = await snapshot(guest);
			expect(await apply()).toEqual(OK);
			for (const address of [FAR[4], FAR[6], "169.254.169.254"]) {
				expect(await reaches(guest, address), address).toBe(true);
			}
			for (const address of ["10.4.0.10", "10.4.1.5", "2001:db8:4:0:f816:3eff:fe00:1"]) {
				expect(await reaches(router, address), address).toBe(true);
			}
			expect(await text(guest, "cat /etc/resolv.conf")).toBe("nameserver 10.4.0.53\n");

			const after = await snapshot(guest);
			// Router advertisements go on, so lifetimes change by themselves and `ip monitor` can't be used.
			expect(await apply()).toEqual(OK);
			expect(await snapshot(guest)).toBe(after);

			expect(await apply("--undo")).toEqual(OK);
			expect(await snapshot(guest)).toBe(before);
			expect(await text(guest, "cat /proc/[0-9]*/cmdline")).not.toContain(client);
		});

		it.skipIf(!has4)(
			"has the lease of the second NIC and the static addresses of the first: the example app-1",
			async () => {
				const { guest, router, apply } = await start(system, example("app-1"), {
					options: [
						"--no-ping",
						"--dhcp-leasefile=/run/leases",
						"--dhcp-range=198.51.100.20,198.51.100.20,255.255.255.0",
					],
					commands: ["ip addr add 198.51.100.1/24 dev lan1"],
				});
				const before = await snapshot(guest);
				expect(await apply()).toEqual(OK);
				for (const address of ["192.0.2.1", "198.51.100.1", FAR[4]]) {
					expect(await reaches(guest, address), address).toBe(true);
				}
				for (const address of ["192.0.2.20", "198.51.100.20"]) {
					expect(await reaches(router, address), address).toBe(true);
				}
				expect((await guest.watch("ip", "route", "get", FAR[4])).stdout).toContain("via 192.0.2.1 dev nic0");
				expect(await text(guest, "cat /etc/resolv.conf")).toBe("nameserver 192.0.2.53\nsearch example.org\n");
				expect(await apply("--undo")).toEqual(OK);
				expect(await snapshot(guest)).toBe(before);
			},
		);

		it.skipIf(!has6)("has a DHCPv6 lease, with its name servers if the document has none", async () => {
			const { guest, router, apply } = await start(system, dynamicDocument("ipv6_dhcpv6-stateful", []), {
				...DHCP_SERVER,
				options: [...DHCP_SERVER.options, "--dhcp-range=2001:db8:4::100,2001:db8:4::100,64"],
			});
			const before = await snapshot(guest);
			expect(await apply()).toEqual(OK);
			// The default route comes by router advertisement, possibly later; an address is usable once it is known to be unique.
			await runAll(guest, [
				"until ip -6 route | grep -q ^default; do sleep 0.2; done",
				"until ip -6 address | grep 2001:db8:4::100 | grep -vq tentative; do sleep 0.2; done",
			]);
			expect(await reaches(guest, FAR[6])).toBe(true);
			expect(await reaches(router, "2001:db8:4::100")).toBe(true);
			expect(await text(guest, "cat /etc/resolv.conf")).toContain("nameserver");
			const after = await snapshot(guest);
			expect(await apply()).toEqual(OK);
			expect(await snapshot(guest)).toBe(after);
			expect(await apply("--undo")).toEqual(OK);
			expect(await snapshot(guest)).toBe(before);
		});
	},
);
