/** Two virtual machines, a guest and its peer, with cables between them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchiveFile } from "./cpio.ts";
import { runVm, type VmResult } from "./vm.ts";

/** The modules of both, besides the drivers of disks and NICs. */
const MODULES = ["bonding", "8021q", "isofs"];

/** A machine's NICs: each has a cable, a pair of sockets, whose other end may come later. */
function cables(folder: string, own: "guest" | "peer", macs: readonly string[]): string[] {
	const other = own === "guest" ? "peer" : "guest";
	return macs.flatMap((address, n) => {
		const path = (side: string) => `type=unix,path=${join(folder, `${side}${n}`)}`.split(",");
		const end = (which: string, side: string) => path(side).map((text) => `${which}.${text}`);
		const netdev = ["dgram", `id=cable${n}`, ...end("local", own), ...end("remote", other)].join(",");
		// Mode 802.3ad does not aggregate a NIC of unknown speed.
		return ["-netdev", netdev, "-device", `virtio-net-pci,netdev=cable${n},mac=${address},speed=1000,duplex=full`];
	});
}

/**
 * Runs a script in a guest and another in its peer, with as many cables between them. The last cable is for the
 * test: over it the peer learns that the guest has ended.
 */
export async function runPair(
	guest: { script: string; disks?: string[]; files?: Map<string, ArchiveFile> },
	peer: string,
	macs: readonly string[],
): Promise<VmResult> {
	const last = `eth${macs.length - 1}`;
	const folder = mkdtempSync(join(tmpdir(), "guestwire-cables-"));
	const [result] = await Promise.all([
		runVm({
			...guest,
			script: `
				wait_for() { for i in $(seq 20); do ping -c1 -W1 "$1" >/dev/null && return; done; echo "no answer: $1"; }
				(${guest.script})
				code=$?
				ip addr add 192.0.2.2/24 dev ${last}
				ip link set ${last} up
				until echo | nc -w 1 192.0.2.1 9; do sleep 1; done
				exit $code`,
			modules: MODULES,
			arguments: cables(folder, "guest", macs),
		}),
		runVm({
			script: `
				set -e
				modprobe 8021q
				modprobe bonding max_bonds=0
				${peer}
				ip addr add 192.0.2.1/24 dev ${last}
				ip link set ${last} up
				nc -l -p 9`,
			modules: MODULES,
			arguments: cables(
				folder,
				"peer",
				macs.map((_, n) => `52:54:00:00:99:0${n}`),
			),
		}),
	]);
	rmSync(folder, { recursive: true });
	return result;
}

/** A bond of the peer, set up by hand. */
export const peerBond = (name: string, mode: string, members: string[]) => `
	echo +${name} >/sys/class/net/bonding_masters
	echo ${mode} >/sys/class/net/${name}/bonding/mode
	echo 100 >/sys/class/net/${name}/bonding/miimon
	for member in ${members.join(" ")}; do echo +$member >/sys/class/net/${name}/bonding/slaves; done
	ip link set ${name} up`;
export const peerAddresses = (dev: string, net: number) => `
	ip link set ${dev} up
	ip addr add 10.0.${net}.1/24 dev ${dev}
	ip addr add 172.16.${net}.1/32 dev ${dev}
	ip addr add 2001:db8:${net}::1/64 dev ${dev}`;
export const peerVlan = (parent: string, id: number) => `
	ip link add link ${parent} name v${id} type vlan id ${id}
	${peerAddresses(`v${id}`, id)}`;
