/** The lines of docs/no-agent.md bring up the network of an image without an agent. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { buildConfigDrive } from "../../src/config-drive/index.ts";
import { guestFiles } from "../../src/guest/guest-files.ts";
import { treeOf } from "../drive-files.ts";
import { exampleDocuments } from "./iproute2-documents.ts";
import { connect, hasMachines, type Machine, startMachine } from "./iproute2-machines.ts";
import { FAR, startRouter } from "./iproute2-router.ts";
import { hasVm, runVm } from "./vm.ts";

const manual = readFileSync(new URL("../../docs/no-agent.md", import.meta.url), "utf8");

/** The manual's block of code that begins behind a text. */
function lines(behind: string): string {
	const [, block] = /```\w+\n(.*?)```/s.exec(manual.slice(manual.indexOf(behind))) ?? [];
	if (block === undefined || !manual.includes(behind)) throw new Error(`the manual has no ${behind}`);
	return block;
}

const web1 = (await exampleDocuments()).get("web-1");
if (web1 === undefined) throw new Error("no example web-1");
const data = web1;
const MAC = "52:54:00:00:01:01";

const folder = mkdtempSync(join(tmpdir(), "guestwire-no-agent-"));
afterAll(() => rmSync(folder, { recursive: true }));

const machines: Machine[] = [];
afterEach(async () => {
	for (const machine of machines.splice(0)) await machine.end();
});

describe.skipIf(!hasMachines)("over HTTP (for root; apt-get install busybox-static iproute2 dnsmasq-base)", () => {
	it("a guest with IPv6 link-local alone fetches the script from the metadata service", async () => {
		const guest = await startMachine("busybox");
		machines.push(guest);
		const router = await startRouter(data, guest, [], ["ip addr add fe80::a9fe:a9fe/64 dev lan0 nodad"]);
		machines.push(router);
		// A cable on which nobody answers.
		await connect(router, "lan9", guest, "a0", "52:54:00:00:01:99");
		const service = new URL("iproute2-service.ts", import.meta.url).pathname;
		await router.start("node", service, "[fe80::a9fe:a9fe%lan0]:80");
		const { code, stdout } = await guest.run(lines("## Over HTTP"));
		expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
		for (const address of Object.values(FAR)) {
			expect((await guest.watch("ping", "-n", "-c1", "-w5", address)).code, address).toBe(0);
		}
	});
});

describe.skipIf(!hasVm)("from a config drive (test/system/install.sh)", () => {
	it.each(["iso9660", "vfat"] as const)(
		"busybox init mounts it and runs the script: %s",
		{ timeout: 180_000 },
		async (format) => {
			const drive = join(folder, format);
			const files = guestFiles(data, []).map(({ path, bytes }) => [`openstack/latest/${path}`, bytes] as const);
			writeFileSync(drive, buildConfigDrive(treeOf(new Map(files)), { format }));
			const { output, exitCode, console } = await runVm({
				disks: [drive],
				modules: ["isofs", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8"],
				files: new Map([
					["etc/init.d/guestwire", { bytes: Buffer.from(lines("With **busybox init**")) }],
					[
						"etc/inittab",
						{ bytes: Buffer.from("::sysinit:/etc/init.d/guestwire\n::sysinit:/bin/touch /tmp/booted\n") },
					],
				]),
				script: `
				unshare -p -f /bin/busybox init >/dev/console 2>&1 &
				for i in $(seq 60); do [ -e /tmp/booted ] && break; sleep 1; done
				ip -o addr show dev eth0 | awk '{print $4}'
				ip route | head -1; ip -6 route | grep default
				cat /etc/resolv.conf
				ls /run/config-2`,
				arguments: [
					...[
						"-netdev",
						`dgram,id=n0,local.type=unix,local.path=${drive}.guest,remote.type=unix,remote.path=${drive}.peer`,
					],
					...["-device", `virtio-net-pci,netdev=n0,mac=${MAC}`],
				],
			});
			expect({ output: output.split("\n"), exitCode }, console).toEqual({
				output: [
					...["192.0.2.10/24", "2001:db8:1::10/64", "fe80::5054:ff:fe00:101/64"],
					...["default via 192.0.2.1 dev eth0 ", "default via 2001:db8:1::1 dev eth0  metric 1024 "],
					...["nameserver 192.0.2.53", "nameserver 2001:db8:1::53", "search example.org", ""],
				],
				exitCode: 0,
			});
		},
	);
});
