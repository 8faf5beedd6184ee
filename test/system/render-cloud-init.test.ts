import { isDeepStrictEqual } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import type { Format } from "../../src/render/index.ts";
import { DIFFERENCES } from "../render/cloud-init-differences.ts";
import { guestDocuments, namesOf } from "../render/guest-documents.ts";
import { type Files, type Meanings, meaningOf } from "../render/meaning.ts";
import { readEni } from "../render/read-eni.ts";
import { readKeyfiles } from "../render/read-keyfiles.ts";
import { readNetplan } from "../render/read-netplan.ts";
import { readNetworkd } from "../render/read-networkd.ts";
import { readSysconfig } from "../render/read-sysconfig.ts";
import { renderFiles } from "../render/render-files.ts";
import { type CloudInitFormat, cloudInitVersion, hasCloudInit, netConvert } from "./cloud-init.ts";

const textOf = (files: Files, part: string) => [...files].find(([path]) => path.includes(part))?.[1] ?? "";

/** Our format, cloud-init's, and the reader of both. */
const FORMATS: readonly (readonly [Format, CloudInitFormat, (files: Files) => Meanings])[] = [
	["netplan", "netplan", (files) => readNetplan(textOf(files, "etc/netplan/"))],
	["networkd", "networkd", readNetworkd],
	["ifupdown", "eni", (files) => readEni(textOf(files, "interfaces.d/"))],
	["networkmanager", "network-manager", readKeyfiles],
	["ifcfg", "sysconfig", readWithResolvConf],
];

/** cloud-init's sysconfig renderer leaves name servers to resolv.conf, so they apply to the host. */
function readWithResolvConf(files: Files): Meanings {
	const meanings = readSysconfig(files);
	for (const [, server] of textOf(files, "resolv.conf").matchAll(/^nameserver (.*)$/gm)) {
		meaningOf(meanings, "lo").dns.add(server ?? "");
	}
	return meanings;
}

const nic = { id: "nic", type: "phy", mtu: 1500, ethernet_mac_address: "FA:16:3E:00:00:01" };

/** Documents as other programs write them, which cloud-init accepts. */
const FOREIGN: readonly (readonly [string, object])[] = [
	[
		"addresses as CIDR and the network's own gateway, as KubeVirt users write them",
		{
			links: [{ ...nic, mtu: "1450" }],
			networks: [
				{ id: "a", type: "ipv4", link: "nic", ip_address: "10.0.0.5/24", gateway: "10.0.0.1" },
				{ id: "b", type: "ipv6", link: "nic", ip_address: "2001:DB8::5/64", gateway: "2001:db8::1" },
			],
			services: [{ type: "dns", address: "10.0.0.53" }],
		},
	],
	[
		"masks as prefix lengths, as Metal3 templates have them",
		{
			links: [nic, { id: "vlan", type: "vlan", vlan_id: "7", vlan_link: "nic", vlan_mac_address: "fa:16:3e:00:00:02" }],
			networks: [
				{ type: "ipv4", link: "nic", ip_address: "10.0.0.5", netmask: "24", routes: [] },
				{
					type: "ipv6",
					link: "vlan",
					ip_address: "2001:db8::5",
					netmask: "64",
					routes: [{ network: "::", netmask: "::", gateway: "2001:db8::1" }],
				},
			],
		},
	],
];

const documents = await guestDocuments();

