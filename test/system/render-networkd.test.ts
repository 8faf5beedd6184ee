import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { networkData } from "../../src/documents/network-data-full.ts";
import type { NetworkDescription } from "../../src/documents/network-description.ts";
import { assemble } from "../../src/instance/assemble.ts";
import { recordedCase } from "../recorded.ts";
import { FURTHER_DOCUMENTS, guestDocuments, namesOf } from "../render/guest-documents.ts";
import {
	type BondMeaning,
	canonicalCidr,
	canonicalIp,
	defined,
	type Files,
	type Meanings,
	route,
} from "../render/meaning.ts";
import { readNetworkd } from "../render/read-networkd.ts";
import { renderFiles } from "../render/render-files.ts";
import { hasCloudInit, netConvert } from "./cloud-init.ts";
import type { ArchiveFile } from "./cpio.ts";
import { guestProgram, withLibraries } from "./guest-files.ts";
import { findProgram, hasProgram } from "./programs.ts";
import { hasVm, runVm } from "./vm.ts";

const NETWORKD = "/usr/lib/systemd/systemd-networkd";
const hasNetworkd = hasVm && existsSync(NETWORKD) && hasProgram("ip", "ldd");

const DOCUMENTS = ["host routes", "routes on the link", "a VLAN on a bond, 802.3ad", "f-trunk", "every IPv6 mode"];
const documents: (readonly [name: string, data: NetworkDescription])[] = [
	...(await guestDocuments()).filter(([name]) => DOCUMENTS.includes(name)),
	...FURTHER_DOCUMENTS,
];

describe.skipIf(!hasNetworkd)("systemd-networkd in a virtual machine (test/system/install.sh)", () => {
	it.each(documents)("sets up what our files say, without a warning in its log: %s", async (_, data) => {
		const files = renderFiles("networkd", data, false);
		const meanings = readNetworkd(files);
		// Nobody answers, and a bond that asks for answers stays down.
		const staysDown = [...meanings.values()].some(({ bond }) => bond?.arpInterval !== undefined);
		const { log, ...found } = await boot(data, files, staysDown ? [] : addressesOf(meanings));
		expect(log).toBe("");
		if (!staysDown) expect(seen(found)).toEqual(meant(meanings));
		for (const [name, { bond }] of meanings) if (bond) expect(found.bonds.get(name)).toMatchObject(driverOptions(bond));
	});

	it.skipIf(!hasCloudInit)("sets up cloud-init's routes by a next hop off the link", async () => {
		const data = withFarRoutes();
		const document = JSON.stringify(data);
		const [files] = await netConvert([
			{ document, kind: "network_data.json", format: "networkd", names: namesOf(data) },
		]);
		if (files === undefined || typeof files === "string") throw new Error(files);
		const { log, routes } = await boot(data, files, addressesOf(readNetworkd(files)));
		expect(log).toBe("");
		const found = routes.map(({ dst, gateway }) => `${dst} ${gateway ?? "on the link"}`);
		expect(found).toEqual(expect.arrayContaining(FAR_ROUTES));
	});
});

/** A NIC with static addresses of both families, with host routes by next hops outside its subnets, and by none. */
function withFarRoutes(): NetworkData {
	const { facts } = recordedCase("d4-dual-static6");
	const routes = [
		{ destination: "192.0.2.0/24", nexthop: "198.51.100.7" },
		{ destination: "203.0.113.0/24", nexthop: "0.0.0.0" },
		{ destination: "2001:db8:f::/48", nexthop: "2001:db8:e::7" },
	];
	const subnets = facts.subnets.map((subnet) => ({
		...subnet,
		enable_dhcp: false,
		ipv6_address_mode: null,
		host_routes: routes.filter(({ nexthop }) => nexthop.includes(":") === subnet.cidr.includes(":")),
	}));
	const data = networkData(assemble({ ...facts, subnets }));
	if (data === undefined) throw new Error("no NIC");
	return data;
}

const FAR_ROUTES = [
	"198.51.100.7 on the link",
	"192.0.2.0/24 198.51.100.7",
	"203.0.113.0/24 on the link",
	"2001:db8:e::7 on the link",
	"2001:db8:f::/48 2001:db8:e::7",
];

interface Found {
	readonly links: readonly IpLink[];
	readonly routes: readonly IpRoute[];
	/** The driver's options of each bond: the first word of each. */
	readonly bonds: ReadonlyMap<string, Readonly<Record<string, string>>>;
	/** networkd's own record of each link, by index. */
	readonly states: ReadonlyMap<number, string>;
}

/** Part of the output of `ip -json route`. */
interface IpRoute {
	readonly dst: string;
	readonly dev: string;
	readonly gateway?: string;
	readonly metric?: number;
	readonly protocol: string;
}

/** Part of the output of `ip -json -details address`. */
interface IpLink {
	readonly ifindex: number;
	readonly ifname: string;
	readonly mtu: number;
	readonly address: string;
	readonly permaddr?: string;
	readonly master?: string;
	readonly link?: string;
	readonly linkinfo?: {
		readonly info_kind?: string;
		readonly info_data?: { readonly id?: number; readonly mode?: string };
	};
	readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
}

