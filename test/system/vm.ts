import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ArchiveFile, initramfs } from "./cpio.ts";
import { findKernel, moduleFiles } from "./kernel.ts";
import { hasProgram, program, unpackedPackage } from "./programs.ts";

/** What a virtual machine does, and with what. */
export interface VmOptions {
	/**
	 * What busybox's `sh` runs as root, in `/`, with `/proc`, `/sys`, `/dev` and `/tmp` mounted. Its standard output
	 * and its exit code are the answer; its standard error goes to the console.
	 */
	readonly script: string;
	/**
	 * Kernel modules that `modprobe` and the kernel itself shall find in the guest, by name; what they depend on comes
	 * along. None is loaded before the script but the drivers of disks and NICs.
	 */
	readonly modules?: readonly string[];
	/** Raw images, read-only in the guest: /dev/vda, /dev/vdb … */
	readonly disks?: readonly string[];
	/** Further arguments of qemu-system-x86_64: `["-netdev", …, "-device", "virtio-net-pci,…"]`. */
	readonly arguments?: readonly string[];
	/** Further files of the guest: path without leading slash → file. */
	readonly files?: ReadonlyMap<string, ArchiveFile>;
	/** The machine is ended after this time; 120 by default. */
	readonly timeoutSeconds?: number;
	/** 256 by default. */
	readonly memoryMiB?: number;
}

/** What came of it. */
export interface VmResult {
	/** The script's standard output. */
	readonly output: string;
	/** Its exit code; undefined when it never ended (a crash, the time limit): then `console` says more. */
	readonly exitCode: number | undefined;
	/** What kernel and script wrote on the serial console. */
	readonly console: string;
}

/** Whether `runVm` can run here. */
export const hasVm =
	hasProgram("qemu-system-x86_64", "busybox") && unpackedPackage("linux-image-cloud-amd64") !== undefined;

const DRIVERS = ["virtio_pci", "virtio_blk", "virtio_net"];
const END = "guestwire-exit-code ";

/** Boots Debian's cloud kernel with busybox, runs a script in it and powers it off. About five seconds without KVM. */
export async function runVm(options: VmOptions): Promise<VmResult> {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-vm-"));
	try {
		const kernel = await findKernel();
		const files = new Map<string, ArchiveFile>([
			["bin/busybox", { bytes: await readFile(program("busybox")) }],
			["init", { bytes: Buffer.from(INIT) }],
			["script", { bytes: Buffer.from(options.script) }],
			...(await moduleFiles(kernel.modules, [...DRIVERS, ...(options.modules ?? [])])),
			...(options.files ?? []),
		]);
		const archive = join(folder, "initramfs");
		await writeFile(archive, initramfs(files));
		const output = join(folder, "output");
		const console = await runQemu(options, [
			...["-kernel", kernel.image, "-initrd", archive],
			// Without no_timer_check, a machine that gets too little time at its start takes its timer for broken.
			...["-append", "console=ttyS0 quiet panic=-1 no_timer_check"],
			...["-serial", "stdio", "-serial", `file:${output}`],
		]);
		return { ...splitOutput(await readFile(output, "utf8")), console };
	} finally {
		await rm(folder, { recursive: true });
	}
}

// The first serial port is the console; the second carries the script's output alone, unchanged by the terminal layer.
const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /dev /proc /sys /tmp /sbin /usr/bin /usr/sbin /mnt
/bin/busybox --install -s
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /tmp
modprobe -a ${DRIVERS.join(" ")}
stty -F /dev/ttyS1 raw
exec >/dev/ttyS1
cd /
sh /script
echo "${END}$?"
stty -F /dev/ttyS1 sane
poweroff -f
`;

function splitOutput(text: string): { output: string; exitCode: number | undefined } {
	const end = text.lastIndexOf(END);
	if (end < 0) return { output: text, exitCode: undefined };
	return { output: text.slice(0, end), exitCode: Number(text.slice(end + END.length)) };
}

async function runQemu(options: VmOptions, boot: string[]): Promise<string> {
	const disks = (options.disks ?? []).flatMap((path, index) => [
		...["-drive", `if=none,id=disk${index},format=raw,readonly=on,file=${path.replaceAll(",", ",,")}`],
		...["-device", `virtio-blk-pci,drive=disk${index}`],
	]);
	const machine = ["-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", `${options.memoryMiB ?? 256}`];
	const plain = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"];
	const qemu = program("qemu-system-x86_64");
	const timeout = (options.timeoutSeconds ?? 120) * 1000;
	return promisify(execFile)(qemu, [...machine, ...plain, ...boot, ...disks, ...(options.arguments ?? [])], {
		timeout,
		killSignal: "SIGKILL",
		maxBuffer: 1 << 24,
	}).then(
		(done) => done.stdout,
		(error: { killed?: boolean; stdout?: string; stderr?: string }) => {
			if (error.killed === true) return `${error.stdout}\n(ended after ${timeout / 1000} s)`;
			throw new Error(`qemu failed: ${error.stderr}`, { cause: error });
		},
	);
}
