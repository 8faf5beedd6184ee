/** Whether cloud-init's renderers give each link the DNS servers that a document of profile `full` names for it. */
import { describe, expect, it } from "vitest";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { networkData } from "../../src/documents/network-data-full.ts";
import { assemble } from "../../src/instance/assemble.ts";
import { recordedCases } from "../recorded.ts";
import { namesOf } from "../render/guest-documents.ts";
import type { Files, Meanings } from "../render/meaning.ts";
import { readEni } from "../render/read-eni.ts";
import { readKeyfiles } from "../render/read-keyfiles.ts";
import { readNetplan } from "../render/read-netplan.ts";
import { readNetworkd } from "../render/read-networkd.ts";
import { readSysconfig } from "../render/read-sysconfig.ts";
import { type CloudInitFormat, hasCloudInit, netConvert } from "./cloud-init.ts";

const textOf = (files: Files, part: string) => [...files].find(([path]) => path.includes(part))?.[1] ?? "";

const READERS: Readonly<Record<CloudInitFormat, (files: Files) => Meanings>> = {
	netplan: (files) => readNetplan(textOf(files, "etc/netplan/")),
	networkd: readNetworkd,
	eni: (files) => readEni(textOf(files, "interfaces.d/")),
	"network-manager": readKeyfiles,
	// One server for each address fits into an ifcfg file; all of them are in resolv.conf, which is the host's.
	sysconfig: readSysconfig,
};

/** Each recorded instance as it is, and with a DNS domain on its networks, which becomes `dns_search`. */
const documents = recordedCases().flatMap(({ name, facts }) =>
	[undefined, "example.org."].flatMap((dns_domain) => {
		const networks = facts.networks.map((network) => ({ ...network, ...(dns_domain && { dns_domain }) }));
		const data = networkData(assemble({ ...facts, networks }), { trunks: true, defaultRoutes: "first" });
		return data === undefined ? [] : [{ name: `${name} ${dns_domain ?? ""}`, data }];
	}),
);

describe.skipIf(!hasCloudInit)("cloud-init (test/system/install.sh)", () => {
	it.each(Object.keys(READERS) as CloudInitFormat[])("writes the DNS servers of every link with %s", async (format) => {
		const converted = await netConvert(
			documents.map(({ data }) => ({
				document: JSON.stringify(data),
				kind: "network_data.json",
				format,
				names: namesOf(data),
			})),
		);
		for (const [index, { name, data }] of documents.entries()) {
			const files = converted[index];
			if (!(files instanceof Map)) throw new Error(`${name}: ${files}`);
			const written = READERS[format](files);
			for (const [link, servers] of serversByNic(data)) {
				const host = [...textOf(files, "resolv.conf").matchAll(/^nameserver (.*)$/gm)].map(([, server]) => server);
				expect([...(written.get(link)?.dns ?? []), ...host], `${name}, ${link}`).toEqual(
					expect.arrayContaining(servers),
				);
			}
		}
	});
});

/** The DNS servers that each NIC with a static address must have, by the NIC's name. VLANs and bonds are compared in a running guest. */
function serversByNic(data: NetworkData): Map<string, string[]> {
	const macOf = new Map(
		data.links.map((link) => [link.id, "ethernet_mac_address" in link ? link.ethernet_mac_address : ""]),
	);
	return new Map(
		Array.from(namesOf(data), ([name, mac]) => {
			const networks = data.networks.filter(({ link }) => macOf.get(link) === mac);
			if (!networks.some(({ type }) => /^ipv[46]$/.test(type))) return [name, []];
			return [name, networks.flatMap(({ services = [] }) => services.map(({ address }) => address))];
		}),
	);
}
