/** Documents of users' reports and of producers in use, and what the files of each format must say. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Meaning } from "../../test/render/meaning.ts";
import { READABLE_FORMATS, READERS, type ReadableFormat } from "../../test/render/readers.ts";
import { readNetworkData } from "../documents/read-network-data.ts";
import { type Format, render } from "./index.ts";

function rendered(format: Format, folder: string, name: string) {
	const file = new URL(`../../test/${folder}/${name}.json`, import.meta.url);
	const { data, remarks } = readNetworkData(JSON.parse(readFileSync(file, "utf8")));
	const rendering = render(format, data);
	return { files: rendering.files, remarks: [...remarks, ...rendering.remarks] };
}

/** The interfaces of a report's document in the files of a format, and the remarks. */
function read(format: ReadableFormat, name: string, folder = "render/reported") {
	const { files, remarks } = rendered(format, folder, name);
	const interfaces: Record<string, Meaning> = Object.fromEntries(
		READERS[format](new Map(files.map(({ path, text }) => [path, text]))),
	);
	return { interfaces, remarks };
}

/** The lines of a script, or the words of a command line, without what surrounds them. */
function textOf(format: Format, name: string): string[] {
	const { files } = rendered(format, "render/reported", name);
	return (files[0]?.text ?? "").split(format === "dracut" ? /\s+/ : "\n").map((line) => line.trim());
}

const any4 = (via: string, metric?: number) => ({ to: "0.0.0.0/0", via, onLink: false, ...(metric && { metric }) });
const any6 = (via: string, metric?: number) => ({ to: "::/0", via, onLink: false, ...(metric && { metric }) });

describe.each(READABLE_FORMATS)("%s", (format) => {
	it("names a bond, and the VLAN on it, by the bond's name: bond-name", () => {
		const { interfaces } = read(format, "bond-name/network_data");
		expect(Object.keys(interfaces).toSorted()).toEqual(["bond-mgmt", "bond-mgmt.7", "eth0", "eth1"]);
		expect(interfaces["bond-mgmt"]?.bond).toMatchObject({ mode: "802.3ad", miimon: 100 });
		expect(interfaces["eth0"]?.memberOf).toBe("bond-mgmt");
		expect(interfaces["bond-mgmt.7"]).toMatchObject({
			vlan: { id: 7, parent: "bond-mgmt" },
			addresses: new Set(["192.0.2.10/24"]),
			routes: [any4("192.0.2.1")],
		});
	});

	it("assumes /64 for an IPv6 address without a netmask, with a remark: ipv6-without-netmask", () => {
		const { interfaces, remarks } = read(format, "ipv6-without-netmask/network_data");
		expect(interfaces["eth0"]?.addresses).toEqual(new Set(["192.0.2.10/24", "2001:db8::10/64", "2001:db8:1::10/64"]));
		const routes = interfaces["eth0"]?.routes.map(({ to, via }) => `${to} ${via}`).toSorted();
		expect(routes).toEqual(["0.0.0.0/0 192.0.2.1", "::/0 2001:db8::1"]);
		expect(remarks).toContainEqual(
			expect.objectContaining({ pointer: "/networks/1/netmask", reason: expect.stringMatching(/64 is assumed$/) }),
		);
	});

	it("matches a NIC without a MAC address by its name: nic-by-name", () => {
		const { interfaces } = read(format, "nic-by-name/network_data");
		expect(Object.keys(interfaces)).toEqual(["eno1"]);
		expect(interfaces["eno1"]?.mac).toBeUndefined();
		expect(interfaces["eno1"]).toMatchObject({
			mtu: 9000,
			addresses: new Set(["192.0.2.10/24"]),
			routes: [any4("192.0.2.1")],
		});
	});

	it("keeps each route's own metric: route-metric", () => {
		const { interfaces } = read(format, "route-metric/network_data");
		expect(interfaces["eth0"]?.routes).toEqual([any4("192.0.2.1", 500)]);
		expect(interfaces["eth1"]?.routes).toEqual([
			any4("198.51.100.1", 100),
			{ to: "10.0.0.0/8", via: "198.51.100.2", onLink: false, metric: 700 },
		]);
	});

	it("has the name servers that are in a route: render-dns-in-routes", () => {
		const { interfaces } = read(format, "render-dns-in-routes/network_data", "check/reported");
		expect(interfaces["eth0"]?.dns).toEqual(new Set(["192.0.2.53"]));
	});
});

