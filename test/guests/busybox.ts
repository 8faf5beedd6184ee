/**
 * A guest without an agent: busybox alone mounts the drive and runs the script that lies on it, or fetches the script from
 * the metadata service's IPv6 address, as docs/guests-without-agent.md says.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { ArchiveFile } from "../system/cpio.ts";
import { withLibraries } from "../system/guest-files.ts";
import { manualLines } from "../system/iproute2-inits.ts";
import { program } from "../system/programs.ts";
import { file, REPORT } from "./roles.ts";

/** What the script and the drive need of the kernel. */
export const BUSYBOX_MODULES = [
	"isofs",
	"vfat",
	"nls_utf8",
	"nls_cp437",
	"nls_iso8859-1",
	"nls_ascii",
	"8021q",
	"bonding",
];

/**
 * @param ip whose `ip` the script finds. The report is always made with iproute2's.
 * @param from where the script is
 */
export function busyboxFiles(ip: "busybox" | "iproute2", from: "drive" | "link-local"): Map<string, ArchiveFile> {
	return new Map<string, ArchiveFile>([
		...withLibraries([program("ip"), program("dash")]),
		["opt/iproute2/ip", { bytes: readFileSync(program("ip")) }],
		// Debian's busybox sh runs its own applets whatever PATH says: iproute2's `ip` needs another shell.
		["opt/iproute2/sh", { bytes: readFileSync(program("dash")) }],
		["guestwire/report.sh", REPORT],
		["etc/passwd", file("root:x:0:0::/:/bin/sh\n")],
		["guestwire/set-up", file(from === "drive" ? FROM_DRIVE : manualLines("## Over HTTP"))],
		["init", file(init(ip === "iproute2" ? "/opt/iproute2" : "/bin"), 0o755)],
	]);
}

/** An instance without ports has no script. */
const FROM_DRIVE = `n=0
until drive=$(findfs LABEL=config-2 2>/dev/null) || [ $n -ge 100 ]; do n=$((n + 1)); usleep 50000; done
mkdir -p /run/config-2
mount -o ro "$drive" /run/config-2
script=/run/config-2/openstack/latest/network/apply.sh
[ ! -e $script ] || sh $script
`;

/** What the script runs with is this machine's: the version of each program. */
export function busyboxVersions(): Record<string, string> {
	const said = (name: string, ...args: string[]) => execFileSync(program(name), args, { encoding: "utf8" });
	return {
		busybox: /^BusyBox v(\S+)/.exec(said("busybox"))?.[1] ?? "unknown",
		iproute2: /iproute2-([^\s,]+)/.exec(said("ip", "-V"))?.[1] ?? "unknown",
	};
}

/** Runs the script with the `ip` and the `sh` of a folder. The metadata service is not on every NIC that `wget` tries. */
const init = (programs: string) => `#!/bin/busybox sh
/bin/busybox mkdir -p /dev /proc /sys /tmp /run /etc /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /tmp
mount -t tmpfs none /run
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
modprobe -a virtio_pci virtio_blk virtio_net isofs vfat ata_piix sr_mod 2>/dev/null
ip link set lo up
PATH=${programs}:$PATH ${programs}/sh /guestwire/set-up >/run/set-up 2>&1 || echo "exit code $?" >>/run/set-up
grep -v "^wget: " /run/set-up >/guestwire/apply.out
dash /guestwire/report.sh
`;
