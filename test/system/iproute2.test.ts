/** The script of the `iproute2` target sets up guests that are made of network namespaces. */
import { afterEach, describe, expect, it } from "vitest";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { iproute2 } from "../../src/guest/iproute2.ts";
import { planNetwork } from "../../src/guest/make-plan.ts";
import { STATIC_DOCUMENTS } from "./iproute2-documents.ts";
import { hasMachines, type Machine, runAll, type System, startMachine } from "./iproute2-machines.ts";
import { FAR, FAR_NAME, prefixLength, startRouter, targetOf } from "./iproute2-router.ts";

const machines: Machine[] = [];
afterEach(async () => {
	for (const machine of machines.splice(0)) await machine.end();
});

async function start(system: System, data: NetworkData, routerOptions?: readonly string[]) {
	const guest = await startMachine(system);
	machines.push(guest);
	const router = await startRouter(data, guest, routerOptions);
	machines.push(router);
	const text = iproute2(planNetwork(data, {})).files[0]?.text ?? "";
	await guest.run("cat >/tmp/apply.sh", text);
	const apply = (...args: string[]) => guest.run(`sh /tmp/apply.sh ${args.join(" ")}`);
	return { guest, router, apply };
}

const OK = { code: 0, stdout: "", stderr: "" };

/** What the kernel and the files say, but for what changes by itself (timers, counters). */
async function snapshot(guest: Machine): Promise<string> {
	const ip = async (...args: string[]) => (await guest.watch("ip", "-details", ...args)).stdout;
	const text = [
		await ip("address").then((addresses) => addresses.replaceAll(/ (tentative|qdisc \w+)/g, "")),
		await ip("-4", "route", "show", "table", "all"),
		await ip("-6", "route", "show", "table", "all"),
		(await guest.run("cat /etc/resolv.conf; ls -A /run; cat /proc/sys/net/ipv6/conf/nic0/*")).stdout,
	];
	return text.join("---\n");
}

/** One reply within 5 seconds: an IPv6 address is usable only when nobody else claims it. */
async function reaches(machine: Machine, address: string): Promise<boolean> {
	return (await machine.watch("ping", "-n", "-c1", "-w5", address)).code === 0;
}

describe.skipIf(!hasMachines).each(["busybox", "debian"] as const)(
	"a guest with %s (for root; apt-get install busybox-static iproute2 iputils-ping dnsmasq-base)",
	(system) => {
		it.each(Object.entries(STATIC_DOCUMENTS))("is brought up and taken back: %s", async (_, data) => {
			const { guest, router, apply } = await start(system, data);
			await guest.run("echo 'nameserver 192.0.2.1' >/etc/resolv.conf");
			const before = await snapshot(guest);

			expect(await apply()).toEqual(OK);
			for (const entry of data.networks) {
				for (const route of entry.routes ?? []) {
					const target = prefixLength(route.netmask) === 0 ? FAR[entry.type === "ipv4" ? 4 : 6] : targetOf(route);
					if (!route.gateway.startsWith("fe80:")) expect(await reaches(guest, route.gateway), route.gateway).toBe(true);
					expect(await reaches(guest, target), target).toBe(true);
				}
				expect(await reaches(router, entry.ip_address ?? ""), entry.ip_address).toBe(true);
			}
			expect((await guest.run(`nslookup ${FAR_NAME} || getent ahosts ${FAR_NAME}`)).stdout).toContain(FAR[4]);
			for (const [i, link] of data.links.entries()) {
				expect((await guest.run(`cat /sys/class/net/nic${i}/mtu`)).stdout).toBe(`${link.mtu}\n`);
			}

			const after = await snapshot(guest);
			expect(await apply()).toEqual(OK);
			expect(await snapshot(guest)).toBe(after);

			expect(await apply("--undo")).toEqual(OK);
			expect(await snapshot(guest)).toBe(before);
		});
	},
);