describe.skipIf(!hasCloudInit)("cloud-init (test/system/install.sh)", () => {
	describe.each(FORMATS)("%s against its %s", (format, theirFormat, read) => {
		const differences = DIFFERENCES.filter(
			({ formats, fixedIn }) =>
				formats.includes(theirFormat) && (fixedIn === undefined || isBefore(cloudInitVersion(), fixedIn)),
		);
		let converted: readonly (Files | string)[];

		beforeAll(async () => {
			converted = await netConvert(
				documents.map(([, data]) => ({
					document: JSON.stringify(data),
					kind: "network_data.json",
					format: theirFormat,
					names: namesOf(data),
				})),
			);
		});

		it.each(documents.map(([name], i) => [name, i] as const))("%s", (_, i) => {
			const { ours, theirs } = both(i);
			for (const { level } of differences) level(ours, theirs);
			expect(comparable(ours)).toEqual(comparable(theirs));
		});

		it.each(differences.map(({ what }, i) => [what, i] as const))("cloud-init still %s", (_, i) => {
			const others = differences.filter((_, n) => n !== i);
			const differs = documents.some((_, n) => {
				const { ours, theirs } = both(n);
				for (const { level } of others) level(ours, theirs);
				return !isDeepStrictEqual(comparable(ours), comparable(theirs));
			});
			expect(differs).toBe(true);
		});

		function both(i: number): { ours: Meanings; theirs: Meanings } {
			const files = converted[i];
			const [, data] = documents[i] ?? [];
			if (files === undefined || typeof files === "string" || data === undefined)
				throw new Error(`cloud-init: ${files}`);
			return { ours: read(renderFiles(format, data, true)), theirs: read(files) };
		}
	});

	const classic = FORMATS.filter(([format]) => format === "ifupdown" || format === "ifcfg");
	it.each(classic)(
		"our network-config results in the same addresses and routes as our %s",
		async (format, theirFormat, read) => {
			const conversions = documents.map(([, data]) => ({
				document: textOf(renderFiles("cloud-init", data, true), "network-config"),
				kind: "yaml" as const,
				format: theirFormat,
				names: namesOf(data),
			}));
			const converted = await netConvert(conversions);
			for (const [i, [name, data]] of documents.entries()) {
				const files = converted[i];
				if (files === undefined || typeof files === "string") throw new Error(`${name}: ${files}`);
				const theirs = gist(read(files), isBefore(cloudInitVersion(), "23.1"));
				expect(theirs, name).toEqual(gist(read(renderFiles(format, data, true)), false));
			}
		},
	);

	it.each(FOREIGN)("is read as ours is: %s", async (_, document) => {
		const { data } = readNetworkData(document);
		const conversion = { kind: "network_data.json", format: "netplan", names: namesOf(data) } as const;
		const [foreign, mended] = await netConvert(
			[document, data].map((json) => ({ ...conversion, document: JSON.stringify(json) })),
		);
		if (!(foreign instanceof Map && mended instanceof Map)) throw new Error(`${foreign}, ${mended}`);
		const read = (files: Files) => comparable(readNetplan(textOf(files, "etc/netplan/")));
		expect(read(foreign)).toEqual(read(mended));
	});
});

/**
 * Addresses and routes. cloud-init makes ::/64 of ::/0 until 23.1 (LP 2003562), doesn't take the on-link flag over, and
 * has nothing for an interface that has SLAAC alone: of that the rendering warns.
 */
function gist(meanings: Meanings, halved: boolean): [string, readonly string[], readonly string[]][] {
	return [...comparable(meanings)].map(([name, { addresses, routes, dhcp4, dhcp6 }]) => {
		const lost = addresses.length === 0 && !dhcp4 && !dhcp6;
		const plain = routes.map((route) =>
			(halved ? route.replace("::/64 via", "::/0 via") : route).replace(" onlink", ""),
		);
		return [name, addresses, lost ? [] : plain.toSorted()];
	});
}

/** What is compared. cloud-init leaves the rest (router advertisements, the order of lists) to the system. */
function comparable(meanings: Meanings) {
	const names = [...meanings.keys()].filter((name) => name !== "lo").toSorted();
	return new Map(
		names.map((name) => {
			const { mac, mtu, dhcp4, dhcp6, addresses, routes, dns, search, vlan, bond, memberOf } = meaningOf(
				meanings,
				name,
			);
			const common = { mac, mtu, dhcp4, dhcp6, addresses: sorted(addresses), dns: sorted(dns), search: sorted(search) };
			// A set: cloud-init repeats a subnet's routes for each of its addresses.
			const via = new Set(routes.map(({ to, via, onLink }) => `${to} via ${via}${onLink ? " onlink" : ""}`));
			// cloud-init's ENI repeats a bond's options at its members.
			return [name, { ...common, routes: sorted(via), vlan, memberOf, bond: memberOf ? undefined : bond }] as const;
		}),
	);
}

function sorted(texts: Iterable<string>): string[] {
	return [...texts].toSorted();
}

function isBefore(version: string, other: string): boolean {
	return version.localeCompare(other, "en", { numeric: true }) < 0;
}
