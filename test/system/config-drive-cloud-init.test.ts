import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildConfigDrive, type ConfigDriveOptions } from "../../src/config-drive/index.ts";
import { treeOf } from "../drive-files.ts";
import { guestProgram, guestPython } from "./guest-files.ts";
import { hasProgram, PYTHON, unpackedPackage } from "./programs.ts";
import { hasVm, runVm } from "./vm.ts";

const cloudInit = unpackedPackage("cloud-init");
const environment = { PYTHONPATH: `${cloudInit}/usr/lib/python3/dist-packages` };

const folder = mkdtempSync(join(tmpdir(), "guestwire-drive-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MAC = "52:54:00:00:00:07";
const metaData = {
	uuid: "d9af3ba2-5b3c-4d96-89a1-8fe7b51aeb77",
	name: "web-1",
	hostname: "web-1.novalocal",
	public_keys: { anchor: "ssh-ed25519 AAAA anchor@example" },
	random_seed: Buffer.from("seed").toString("base64"),
};
const networkData = {
	links: [{ id: "tap1", vif_id: "1", type: "phy", mtu: 1442, ethernet_mac_address: MAC }],
	networks: [
		{
			id: "network0",
			type: "ipv4",
			link: "tap1",
			network_id: "n",
			ip_address: "192.0.2.7",
			netmask: "255.255.255.0",
			routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "192.0.2.1" }],
			services: [],
		},
	],
	services: [{ type: "dns", address: "192.0.2.53" }],
};
const userData = "#!/bin/sh\necho grüße\n";

function drive(name: string, options: ConfigDriveOptions): string {
	const text = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
	const files = new Map([
		["openstack/latest/meta_data.json", text(metaData)],
		["openstack/latest/network_data.json", text(networkData)],
		["openstack/latest/user_data", text(userData)],
		["openstack/latest/vendor_data.json", text({ cloud: "static" })],
		["ec2/latest/meta-data.json", text({ "instance-id": "i-00000001" })],
	]);
	const path = join(folder, name);
	writeFileSync(path, buildConfigDrive(treeOf(files), options));
	return path;
}

/** cloud-init looks for the device by itself, by label and by type. */
const LOOK = `
import json
from cloudinit.mergers import m_dict, m_list, m_str
from cloudinit import distros, helpers
from cloudinit.sources import DataSourceConfigDrive
paths = helpers.Paths({"cloud_dir": "/tmp/cloud", "run_dir": "/tmp/run"})
distro = distros.fetch("debian")("debian", {}, paths)
source = DataSourceConfigDrive.DataSourceConfigDrive({"datasource": {}}, distro, paths)
found = source.get_data()
`;
const TELL = `
print(json.dumps({
    "found": found, "from": source.source, "metaData": source.metadata, "userData": source.userdata_raw,
    "ec2": source.ec2_metadata, "networkData": json.loads(json.dumps(source.network_json)), "vendorData": source.vendordata_raw,
    "network": source.network_config, "keys": source.get_public_ssh_keys()}, default=lambda data: data.decode()))
`;

const available = hasVm && hasProgram("blkid", PYTHON) && cloudInit !== undefined;

describe.skipIf(!available)("cloud-init's DataSourceConfigDrive (test/system/install.sh)", () => {
	it.each([{ format: "iso9660" }, { format: "vfat" }] as const)(
		"finds a drive by its label and takes all that is in it: $format",
		async (options) => {
			const python = guestPython(PYTHON, LOOK, environment);
			const { output, exitCode, console } = await runVm({
				script: `
				set -e
				modprobe -a isofs vfat nls_cp437 nls_ascii nls_iso8859-1 nls_utf8
				export PYTHONPATH=${environment.PYTHONPATH}
				exec ${PYTHON} /look.py`,
				files: new Map([...python, ...guestProgram("blkid"), ["look.py", { bytes: Buffer.from(LOOK + TELL) }]]),
				modules: ["isofs", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8"],
				disks: [drive(options.format, options)],
				arguments: [
					...["-netdev", "socket,id=n0,udp=127.0.0.1:9,localaddr=127.0.0.1:0"],
					...["-device", `virtio-net-pci,netdev=n0,mac=${MAC}`],
				],
				memoryMiB: 512,
				timeoutSeconds: 170,
			});
			expect(exitCode, `${output}\n${console}`).toBe(0);
			const told = JSON.parse(output.trim().split("\n").at(-1) ?? "");
			expect(told).toMatchObject({
				found: true,
				from: "/dev/vda",
				metaData: {
					...metaData,
					random_seed: "seed",
					"instance-id": metaData.uuid,
					"local-hostname": metaData.hostname,
				},
				userData,
				networkData,
				ec2: { "instance-id": "i-00000001" },
				keys: ["ssh-ed25519 AAAA anchor@example"],
			});
			expect(told.network.config).toContainEqual(
				expect.objectContaining({ type: "physical", name: "eth0", mac_address: MAC, mtu: 1442 }),
			);
		},
		180_000,
	);
});
