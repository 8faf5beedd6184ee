/** A virtual machine under QEMU without KVM: Debian's kernel with a suite's disk, or with busybox alone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Suite } from "../clients/suite.ts";
import { type ArchiveFile, initramfs } from "../system/cpio.ts";
import { moduleFiles } from "../system/kernel.ts";
import { program } from "../system/programs.ts";

/** A NIC. `netdev` is QEMU's, without its id: `socket,udp=127.0.0.1:4000,localaddr=127.0.0.1:0`. */
export interface Nic {
	readonly mac: string;
	readonly netdev: string;
	/** What the hypervisor says to the driver, bytes. */
	readonly mtu?: number;
}

export interface MachineOptions {
	readonly suite: Suite;
	/** `disk`: the suite's, with an init. `memory`: busybox and what `files` has. */
	readonly root: "disk" | "memory";
	/** Laid over the root before its init starts: path without leading slash → file. */
	readonly files: ReadonlyMap<string, ArchiveFile>;
	/** Symbolic links made there: path without leading slash → target. */
	readonly links?: ReadonlyMap<string, string>;
	/** Further modules of the initramfs, which loads them before the disk's init starts. */
	readonly modules?: readonly string[];
	readonly nics: readonly Nic[];
	/** A drive's image. A virtio disk that is there from the start, or a CD whose driver is loaded before init. */
	readonly drive?: { readonly path: string; readonly as: "disk" | "cd" };
	/** Runs QEMU in this network namespace. */
	readonly namespace?: string;
	readonly timeoutSeconds?: number;
}

export interface MachineResult {
	/** What the guest wrote to /dev/ttyS1; undefined if it never wrote the last line, `@@ end`. */
	readonly report: string | undefined;
	readonly console: string;
	readonly seconds: number;
}

const DRIVERS = ["virtio_pci", "virtio_blk", "virtio_net"];
/** A bond with LACP uses no NIC whose speed it does not know. */
const NIC_SPEED = "speed=10000,duplex=full";
const CD_DRIVERS = ["ata_piix", "sr_mod", "isofs"];

/** Boots the machine and waits until it powers itself off, or until its time is over. */
export async function runMachine(options: MachineOptions): Promise<MachineResult> {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-guest-"));
	try {
		const started = performance.now();
		const kernel = (await readdir(join(options.suite.root, "boot"))).find((name) => name.startsWith("vmlinuz-"));
		if (kernel === undefined) throw new Error(`no kernel in ${options.suite.root}/boot`);
		const modules = join(options.suite.root, "usr/lib/modules", basename(kernel).slice("vmlinuz-".length));
		const archive = join(folder, "initramfs");
		await writeFile(archive, initramfs(await initramfsFiles(options, modules)));
		const report = join(folder, "report");
		const console = join(folder, "console");
		await runQemu(options, folder, [
			...["-kernel", join(options.suite.root, "boot", kernel), "-initrd", archive],
			...[
				"-append",
				"console=ttyS0 panic=-1 systemd.log_target=console systemd.show_status=true no_timer_check mitigations=off audit=0 selinux=0 apparmor=0 nokaslr systemd.default_timeout_start_sec=600 udev.event_timeout=600",
			],
			...["-serial", `file:${console}`, "-serial", `file:${report}`],
		]);
		const text = (await readFile(report, "utf8").catch(() => "")).replaceAll("\r", "");
		return {
			report: text.includes("@@ end\n") ? text : undefined,
			console: await readFile(console, "utf8").catch(() => ""),
			seconds: (performance.now() - started) / 1000,
		};
	} finally {
		await rm(folder, { recursive: true });
	}
}

