/** Images with the init systems of docs/guests-without-agent.md, for virtual machines. Each boots with the manual's own lines. */
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArchiveFile } from "./cpio.ts";
import { withLibraries } from "./guest-files.ts";
import { hasProgram, unpackedPackage } from "./programs.ts";

const manual = readFileSync(new URL("../../docs/guests-without-agent.md", import.meta.url), "utf8");

/** The manual's first code block after a text. */
export function manualLines(behind: string): string {
	const [, block] = /```\w+\n(.*?)```/s.exec(manual.slice(manual.indexOf(behind))) ?? [];
	if (block === undefined || !manual.includes(behind)) throw new Error(`the manual has no ${behind}`);
	return block;
}

/** What an image with one of the init systems contains. */
export interface Init {
	readonly files: ReadonlyMap<string, ArchiveFile>;
	/** Boots, and reports the state of the network when it is up and when it has been reverted. */
	readonly script: string;
}

type Named = [path: string, file: ArchiveFile];

const TELL = `
	ip -o addr show dev eth0 | awk '{print $4}'
	ip route | head -1
	ip -6 route | grep default
	cat /etc/resolv.conf`;
const file = (text: string, mode = 0o644): ArchiveFile => ({ bytes: Buffer.from(text), mode });

export const busyboxInit = (): Init => ({
	files: new Map<string, ArchiveFile>([
		["etc/init.d/guestwire", file(manualLines("With **busybox init**"), 0o755)],
		["etc/inittab", file("::sysinit:/etc/init.d/guestwire\n::sysinit:/bin/touch /tmp/booted\n")],
	]),
	script: `
		unshare -p -f /bin/busybox init >/dev/console 2>&1 &
		for i in $(seq 60); do [ -e /tmp/booted ] && break; sleep 1; done
		${TELL}
		ls /run/config-2
		mount -o ro /dev/vda /run/config-2
		sh /run/config-2/openstack/latest/network/apply.sh --undo`,
});

const openRcPackages = ["openrc", "librc1", "libeinfo1"].map(unpackedPackage);
export const openRc = (): Init => {
	const own = openRcPackages.flatMap((root = "") =>
		readdirSync(root, { recursive: true, encoding: "utf8" })
			.filter((path) => /^(etc|lib|sbin)\//.test(path) && lstatSync(join(root, path)).isFile())
			.map((path): Named => [path, { bytes: readFileSync(join(root, path)) }]),
	);
	const libraries = ["libaudit.so.1", "libpam.so.0", "libpam_misc.so.0", "libselinux.so.1"];
	return {
		files: new Map<string, ArchiveFile>([
			...withLibraries(libraries.map((name) => `/lib/x86_64-linux-gnu/${name}`)),
			...own,
			["etc/init.d/guestwire", file(manualLines("With **OpenRC**"), 0o755)],
			// Debian's patched OpenRC looks for both.
			["etc/fstab", file("")],
			["etc/insserv.conf", file("")],
			["etc/passwd", file("root:x:0:0::/:/bin/sh\n")],
			["etc/group", file("root:x:0:\nuucp:x:10:\n")],
		]),
		script: `
			mkdir -p /run /etc/runlevels/boot
			mount -t tmpfs run /run
			modprobe -a isofs vfat
			{
				rc-update add guestwire boot
				openrc sysinit
				openrc boot
			} >/dev/console 2>&1
			${TELL}
			rc-service guestwire stop >/dev/console 2>&1`,
	};
};

const UNITS = [
	...["basic", "local-fs", "local-fs-pre", "multi-user", "network", "paths", "shutdown", "slices", "sockets", "swap"],
	...["sysinit", "timers", "umount"],
].map((name) => `${name}.target`);
const UDEV = ["systemd-udevd.service", "systemd-udev-trigger.service"];
const UDEV_SOCKETS = ["systemd-udevd-control.socket", "systemd-udevd-kernel.socket"];
const RULES = ["50-udev-default", "60-persistent-storage", "99-systemd"];
export const systemd = (): Init => ({
	files: new Map<string, ArchiveFile>([
		...["/lib/systemd/systemd", "/bin/systemctl", "/bin/udevadm", "/bin/mount", "/bin/umount"].flatMap((path) => [
			...withLibraries([path]),
		]),
		...[
			...[...UNITS, ...UDEV, ...UDEV_SOCKETS].map((name) => `lib/systemd/system/${name}`),
			...RULES.map((name) => `lib/udev/rules.d/${name}.rules`),
		].map((path): Named => [path, { bytes: readFileSync(`/${path}`), mode: 0o644 }]),
		["etc/systemd/system/guestwire.service", file(manualLines("With **systemd**"))],
		["etc/systemd/system/sysinit.target.d/udev.conf", file(`[Unit]\nWants=${UDEV.join(" ")}\n`)],
		["etc/systemd/system/multi-user.target.d/test.conf", file("[Unit]\nWants=guestwire.service test.service\n")],
		[
			"etc/systemd/system/test.service",
			file("[Unit]\nAfter=network.target\n[Service]\nType=oneshot\nExecStart=/bin/busybox sh /tell\n"),
		],
		["tell", file(`exec >/tmp/told\n${TELL}\nsystemctl stop guestwire\ntouch /tmp/booted\n`)],
		["etc/passwd", file("root:x:0:0::/:/bin/sh\n")],
		["etc/group", file("root:x:0:\ntty:x:5:\ndisk:x:6:\n")],
		["etc/os-release", file("ID=test\n")],
	]),
	script: `
		ln -s /bin/udevadm /lib/systemd/systemd-udevd
		ln -s /lib/systemd/system/multi-user.target /etc/systemd/system/default.target
		modprobe -a isofs vfat
		boot='mount -t proc proc /proc; exec /lib/systemd/systemd --log-target=console --show-status=no'
		unshare -p -f -m sh -c "$boot" >/dev/console 2>&1 &
		for i in $(seq 90); do [ -e /tmp/booted ] && break; sleep 1; done
		cat /tmp/told`,
});

export const hasOpenRc = openRcPackages.every((root) => root !== undefined);
export const hasSystemd = hasProgram("systemctl", "udevadm") && existsSync("/lib/systemd/systemd");