/** Waits for the static addresses. Without udev, networkd accepts links as they are if /sys is read-only. */
const script = (addresses: readonly string[]) => `
# Not busybox's.
iproute2() {
	${findProgram("ip")} "$@"
}
mkdir -p /run
mount -t tmpfs none /run
mkdir -p /run/systemd/netif
chown 998:998 /run/systemd/netif
mount -o remount,ro /sys
# The module would make its own bond0; systemd's modprobe.d prevents it in the same way.
modprobe bonding max_bonds=0
SYSTEMD_LOG_LEVEL=warning SYSTEMD_LOG_TARGET=console ${NETWORKD} 2>/tmp/log &
all_there() {
	for each in ${addresses.join(" ")}; do
		iproute2 -o addr show | grep -qF " $each " || return 1
	done
}
for n in $(seq 100); do
	all_there && break
	sleep 0.3
done
sleep 2
iproute2 -j -d addr
iproute2 -j -4 route
iproute2 -j -6 route
for state in /run/systemd/netif/links/*; do
	echo "state \${state##*/}"
	cat $state
done
echo bonds
grep . /sys/class/net/*/bonding/*
echo log
cat /tmp/log
`;

async function boot(
	data: NetworkDescription,
	networkFiles: Files,
	addresses: readonly string[],
): Promise<Found & { readonly log: string }> {
	const text = (text: string): ArchiveFile => ({ bytes: Buffer.from(text), mode: 0o644 });
	const files = new Map<string, ArchiveFile>([
		...withLibraries([NETWORKD]),
		...guestProgram("ip"),
		["etc/passwd", text("root:x:0:0::/:/bin/sh\nsystemd-network:x:998:998::/:/bin/false\n")],
		["etc/group", text("root:x:0:\nsystemd-network:x:998:\n")],
		["etc/machine-id", text(`${"0123456789abcdef".repeat(2)}\n`)],
		...[...networkFiles].map(([path, content]) => [path, text(content)] as const),
	]);
	// Each NIC is on its own hub, where nobody answers.
	const nics = [...namesOf(data).values()].flatMap((mac, i) => [
		...["-netdev", `hubport,id=hub${i},hubid=${i}`],
		...["-device", `virtio-net-pci,netdev=hub${i},mac=${mac}`],
	]);
	const options = { files, modules: ["bonding", "8021q"], arguments: nics, memoryMiB: 512 };
	const { output, exitCode, console } = await runVm({ ...options, script: script(addresses) });
	expect(exitCode, console).toBe(0);
	const [rest = "", log = ""] = output.split("\nlog\n");
	const [found = "", bonds = ""] = rest.split(/^bonds$/m);
	const [json = "", ...states] = found.split(/^state /m);
	const [links, routes4, routes6] = json.split("\n").map((line) => (line === "" ? [] : JSON.parse(line)));
	return {
		links,
		routes: [...routes4, ...routes6],
		bonds: bondsIn(bonds),
		states: new Map(states.map((state) => [Number(state.split("\n", 1)[0]), state])),
		log,
	};
}

function bondsIn(text: string): Map<string, Record<string, string>> {
	const bonds = new Map<string, Record<string, string>>();
	for (const [, bond = "", option = "", value = ""] of text.matchAll(
		/^\/sys\/class\/net\/(.+)\/bonding\/(\w+):(\S+)/gm,
	)) {
		bonds.set(bond, { ...bonds.get(bond), [option]: value });
	}
	return bonds;
}

/** The options of a file under the driver's names. */
function driverOptions({ miimon, arpInterval, updelay, downdelay, lacpRate, hashPolicy, mode, more }: BondMeaning) {
	const names = { mode, updelay, downdelay, lacp_rate: lacpRate, xmit_hash_policy: hashPolicy };
	const numbers = { miimon, arp_interval: arpInterval };
	const all = defined({ ...names, ...numbers, ...more });
	return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
}

function addressesOf(meanings: Meanings): string[] {
	return [...meanings.values()].flatMap(({ addresses }) => [...addresses]);
}

function meant(meanings: Meanings) {
	return new Map(
		[...meanings].toSorted().map(([name, { mac, mtu, vlan, bond, memberOf, addresses, routes, dns, search }]) => [
			name,
			{
				mac,
				mtu,
				vlan,
				mode: bond?.mode,
				memberOf,
				addresses,
				routes: new Set(routes.map(({ to, via, metric }) => `${to} ${via} ${metric ?? defaultMetric(to)}`)),
				dns,
				search,
			},
		]),
	);
}

function seen({ links, routes, states }: Found) {
	return new Map(
		links
			.filter(({ ifname }) => ifname !== "lo")
			.toSorted((a, b) => (a.ifname < b.ifname ? -1 : 1))
			.map(({ ifindex, ifname, mtu, address, permaddr, master, link, linkinfo, addr_info }) => {
				const { info_kind: kind, info_data: details } = linkinfo ?? {};
				const words = (key: string) =>
					(new RegExp(`^${key}=(.*)$`, "m").exec(states.get(ifindex) ?? "")?.[1] ?? "").split(" ").filter(Boolean);
				const global = addr_info.filter(({ scope }) => scope === "global");
				const ours = routes.filter(({ dev, protocol }) => dev === ifname && protocol === "static");
				return [
					ifname,
					{
						mac: permaddr ?? address,
						mtu,
						vlan: kind === "vlan" ? { id: details?.id, parent: link } : undefined,
						mode: kind === "bond" ? details?.mode : undefined,
						memberOf: master,
						addresses: new Set(global.map(({ local, prefixlen }) => canonicalCidr(`${local}/${prefixlen}`))),
						routes: new Set(ours.map(described)),
						dns: new Set(words("DNS").map(canonicalIp)),
						search: new Set(words("DOMAINS")),
					},
				];
			}),
	);
}

/** Destination, next hop and metric. */
function described({ dst, gateway, metric }: IpRoute): string {
	const { to, via } = route(dst, gateway);
	return `${to} ${via} ${metric ?? defaultMetric(to)}`;
}

/** The kernel's. */
function defaultMetric(to: string): number {
	return to.includes(":") ? 1024 : 0;
}
