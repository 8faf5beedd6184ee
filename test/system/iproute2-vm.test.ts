/** VLANs and bonds, which the host's kernel may lack: the guest and its peer are virtual machines. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildConfigDrive } from "../../src/config-drive/index.ts";
import type { NetworkData, NetworkEntry } from "../../src/documents/network-data.ts";
import type { DescribedBond } from "../../src/documents/network-description.ts";
import { BOND_MODES, type BondMode } from "../../src/instance/bonding.ts";
import { guestFiles } from "../../src/render/guest-files.ts";
import { render } from "../../src/render/index.ts";
import { treeOf } from "../drive-files.ts";
import { FURTHER_DOCUMENTS } from "../render/guest-documents.ts";
import { exampleDocuments } from "./iproute2-documents.ts";
import { peerAddresses, peerBond, peerVlan, runPair } from "./iproute2-pair.ts";
import { hasVm } from "./vm.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-iproute2-"));
afterAll(() => rmSync(folder, { recursive: true }));

const mac = (n: number) => `52:54:00:00:00:0${n}`;
const nic = (n: number, mtu?: number) => ({
	id: `nic${n}`,
	type: "phy" as const,
	ethernet_mac_address: mac(n),
	...(mtu !== undefined && { mtu }),
});
const addresses = (link: string, net: number): NetworkEntry[] => [
	{
		id: `${link}-4`,
		type: "ipv4",
		link,
		ip_address: `10.0.${net}.2`,
		netmask: "255.255.255.0",
		routes: [{ network: `172.16.${net}.0`, netmask: "255.255.255.0", gateway: `10.0.${net}.1` }],
	},
	{
		id: `${link}-6`,
		type: "ipv6",
		link,
		ip_address: `2001:db8:${net}::2`,
		netmask: "ffff:ffff:ffff:ffff::",
		routes: [],
	},
];

/** VLANs on a NIC and on a bond of two NICs, one with its own MAC address and one with that of its parent. */
const trunks: NetworkData = {
	links: [
		nic(1),
		nic(2),
		nic(3, 1500),
		{
			id: "bond",
			type: "bond",
			mtu: 1480,
			ethernet_mac_address: mac(1),
			bond_mode: "802.3ad",
			bond_links: ["nic1", "nic2"],
			bond_miimon: "100",
			bond_updelay: "200",
			bond_downdelay: "200",
			bond_lacp_rate: "fast",
			bond_xmit_hash_policy: "layer3+4",
		},
		{ id: "vlan101", type: "vlan", mtu: 1450, vlan_id: 101, vlan_link: "bond", vlan_mac_address: "52:54:00:00:01:01" },
		{ id: "vlan102", type: "vlan", mtu: 1480, vlan_id: 102, vlan_link: "bond", vlan_mac_address: mac(1) },
		{ id: "vlan103", type: "vlan", mtu: 1400, vlan_id: 103, vlan_link: "nic3", vlan_mac_address: "52:54:00:00:01:03" },
		{ id: "vlan104", type: "vlan", mtu: 1500, vlan_id: 104, vlan_link: "nic3", vlan_mac_address: mac(3) },
	],
	networks: [
		...addresses("nic3", 3),
		...addresses("vlan101", 101),
		...addresses("vlan102", 102),
		...addresses("vlan103", 103),
		...addresses("vlan104", 104),
	],
	services: [],
};

const bondOfMode = (mode: BondMode): NetworkData => ({
	links: [
		nic(1),
		nic(2),
		{
			id: "bond",
			type: "bond",
			mtu: 1400,
			ethernet_mac_address: mac(2),
			bond_mode: mode,
			bond_links: ["nic1", "nic2"],
			bond_miimon: "50",
		},
	],
	networks: addresses("bond", 1),
	services: [],
});

/** Everything that the script may have changed, except for kernel modules, which stay loaded. */
const SNAPSHOT = `
	snapshot() {
		ip addr | sed 's/ qdisc [a-z_]*//; s/ tentative//'
		ip route; ip -6 route
		for dev in /sys/class/net/eth*; do cat $dev/mtu $dev/flags $dev/address; done
		ls /run/guestwire /sys/class/net | grep -v bonding_masters
		cat /run/guestwire/notes /etc/resolv.conf /proc/sys/net/ipv6/conf/eth*/*
	} 2>/dev/null`;