describe("formats that are not read back", () => {
	it.each<[Format, string, string[]]>([
		["dracut", "bond-name", ["bond=bond-mgmt:nic0,nic1:mode=802.3ad,miimon=100:1500", "vlan=bond-mgmt.7:bond-mgmt"]],
		["dracut", "nic-by-name", ["ip=192.0.2.10::192.0.2.1:24::eno1:none:9000"]],
		["dracut", "ipv6-without-netmask", ["ip=[2001:db8::10]::[2001:db8::1]:64::nic0:none:1500"]],
		["iproute2", "bond-name", ["if bond bond-mgmt 52:54:00:00:00:01; then", "bond_option mode 802.3ad"]],
		[
			"iproute2",
			"bond-name",
			[`if vlan bond-mgmt.7 52:54:00:00:00:01 7 "\${if2-}"; then`, "route 0.0.0.0/0 192.0.2.1"],
		],
		[
			"iproute2",
			"nic-by-name",
			["if named eno1; then", "mtu 9000", "address 192.0.2.10/24", "route 0.0.0.0/0 192.0.2.1"],
		],
		["iproute2", "ipv6-without-netmask", ["address 2001:db8::10/64", "route ::/0 2001:db8::1"]],
		["iproute2", "route-metric", ["route 0.0.0.0/0 192.0.2.1 metric 500", "route 0.0.0.0/0 198.51.100.1 metric 100"]],
		["nmstate", "bond-name", ['- name: "bond-mgmt"', '- name: "bond-mgmt.7"', 'base-iface: "bond-mgmt"']],
		["nmstate", "nic-by-name", ['- name: "eno1"', "mtu: 9000", 'next-hop-interface: "eno1"']],
		["nmstate", "ipv6-without-netmask", ['- ip: "2001:db8::10"', "prefix-length: 64"]],
		["nmstate", "route-metric", ["metric: 500", "metric: 100", "metric: 700"]],
	])("%s, %s", (format, name, lines) => {
		expect(textOf(format, `${name}/network_data`)).toEqual(expect.arrayContaining(lines));
	});

	it("have no metric of their own where the document names one: route-metric", () => {
		expect(textOf("nmstate", "route-metric/network_data").filter((line) => line.startsWith("metric:"))).toHaveLength(3);
	});
});

describe("cloud-init 25.1 and later stop at a metric on an IPv6 default route with NetworkManager: cloud-init-metric", () => {
	it("has no metric beside DHCPv4 and SLAAC", () => {
		const { interfaces, remarks } = read("cloud-init", "cloud-init-metric/network_data");
		expect(interfaces["eth0"]).toMatchObject({ dhcp4: true, routes: [any6("2001:db8:d::1")] });
		expect(remarks).toContainEqual(expect.objectContaining({ pointer: "/networks/1/routes/0" }));
	});

	it("leaves the second link's IPv6 default route out, with a remark", () => {
		const { interfaces, remarks } = read("cloud-init", "cloud-init-metric/two-nics");
		expect(interfaces["eth0"]?.routes).toEqual([any4("192.0.2.1"), any6("2001:db8:1::1")]);
		expect(interfaces["eth1"]?.routes).toEqual([any4("198.51.100.1", 2049)]);
		expect(remarks).toContainEqual(
			expect.objectContaining({ pointer: "/networks/3/routes/0", reason: expect.stringMatching(/dropped$/) }),
		);
	});
});
