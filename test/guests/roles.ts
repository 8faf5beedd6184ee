/** The kinds of guests: what sets up the network in each, as files and links over the suite's disk. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArchiveFile } from "../system/cpio.ts";

/** cloud-init's renderers in guests that boot, and guests without cloud-init. */
export type Role = "netplan" | "network-manager" | "ifupdown" | "networkd-files" | "busybox" | "busybox-iproute2";

/** The packages whose versions matter to a role. */
export const ROLE_PACKAGES: Readonly<Record<Role, readonly string[]>> = {
	netplan: ["cloud-init", "netplan.io", "systemd"],
	"network-manager": ["cloud-init", "network-manager", "systemd"],
	ifupdown: ["cloud-init", "ifupdown"],
	"networkd-files": ["systemd"],
	busybox: ["busybox"],
	"busybox-iproute2": ["busybox", "iproute2"],
};

export const file = (text: string, mode = 0o644): ArchiveFile => ({ bytes: Buffer.from(text), mode });

export const REPORT = file(readFileSync(join(import.meta.dirname, "report.sh"), "utf8"), 0o755);

const REPORT_UNIT = `[Unit]
DefaultDependencies=no
Wants=network-online.target
After=network-online.target systemd-resolved.service cloud-init.service cloud-init-network.service
[Service]
ExecStart=/bin/sh /guestwire/report.sh
`;

/** Nothing that only costs time, or that a test has no use for. */
const MASKED = [
	...[
		"apt-daily.timer",
		"apt-daily-upgrade.timer",
		"dpkg-db-backup.timer",
		"e2scrub_all.timer",
		"e2scrub_reap.service",
	],
	...[
		"fstrim.timer",
		"getty@tty1.service",
		"serial-getty@ttyS0.service",
		"systemd-timesyncd.service",
		"ldconfig.service",
	],
	...["systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-binfmt.service"],
	...["systemd-pstore.service", "systemd-logind.service", "dev-hugepages.mount", "dev-mqueue.mount"],
	...["sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-fs-fuse-connections.mount", "modprobe@drm.service"],
	...["modprobe@efi_pstore.service", "modprobe@fuse.service", "modprobe@loop.service", "modprobe@dm_mod.service"],
	...["systemd-journal-flush.service", "systemd-random-seed.service", "systemd-hwdb-update.service"],
	...["wpa_supplicant.service", "ModemManager.service", "systemd-journal-catalog-update.service"],
];
/** Emulation on a busy machine is slow. A netplan of 1.0 and later writes a drop-in of its own, which wins. */
const WAIT_ONLINE = "[Service]\nExecStart=\nExecStart=/lib/systemd/systemd-networkd-wait-online --timeout=300\n";
/** Of cloud-init only the stages that have to do with the network. */
const LATER_STAGES = ["cloud-config.service", "cloud-final.service"];
const NETWORKD = ["systemd-networkd.service", "systemd-networkd.socket", "systemd-networkd-wait-online.service"];
const NETWORK_MANAGER = [
	"NetworkManager.service",
	"NetworkManager-wait-online.service",
	"NetworkManager-dispatcher.service",
];
const IFUPDOWN = ["networking.service"];

const UNITS = "etc/systemd/system";

/** A link that makes a unit start with another. */
const wants = (target: string, unit: string): [string, string] => [
	`${UNITS}/${target}.wants/${unit}`,
	`/usr/lib/systemd/system/${unit}`,
];

const cloudConfig = (renderer: string, sources: readonly string[]) =>
	file(`datasource_list: [${sources.join(", ")}]
system_info: { network: { renderers: [${renderer}], activators: [${renderer}] } }
cloud_init_modules: [set_hostname]
cloud_config_modules: []
cloud_final_modules: []
`);

/** Over the disk of a suite. */
export interface Overlay {
	readonly files: Map<string, ArchiveFile>;
	readonly links: Map<string, string>;
}

/** @param sources cloud-init's data sources */
export function overlayOf(role: Role, sources: readonly string[]): Overlay {
	const one = ROLES[role];
	if (one === undefined) throw new Error(`${role} has no disk`);
	const masked = [...MASKED, ...LATER_STAGES, ...one.masked];
	return {
		files: new Map([
			["guestwire/report.sh", REPORT],
			[`${UNITS}/guestwire-report.service`, file(REPORT_UNIT)],
			[`${UNITS}/systemd-networkd-wait-online.service.d/05-timeout.conf`, file(WAIT_ONLINE)],
			["etc/fstab", file("LABEL=root / ext4 defaults,noatime 0 0\n")],
			["etc/hostname", file("guest\n")],
			["etc/hosts", file("127.0.0.1 localhost guest\n")],
			...(one.renderer === undefined
				? ([["etc/cloud/cloud-init.disabled", file("")]] as const)
				: ([["etc/cloud/cloud.cfg.d/99-test.cfg", cloudConfig(one.renderer, sources)]] as const)),
			...one.files,
		]),
		links: new Map([
			["etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"],
			[`${UNITS}/default.target`, "/usr/lib/systemd/system/multi-user.target"],
			[`${UNITS}/multi-user.target.wants/guestwire-report.service`, "../guestwire-report.service"],
			...one.wanted,
			...masked.map((unit): [string, string] => [`${UNITS}/${unit}`, "/dev/null"]),
		]),
	};
}

interface DiskRole {
	/** Undefined: without cloud-init. */
	readonly renderer?: string;
	readonly masked: readonly string[];
	readonly wanted: readonly (readonly [string, string])[];
	readonly files: readonly (readonly [string, ArchiveFile])[];
}

const networkdUnits = [
	wants("multi-user.target", "systemd-networkd.service"),
	wants("sockets.target", "systemd-networkd.socket"),
	wants("network-online.target", "systemd-networkd-wait-online.service"),
];

const ROLES: Readonly<Partial<Record<Role, DiskRole>>> = {
	netplan: { renderer: "netplan", masked: [...NETWORK_MANAGER, ...IFUPDOWN], wanted: networkdUnits, files: [] },
	"networkd-files": { masked: [...NETWORK_MANAGER, ...IFUPDOWN], wanted: networkdUnits, files: [] },
	"network-manager": {
		renderer: "network-manager",
		masked: [...NETWORKD, ...IFUPDOWN],
		wanted: [
			wants("multi-user.target", "NetworkManager.service"),
			wants("network-online.target", "NetworkManager-wait-online.service"),
		],
		files: [
			// As on a server: no connection for a NIC that nobody set up.
			["etc/NetworkManager/conf.d/test.conf", file("[main]\nno-auto-default=*\ndns=systemd-resolved\n")],
			[
				`${UNITS}/NetworkManager-wait-online.service.d/timeout.conf`,
				file("[Service]\nEnvironment=NM_ONLINE_TIMEOUT=600\n"),
			],
		],
	},
	ifupdown: {
		renderer: "eni",
		masked: [...NETWORKD, ...NETWORK_MANAGER],
		wanted: [wants("multi-user.target", "networking.service"), wants("network-online.target", "networking.service")],
		files: [
			["etc/network/interfaces", file("auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n")],
			[`${UNITS}/networking.service.d/timeout.conf`, file("[Service]\nTimeoutStartSec=infinity\n")],
		],
	},
};