async function initramfsFiles(options: MachineOptions, modules: string): Promise<Map<string, ArchiveFile>> {
	const prefix = options.root === "disk" ? "overlay/" : "";
	const isCd = options.drive?.as === "cd";
	const names = [...DRIVERS, ...(isCd ? CD_DRIVERS : []), ...(options.modules ?? [])];
	return new Map<string, ArchiveFile>([
		["bin/busybox", { bytes: await readFile(program("busybox")) }],
		...(await moduleFiles(modules, names)),
		...[...options.files].map(([path, file]) => [`${prefix}${path}`, file] as const),
		...(options.root === "disk" ? [["init", { bytes: Buffer.from(diskInit(options, isCd)) }] as const] : []),
	]);
}

/** Finds the disk, lays the files over it and hands over to its init. */
function diskInit({ links = new Map(), modules = [] }: MachineOptions, isCd: boolean): string {
	const linked = [...links].map(
		([path, target]) => `mkdir -p /new/${path.replace(/[^/]*$/, "")}; ln -sf ${target} /new/${path}`,
	);
	return `#!/bin/busybox sh
/bin/busybox mkdir -p /dev /proc /sys /new /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
modprobe -a virtio_pci virtio_blk ${isCd ? CD_DRIVERS.join(" ") : ""}
${modules.map((name) => `modprobe ${name}${name === "bonding" ? " max_bonds=0" : ""}`).join("\n")}
n=0
until [ -b /dev/vda ] ${isCd ? "&& [ -b /dev/sr0 ]" : ""} || [ $n -ge 200 ]; do n=$((n + 1)); usleep 50000; done
mount -t ext4 -o noatime /dev/vda /new || poweroff -f
cp -a /overlay/. /new/
${linked.join("\n")}
for folder in proc sys dev; do mount --move /$folder /new/$folder; done
exec switch_root /new /sbin/init
`;
}

async function runQemu(options: MachineOptions, folder: string, boot: readonly string[]): Promise<void> {
	const args = [
		...["-machine", "pc", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem", "-smp", "1", "-m", "768"],
		...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-monitor", "none"],
		// cloud-init looks for OpenStack by these.
		...["-smbios", "type=1,manufacturer=OpenStack Foundation,product=OpenStack Nova,version=26.2.2"],
		...["-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"],
		...boot,
		...(options.root === "disk" ? disk("root", `file=${options.suite.disk},snapshot=on,cache=unsafe`) : []),
		...driveArguments(options.drive),
		...options.nics.flatMap(({ mac, netdev, mtu }, i) => [
			...["-netdev", netdev.replace(",", `,id=n${i},`)],
			...[
				"-device",
				`virtio-net-pci,netdev=n${i},mac=${mac},romfile=,addr=${(0x10 + i).toString(16)},${NIC_SPEED}${mtu === undefined ? "" : `,host_mtu=${mtu}`}`,
			],
		]),
	];
	const inside = options.namespace === undefined ? [] : [program("ip"), "netns", "exec", options.namespace];
	const [command = "", ...rest] = [...inside, program("qemu-system-x86_64"), ...args];
	const qemu = spawn(command, rest, {
		env: { ...process.env, TMPDIR: folder },
		stdio: ["ignore", "ignore", "pipe"],
		timeout: (options.timeoutSeconds ?? 1800) * 1000,
		killSignal: "SIGKILL",
	});
	let errors = "";
	qemu.stderr?.on("data", (chunk) => {
		errors += chunk;
	});
	const [code, signal] = await once(qemu, "exit");
	if (code !== 0 && signal === null) throw new Error(`qemu failed: ${errors}`);
}

const disk = (id: string, options: string) => [
	...["-drive", `if=none,id=${id},format=raw,${options}`],
	...["-device", `virtio-blk-pci,drive=${id},serial=${id}`],
];

function driveArguments(drive: MachineOptions["drive"]): string[] {
	if (drive === undefined) return [];
	const path = drive.path.replaceAll(",", ",,");
	if (drive.as === "disk") return disk("config", `file=${path},readonly=on`);
	return [
		"-drive",
		`if=none,id=config,format=raw,readonly=on,media=cdrom,file=${path}`,
		"-device",
		"ide-cd,bus=ide.0,drive=config",
	];
}
