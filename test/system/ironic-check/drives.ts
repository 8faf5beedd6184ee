/** Drives for bare metal, and Ironic's own opinion of them. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import {
	buildConfigDrive,
	decodeConfigDrive,
	patchConfigDrive,
	readConfigDrive,
} from "../../../src/config-drive/index.ts";
import { runCli } from "../../run-cli.ts";
import { CACHE } from "../programs.ts";

const LATEST = "openstack/latest/network_data.json";

/** What Ironic made of a drive. */
export interface Checked {
	/** `kept`, `replaced`, or the error that fails the deployment. */
	readonly outcome: string;
	/** Warnings and errors. */
	readonly logged: readonly string[];
}

interface Nic {
	readonly network: string;
	readonly addresses: readonly string[];
	readonly bonded?: true;
	readonly vlans?: readonly number[];
}

/** Each node's NICs. The network `unknown` has no MTU. */
const NODES: Readonly<Record<string, readonly Nic[]>> = {
	bond: [{ network: "static", addresses: ["192.0.2.10", "2001:db8::10"], bonded: true }],
	"bond-with-vlans": [{ network: "jumbo", addresses: ["10.9.0.11"], bonded: true, vlans: [101, 102] }],
	"two-nics": [
		{ network: "static", addresses: ["192.0.2.12"] },
		{ network: "dhcp", addresses: ["198.51.100.12"] },
	],
	trunk: [{ network: "static", addresses: ["192.0.2.13"], vlans: [103] }],
	"ipv6-only": [{ network: "static", addresses: ["2001:db8::14"] }],
	"without-addresses": [{ network: "dhcp", addresses: [] }],
	"unknown-mtu": [{ network: "unknown", addresses: ["203.0.113.15"] }],
};

function inventory(): unknown {
	const nics = Object.entries(NODES).flatMap(([node, list]) =>
		list.map((nic, index) => ({ node, nic, id: `${node}-${index}` })),
	);
	const mac = (index: number, member: number) => `52:54:00:00:${(index + 16).toString(16)}:0${member}`;
	const subports = nics.flatMap(({ id, nic }) =>
		(nic.vlans ?? []).map((vlan) => ({ parent: id, vlan, id: `${id}-${vlan}` })),
	);
	return {
		networks: [{ id: "static", mtu: 1500 }, { id: "jumbo", mtu: 9000 }, { id: "dhcp", mtu: 1450 }, { id: "unknown" }],
		subnets: [
			{ id: "s4", network_id: "static", cidr: "192.0.2.0/24", gateway_ip: "192.0.2.1", enable_dhcp: false },
			{ id: "s6", network_id: "static", cidr: "2001:db8::/64", gateway_ip: "2001:db8::1", enable_dhcp: false },
			{ id: "j4", network_id: "jumbo", cidr: "10.9.0.0/24", enable_dhcp: false },
			{ id: "d4", network_id: "dhcp", cidr: "198.51.100.0/24", gateway_ip: "198.51.100.1" },
			{ id: "u4", network_id: "unknown", cidr: "203.0.113.0/24", enable_dhcp: false },
		],
		servers: Object.keys(NODES).map((id) => ({ id, name: id })),
		baremetal_nodes: Object.keys(NODES).map((id) => ({ uuid: `node-${id}`, instance_uuid: id })),
		portgroups: nics.flatMap(({ id, node, nic }, index) =>
			nic.bonded
				? [
						{
							uuid: `group-${id}`,
							node_uuid: `node-${node}`,
							address: mac(index, 1),
							mode: "802.3ad",
							properties: { miimon: 100 },
						},
					]
				: [],
		),
		baremetal_ports: nics.flatMap(({ id, node, nic }, index) =>
			(nic.bonded ? [1, 2] : []).map((member) => ({
				uuid: `${id}-${member}`,
				node_uuid: `node-${node}`,
				portgroup_uuid: `group-${id}`,
				address: mac(index, member),
			})),
		),
		ports: [
			...nics.map(({ id, node, nic }, index) => ({
				...{ id, device_id: node, network_id: nic.network, mac_address: mac(index, 1) },
				fixed_ips: nic.addresses.map((ip_address) => ({ ip_address })),
			})),
			...subports.map(({ id, vlan }) => ({ id, network_id: "jumbo", fixed_ips: [{ ip_address: `10.9.0.${vlan}` }] })),
		],
		trunks: nics.flatMap(({ id, nic }) => {
			const sub_ports = subports
				.filter(({ parent }) => parent === id)
				.map(({ id, vlan }) => ({ port_id: id, segmentation_id: vlan }));
			return nic.vlans ? [{ id: `trunk-${id}`, port_id: id, sub_ports }] : [];
		}),
	};
}

/** Drives as in a deploy request. */
export async function ironicDrives(): Promise<Record<string, string>> {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-ironic-"));
	try {
		const file = join(folder, "inventory.json");
		writeFileSync(file, JSON.stringify(inventory()));
		const drives: Record<string, string> = {};
		for (const node of Object.keys(NODES)) {
			const made = await runCli(["config-drive", node, "--inventory", file, "--encoding", "gzip-base64", "-o", "-"]);
			if (made.code !== 0) throw new Error(made.stderr);
			drives[node] = made.stdout;
		}
		return { ...drives, ...otherDrives(drives["bond"] ?? "") };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** The bond's documents as VFAT, and Nova's drive before and after its network data was replaced by the bond's. */
function otherDrives(bond: string): Record<string, string> {
	const contents = readConfigDrive(decodeConfigDrive(Buffer.from(bond)));
	const fixture = new URL("../../fixtures/zed-config-drives/b2-static4-routes.iso.gz", import.meta.url);
	const nova = gunzipSync(readFileSync(fixture));
	const patched = patchConfigDrive(nova, new Map([[LATEST, contents.read(LATEST) ?? new Uint8Array()]]));
	const images = { vfat: buildConfigDrive(contents, { format: "vfat" }), nova, "nova-patched": patched };
	return Object.fromEntries(Object.entries(images).map(([name, image]) => [name, gzipSync(image).toString("base64")]));
}

/** What Ironic looks at: the type and the MTU of each link. */
export function linksOf(drive: string): unknown[] {
	const document = readConfigDrive(decodeConfigDrive(Buffer.from(drive))).read(LATEST) ?? "";
	const { links } = JSON.parse(Buffer.from(document).toString());
	return links.map(({ type, mtu }: { type: string; mtu?: number }) => [type, mtu ?? null]);
}

/** The chroot of `chroot.sh`. */
export const ROOT = join(CACHE, "ironic-sid");

export function hasIronic(): boolean {
	return existsSync(join(ROOT, ".complete"));
}

/** Runs Ironic's check. @returns also the version of Debian's package */
export function checkWithIronic(drives: Readonly<Record<string, string>>): {
	version: string;
	checked: Record<string, Checked>;
} {
	copyFileSync(new URL("check.py", import.meta.url), join(ROOT, "tmp/check.py"));
	const checked = JSON.parse(
		execFileSync("chroot", [ROOT, "python3", "/tmp/check.py"], {
			...{ input: JSON.stringify(drives), maxBuffer: 2 ** 28 },
			stdio: ["pipe", "pipe", "ignore"],
		}).toString(),
	);
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own syntax
	const query = ["--admindir", join(ROOT, "var/lib/dpkg"), "-W", "-f", "${Version}", "python3-ironic"];
	return { version: execFileSync("dpkg-query", query).toString(), checked };
}
