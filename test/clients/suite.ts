/** Root file systems of Debian's suites with every client that they have: the chroots and the guests' disks. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, program } from "../system/programs.ts";
import { shell } from "./host.ts";

/** Releases of Debian, from the oldest on. */
export const SUITES = ["bookworm", "trixie", "sid"] as const;
export type SuiteName = (typeof SUITES)[number];

/** A root file system, unpacked. Nothing may be written to it: it is shared. */
export interface Suite {
	readonly name: SuiteName;
	/** Folder of the root file system. The kernel is in its /boot, the modules in /usr/lib/modules; sid has none. */
	readonly root: string;
	/** The same as an ext4 image. */
	readonly disk: string;
	/** Package → version, of the packages that decide what a guest does. */
	readonly versions: Readonly<Record<string, string>>;
}

const PACKAGES = [
	...["ca-certificates", "cloud-init", "curl", "dbus", "ethtool", "ifenslave", "ifupdown", "iproute2", "iputils-ping"],
	...["kmod", "netplan.io", "network-manager", "procps", "systemd-resolved", "systemd-sysv", "udev"],
	// cloud-init's ENI has routes as `post-up route add`, and depends on no package with that program.
	"net-tools",
];
const OWN_PACKAGES: Readonly<Record<SuiteName, readonly string[]>> = {
	bookworm: ["ignition", "isc-dhcp-client"],
	trixie: ["dhcpcd-base", "ignition"],
	sid: ["dhcpcd-base"],
};
const VERSIONED = ["cloud-init", "ifupdown", "ignition", "netplan.io", "network-manager", "systemd"];

/** The kernel is unpacked and not installed: it needs no initramfs of Debian's. Compressed modules suit no small initramfs. */
const UNPACK_KERNEL = `
	apt_of_suite() { APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" "$@"; }
	kernel=$(apt_of_suite apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ {print $2; exit}')
	mkdir "$1/kernel"
	(cd "$1/kernel" && apt_of_suite apt-get -q -o APT::Sandbox::User=root download "$kernel")
	dpkg-deb -x "$1"/kernel/*.deb "$1/kernel/unpacked"
	mv "$1"/kernel/unpacked/boot/vmlinuz-* "$1/boot/"
	mkdir -p "$1/usr/lib/modules"
	for folder in "$1"/kernel/unpacked/lib/modules/* "$1"/kernel/unpacked/usr/lib/modules/*; do
		[ ! -d "$folder" ] || mv "$folder" "$1/usr/lib/modules/"
	done
	rm -r "$1/kernel"
	find "$1/usr/lib/modules" -name "*.ko.xz" -print0 | xargs -0 -r xz -dq
	depmod -b "$1" "$(ls "$1/usr/lib/modules")"`;
const CLEAN = `
	chroot "$1" passwd -d root >/dev/null
	rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/* "$1"/var/log/*
	rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/etc/netplan/* "$1"/etc/resolv.conf "$1"/etc/hostname
	: >"$1/etc/machine-id"`;
/** Guests of sid are not booted, and its kernel is in several packages. */
const customize = (name: SuiteName) => `\n\tset -eu${name === "sid" ? "" : UNPACK_KERNEL}${CLEAN}`;

/** A suite's root file system. Made by mmdebstrap at the first use, which takes some two minutes, and kept. */
export function suite(name: SuiteName): Suite {
	const packages = [...PACKAGES, ...OWN_PACKAGES[name]].join(",");
	const recipe = createHash("sha256").update(packages).update(customize(name)).digest("hex").slice(0, 12);
	const parent = join(CACHE, "suites");
	const folder = join(parent, `${name}-${recipe}`);
	if (!existsSync(folder)) build(name, packages, parent, folder);
	const versions = JSON.parse(readFileSync(join(folder, "versions.json"), "utf8"));
	return { name, root: join(folder, "root"), disk: join(folder, "disk"), versions };
}

const RELEASES: Readonly<Record<SuiteName, string>> = { bookworm: "Debian 12", trixie: "Debian 13", sid: "Debian sid" };

/** A heading of docs/clients-tested.md or docs/guests-tested.md: `Debian 12, netplan, cloud-init 22.4.2`. */
export function sectionOf(
	name: SuiteName,
	client: string,
	packages: readonly string[],
	versions: Suite["versions"],
): string {
	const numbered = packages.map((one) => `${one} ${versions[one]?.replace(/-.*/, "")}`);
	return [RELEASES[name], client, ...numbered].join(", ");
}

/**
 * Runs a script of this folder in namespaces of its own, in a copy of a suite's root where the folder `out` is `/out`.
 *
 * @param network a network namespace that it runs in, instead of one of its own
 */
export async function runInSuite(name: SuiteName, script: string, out: string, network?: string): Promise<void> {
	const environment = `env root=${suite(name).root} out=${out} script=${join(import.meta.dirname, script)}`;
	const namespaces = network === undefined ? "unshare -n" : `ip netns exec ${network} unshare`;
	await shell(`${namespaces} -m -p -f --kill-child ${environment} sh ${join(import.meta.dirname, "suite-chroot.sh")}`);
}

function build(name: SuiteName, packages: string, parent: string, folder: string): void {
	mkdirSync(parent, { recursive: true });
	for (const old of readdirSync(parent)) {
		if (new RegExp(`^${name}-[0-9a-f]{12}$`).test(old)) rmSync(join(parent, old), { recursive: true });
	}
	const made = join(parent, `${name}-new-${process.pid}`);
	const root = join(made, "root");
	mkdirSync(root, { recursive: true });
	runToEnd("mmdebstrap", [
		...["--mode=root", "--variant=minbase", "--skip=check/empty", `--include=${packages}`],
		// A mirror that is a snapshot has the lists of sid that were valid then.
		...["--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Check-Valid-Until false"],
		`--customize-hook=${customize(name)}`,
		...[name, root],
	]);
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own syntax
	const query = ["--admindir", join(root, "var/lib/dpkg"), "-W", "-f", "${Package} ${Version}\n", ...VERSIONED];
	const versions = runToEnd("dpkg-query", query, [0, 1]).trim().split("\n");
	writeFileSync(
		join(made, "versions.json"),
		JSON.stringify(Object.fromEntries(versions.map((line) => line.split(" ")))),
	);
	const mebibytes = Math.ceil(Number(runToEnd("du", ["-sm", root]).split("\t")[0]) * 1.25) + 200;
	runToEnd("mke2fs", ["-q", "-t", "ext4", "-L", "root", "-d", root, join(made, "disk"), `${mebibytes}M`]);
	renameSync(made, folder);
}

function runToEnd(name: string, args: readonly string[], codes: readonly number[] = [0]): string {
	const { status, stdout, stderr } = spawnSync(program(name), args, { encoding: "utf8", maxBuffer: 2 ** 26 });
	if (status === null || !codes.includes(status)) throw new Error(`${name} failed: ${stderr.slice(-4000)}`);
	return stdout;
}