describe.skipIf(!hasVm)("a guest in a virtual machine (test/system/install.sh)", () => {
	it("brings up VLANs and a bond from a config drive, changes nothing the second time, and reverts them", async () => {
		const drive = join(folder, "drive");
		const files = guestFiles(trunks, []).map(({ path, bytes }) => [`openstack/latest/${path}`, bytes] as const);
		writeFileSync(drive, buildConfigDrive(treeOf(new Map(files))));
		const pings = [3, 101, 102, 103, 104].flatMap((net) => [`10.0.${net}.1`, `172.16.${net}.1`, `2001:db8:${net}::1`]);
		const { output, exitCode, console } = await runPair(
			{
				disks: [drive],
				script: `
					${SNAPSHOT}
					modprobe isofs
					mount -o ro /dev/vda /mnt
					apply=/mnt/openstack/latest/network/apply.sh
					snapshot >/tmp/before
					sh $apply || echo "apply: $?"
					for address in ${pings.join(" ")}; do wait_for $address; done
					cd /sys/class/net
					for dev in bond0 bond0.101 bond0.102 eth2 eth2.103 eth2.104; do echo $dev $(cat $dev/mtu $dev/address); done
					cat bond0/bonding/mode bond0/bonding/slaves bond0/bonding/miimon bond0/bonding/updelay
					cat bond0/bonding/downdelay bond0/bonding/lacp_rate bond0/bonding/xmit_hash_policy
					snapshot >/tmp/first
					sh $apply || echo "again: $?"
					snapshot >/tmp/second
					diff /tmp/first /tmp/second
					sh $apply --undo || echo "undo: $?"
					snapshot >/tmp/after
					diff /tmp/before /tmp/after`,
			},
			`
				${peerBond("lag", "802.3ad", ["eth0", "eth1"])}
				${peerVlan("lag", 101)}
				${peerVlan("lag", 102)}
				${peerAddresses("eth2", 3)}
				${peerVlan("eth2", 103)}
				${peerVlan("eth2", 104)}`,
			[1, 2, 3, 4].map(mac),
		);
		expect({ output: output.split("\n"), exitCode }, console).toEqual({
			output: [
				`bond0 1480 ${mac(1)}`,
				"bond0.101 1450 52:54:00:00:01:01",
				`bond0.102 1480 ${mac(1)}`,
				`eth2 1500 ${mac(3)}`,
				"eth2.103 1400 52:54:00:00:01:03",
				`eth2.104 1500 ${mac(3)}`,
				"802.3ad 4",
				"eth0 eth1",
				...["100", "200", "200"],
				"fast 1",
				"layer3+4 1",
				"",
			],
			exitCode: 0,
		});
	}, 180_000);

	it("brings up the examples pbx-1, a trunk, and metal-1, a bond", { timeout: 180_000 }, async () => {
		const examples = await exampleDocuments();
		const documents = ["pbx-1", "metal-1"].map((id) => [id, examples.get(id)] as const);
		const files = new Map(
			documents.map(([id, data]) => {
				if (data === undefined) throw new Error(`no example ${id}`);
				return [`${id}.sh`, { bytes: Buffer.from(render("iproute2", data).files[0]?.text ?? "") }];
			}),
		);
		const macs = [...files.values()].flatMap(({ bytes }) => /wait_for (.*)/.exec(String(bytes))?.[1]?.split(" ") ?? []);
		const { output, exitCode, console } = await runPair(
			{
				files,
				script: `
					${SNAPSHOT}
					snapshot >/tmp/before
					sh /pbx-1.sh || echo "pbx-1: $?"
					for address in 192.0.2.1 10.101.0.1 10.102.0.254 10.103.0.1 198.18.0.1; do wait_for $address; done
					ip -o addr | awk '$3 == "inet" {print $2, $4}'
					sh /pbx-1.sh --undo || echo "undo: $?"
					snapshot | diff /tmp/before -
					sh /metal-1.sh || echo "metal-1: $?"
					for address in 192.0.2.1 198.18.0.1 2001:db8:1::1 2001:2::1; do wait_for $address; done
					ip -o addr | awk '$3 == "inet" {print $2, $4}'
					cat /etc/resolv.conf
					sh /metal-1.sh --undo || echo "undo: $?"
					snapshot | diff /tmp/before -`,
			},
			// Both examples have the same gateway on different cables. It is on each cable only for that guest.
			`
				${peerBond("lag", "802.3ad", ["eth1", "eth2"])}
				ip link set lo up
				for address in 192.0.2.1 198.18.0.1 10.103.0.1; do ip addr add $address/32 dev lo; done
				for address in 2001:db8:1::1 2001:2::1; do ip addr add $address/128 dev lag; done
				ip link set eth0 up
				ip route add 192.0.2.30 dev eth0
				ip route add 192.0.2.40 dev lag
				ip route add 2001:db8:1::40 dev lag
				ip link add link eth0 name v101 type vlan id 101
				ip link add link eth0 name v102 type vlan id 102
				ip addr add 10.101.0.1/24 dev v101
				ip addr add 10.102.0.254/24 dev v102
				ip link set v101 up
				ip link set v102 up`,
			[...macs, mac(4)],
		);
		expect({ output: output.split("\n"), exitCode }, console).toEqual({
			output: [
				...["eth0 192.0.2.30/24", "eth0.101 10.101.0.30/24", "eth0.102 10.102.0.30/24", "bond0 192.0.2.40/24"],
				...["nameserver 192.0.2.53", "nameserver 2001:db8:1::53", "search example.org", ""],
			],
			exitCode: 0,
		});
	});

	it("gives the driver every option of a bond", { timeout: 180_000 }, async () => {
		const bonds = FURTHER_DOCUMENTS.flatMap(([, { links }], n) =>
			links.flatMap((link) => (link.type === "bond" ? [{ link: link as DescribedBond, n }] : [])),
		);
		const files = new Map(
			FURTHER_DOCUMENTS.map(([, data], n) => [
				`${n}.sh`,
				{ bytes: Buffer.from(render("iproute2", data).files[0]?.text ?? "") },
			]),
		);
		const { output, exitCode, console } = await runPair(
			{
				files,
				script: bonds
					.map(
						({ n }) => `sh /${n}.sh || echo "$?"; cd /sys/class/net/bond0/bonding; grep . *; cd /; sh /${n}.sh --undo`,
					)
					.join("\necho ---\n"),
			},
			"",
			["fa:16:3e:00:01:01", "fa:16:3e:00:01:02"],
		);
		expect(exitCode, console).toBe(0);
		const found = output.split("---\n").map((text) => Object.fromEntries(text.split("\n").map(sysfsValue)));
		for (const [i, { link }] of bonds.entries()) {
			const options = Object.entries(link).flatMap(([key, value]): [string, string][] =>
				key.startsWith("bond_") && key !== "bond_links" ? [[key.slice("bond_".length), String(value)]] : [],
			);
			const expected = { ...Object.fromEntries(options), ...("bond_primary" in link && { primary: "eth1" }) };
			expect(found[i]).toMatchObject(expected);
		}
	});

	it("brings up a bond of every mode", async () => {
		const files = new Map(
			BOND_MODES.map((mode) => {
				const text = render("iproute2", bondOfMode(mode)).files[0]?.text ?? "";
				return [`apply-${mode}.sh`, { bytes: Buffer.from(text) }];
			}),
		);
		// A bond that sends and receives on all cables works with every mode but one.
		const { output, exitCode, console } = await runPair(
			{
				files,
				script: `
					${SNAPSHOT}
					snapshot >/tmp/before
					for mode in ${BOND_MODES.filter((mode) => mode !== "802.3ad").join(" ")}; do
						sh /apply-$mode.sh || echo "apply: $?"
						wait_for 172.16.1.1
						wait_for 2001:db8:1::1
						echo $(cat /sys/class/net/bond0/bonding/mode /sys/class/net/bond0/bonding/slaves /sys/class/net/bond0/mtu)
						snapshot >/tmp/first
						sh /apply-$mode.sh || echo "again: $?"
						snapshot | diff /tmp/first -
						sh /apply-$mode.sh --undo || echo "undo: $?"
						snapshot | diff /tmp/before -
					done`,
			},
			`${peerBond("lag", "broadcast", ["eth0", "eth1"])}${peerAddresses("lag", 1)}`,
			[1, 2, 3].map(mac),
		);
		const modes = ["balance-rr 0", "active-backup 1", "balance-xor 2", "broadcast 3", "balance-tlb 5", "balance-alb 6"];
		expect({ output: output.split("\n"), exitCode }, console).toEqual({
			output: [...modes.map((mode) => `${mode} eth0 eth1 1400`), ""],
			exitCode: 0,
		});
	}, 180_000);
});

/** `mode:802.3ad 4`, as grep shows a file of the driver. */
function sysfsValue(line: string): [option: string, value: string] {
	const [, option = "", value = ""] = /^(\w+):(\S+)/.exec(line) ?? [];
	return [option, value];
}
