/** The lines of docs/guests-without-agent.md bring up the network of an image without an agent. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { buildConfigDrive } from "../../src/config-drive/index.ts";
import { guestFiles } from "../../src/render/guest-files.ts";
import { treeOf } from "../drive-files.ts";
import { exampleDocuments } from "./iproute2-documents.ts";
import { busyboxInit, hasOpenRc, hasSystemd, type Init, manualLines, openRc, systemd } from "./iproute2-inits.ts";
import { connect, execute, hasMachines, type Machine, startMachine } from "./iproute2-machines.ts";
import { FAR, startRouter } from "./iproute2-router.ts";
import { hasVm, runVm } from "./vm.ts";

const web1 = (await exampleDocuments()).get("web-1");
if (web1 === undefined) throw new Error("no example web-1");
const data = web1;
const MAC = "52:54:00:00:01:01";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "guestwire-no-agent-"));
afterAll(() => rmSync(folder, { recursive: true }));

const machines: Machine[] = [];
afterEach(async () => {
	for (const machine of machines.splice(0)) await machine.end();
});

describe.skipIf(!hasMachines)("over HTTP (for root; apt-get install busybox-static iproute2 dnsmasq-base)", () => {
	it("a guest with only IPv6 link-local fetches the script from the metadata service", async () => {
		const guest = await startMachine("busybox");
		machines.push(guest);
		const router = await startRouter(data, guest, [], ["ip addr add fe80::a9fe:a9fe/64 dev lan0 nodad"]);
		machines.push(router);
		// A cable where nobody answers.
		await connect(router, "lan9", guest, "a0", "52:54:00:00:01:99");
		const config = join(folder, "guestwire.yaml");
		const content = {
			cloud: { files: { path: `${repository}/examples/inventory` } },
			metadata: [{ listen: "[fe80::a9fe:a9fe%lan0]:80", identity: "address" }],
			guestFiles: ["iproute2"],
		};
		writeFileSync(config, JSON.stringify(content));
		const said = await router.start("node", `${repository}/src/cli/main.ts`, "serve", "--config", config);
		expect(said).toContain("http://[fe80::a9fe:a9fe%lan0]");
		const { code, stdout } = await guest.run(manualLines("## Over HTTP"));
		expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
		for (const address of Object.values(FAR)) {
			expect((await guest.watch("ping", "-n", "-c1", "-w5", address)).code, address).toBe(0);
		}
	});
});

describe.skipIf(!hasVm)("from a config drive, in a virtual machine (test/system/install.sh)", () => {
	it.skipIf(!hasSystemd)("systemd accepts the unit without a warning (apt-get install systemd)", async () => {
		const path = join(folder, "guestwire.service");
		writeFileSync(path, manualLines("With **systemd**"));
		const { code, stderr } = await execute("systemd-analyze", ["verify", path]);
		expect(code, stderr).toBe(0);
		expect(stderr).not.toContain("guestwire");
	});

	it.each(["iso9660", "vfat"] as const)(
		"busybox init mounts it and runs the script: %s",
		{ timeout: 180_000 },
		(format) => boots(busyboxInit(), format),
	);
	it.skipIf(!hasOpenRc)("OpenRC starts and stops the service", { timeout: 180_000 }, () => boots(openRc(), "iso9660"));
	it.skipIf(!hasSystemd)("systemd starts and stops the unit", { timeout: 180_000 }, () => boots(systemd(), "iso9660"));
});

/** A machine with this init system has its network after booting, and none after reverting. */
async function boots({ files, script }: Init, format: "iso9660" | "vfat"): Promise<void> {
	const drive = join(folder, "drive");
	const carried = guestFiles(data, []).map(({ path, bytes }) => [`openstack/latest/${path}`, bytes] as const);
	writeFileSync(drive, buildConfigDrive(treeOf(new Map(carried)), { format }));
	const cable = `dgram,id=n0,local.type=unix,local.path=${drive}.guest,remote.type=unix,remote.path=${drive}.peer`;
	const { output, exitCode, console } = await runVm({
		disks: [drive],
		modules: ["isofs", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8"],
		files,
		script: `${script}\n ip -o addr show dev eth0; echo end`,
		arguments: ["-netdev", cable, "-device", `virtio-net-pci,netdev=n0,mac=${MAC}`],
		memoryMiB: 512,
	});
	expect({ output: output.split("\n"), exitCode }, console).toEqual({
		output: [
			...["192.0.2.10/24", "2001:db8:1::10/64", "fe80::5054:ff:fe00:101/64"],
			...["default via 192.0.2.1 dev eth0 ", "default via 2001:db8:1::1 dev eth0  metric 1024 "],
			...["nameserver 192.0.2.53", "nameserver 2001:db8:1::53", "search example.org", "end", ""],
		],
		exitCode: 0,
	});
}
