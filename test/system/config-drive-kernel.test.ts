import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildConfigDrive, type ConfigDriveOptions } from "../../src/config-drive/index.ts";
import { treeOf } from "../drive-files.ts";
import { sampleTree } from "./drive-trees.ts";
import { hasVm, runVm } from "./vm.ts";

const files = sampleTree();
const folder = mkdtempSync(join(tmpdir(), "guestwire-drive-"));
afterAll(() => rmSync(folder, { recursive: true }));

const drives: readonly ConfigDriveOptions[] = [
	{ format: "iso9660" },
	{ format: "vfat" },
	{ format: "vfat", sizeMiB: 64 },
	{ format: "vfat", sizeMiB: 520 },
];

/** A mount, and the permission bits that its files and folders then have. */
const mounts = [
	{ title: "iso9660 by Rock Ridge", device: "vda", type: "iso9660", options: "ro", modes: ["444", "555"] },
	// Joliet has no modes: the driver's own.
	{
		title: "iso9660 by Joliet",
		device: "vda",
		type: "iso9660",
		options: "ro,norock,iocharset=utf8",
		modes: ["555", "555"],
	},
	{ title: "vfat, FAT12", device: "vdb", type: "vfat", options: "ro,umask=0222,utf8=1", modes: ["555", "555"] },
	{ title: "vfat, FAT16", device: "vdc", type: "vfat", options: "ro,umask=0222,utf8=1", modes: ["555", "555"] },
	{ title: "vfat, FAT32", device: "vdd", type: "vfat", options: "ro,umask=0222,utf8=1", modes: ["555", "555"] },
];

const SCRIPT = `
set -e
modprobe -a isofs vfat nls_utf8 nls_cp437 nls_ascii nls_iso8859-1
${mounts
	.map(
		({ device, type, options }) => `
echo "mount"
mount -t ${type} -o ${options} /dev/${device} /mnt
cd /mnt
find . -print0 | xargs -0 stat -c 'stat %F %a %u %g %n'
find . -type f -print0 | xargs -0 sha256sum
cd /
umount /mnt`,
	)
	.join("\n")}
`;

const expectedFiles = [...files].map(
	([path, bytes]) => `${createHash("sha256").update(bytes).digest("hex")}  ./${path}`,
);
const folders = new Set(["."]);
for (const path of files.keys()) {
	const parts = path.split("/").slice(0, -1);
	for (let depth = 1; depth <= parts.length; depth++) folders.add(`./${parts.slice(0, depth).join("/")}`);
}

describe.skipIf(!hasVm)("Linux's own file systems read a drive back (test/system/install.sh)", () => {
	it("names, bytes, modes and owners", async () => {
		const disks = drives.map((options, index) => {
			const path = join(folder, `${index}`);
			writeFileSync(path, buildConfigDrive(treeOf(files), options));
			return path;
		});
		const modules = ["isofs", "vfat", "nls_utf8", "nls_cp437", "nls_ascii", "nls_iso8859-1"];
		const { output, exitCode, console } = await runVm({ script: SCRIPT, disks, modules });
		expect(exitCode, `${output}\n${console}`).toBe(0);
		const reports = output.split("mount\n").slice(1);
		for (const [index, { title, modes }] of mounts.entries()) {
			const lines = reports[index]?.trim().split("\n") ?? [];
			const [fileMode, folderMode] = modes;
			const expectedStats = [
				...[...folders].map((path) => `stat directory ${folderMode} 0 0 ${path}`),
				...[...files].map(
					([path, { length }]) => `stat regular ${length === 0 ? "empty " : ""}file ${fileMode} 0 0 ./${path}`,
				),
			];
			const stats = lines.filter((line) => line.startsWith("stat "));
			expect(stats.sort(), title).toEqual(expectedStats.sort());
			const sums = lines.filter((line) => !line.startsWith("stat "));
			expect(sums.sort(), title).toEqual([...expectedFiles].sort());
		}
	}, 180_000);
});
