import { describe, expect, it } from "vitest";
import { hasVm, runVm } from "./vm.ts";

describe.skipIf(!hasVm)("virtual machine (test/system/install.sh)", () => {
	it("runs a script, carries modules and what they depend on, and gives back output and exit code", async () => {
		const script = `
			modprobe bonding max_bonds=0 && ip link add bond7 type bond && cat /sys/class/net/bond7/bonding/mode
			modprobe 8021q && test -d /proc/net/vlan && echo vlan
			ip -o link show | grep -o 52:54:00:00:00:01
			cat /tools/greeting
			exit 3`;
		const result = await runVm({
			script,
			modules: ["bonding", "8021q", "af_packet"],
			files: new Map([["tools/greeting", { bytes: Buffer.from("hello\n") }]]),
			arguments: [
				...["-netdev", "socket,id=n0,udp=127.0.0.1:9,localaddr=127.0.0.1:0"],
				...["-device", "virtio-net-pci,netdev=n0,mac=52:54:00:00:00:01"],
			],
		});
		expect(result, result.console).toMatchObject({ exitCode: 3 });
		expect(result.output).toBe("balance-rr 0\nvlan\n52:54:00:00:00:01\nhello\n");
	});

	it("is ended when its time is over", async () => {
		const result = await runVm({ script: "echo started; while :; do read x </dev/console; done", timeoutSeconds: 8 });
		expect(result.exitCode).toBeUndefined();
	});
});
