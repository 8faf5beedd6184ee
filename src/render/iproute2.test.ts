import { describe, expect, it } from "vitest";
import type { NetworkData, NetworkEntry } from "../documents/network-data.ts";
import { render } from "./index.ts";

// test/system/iproute2*.test.ts runs the script.

const MAC = "fa:16:3e:00:00:01";
const routes = [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.0.0.1" }];
const dns = (...addresses: string[]) => addresses.map((address) => ({ type: "dns" as const, address }));

function document(...entries: Partial<NetworkEntry>[]): NetworkData {
	return {
		links: [
			{ id: "a", type: "phy", ethernet_mac_address: MAC },
			{ id: "b", type: "phy", ethernet_mac_address: "fa:16:3e:00:00:02" },
		],
		networks: entries.map((entry, i) => ({ id: `network${i}`, type: "ipv4", link: "a", ...entry })),
		services: [],
	};
}

/** The functions that the script calls for a NIC. */
function calls(data: NetworkData, mac = MAC): string[] {
	const text = render("iproute2", data).files[0]?.text ?? "";
	const [, block = ""] = new RegExp(`^if physical ${mac}; then\n(.*?)\nfi$`, "ms").exec(text) ?? [];
	return block.split("\n").map((line) => line.trim());
}

describe("the iproute2 script", () => {
	it("is one executable file", () => {
		const { files, remarks } = render("iproute2", document());
		expect(files).toMatchObject([{ path: "etc/guestwire/apply.sh", mode: 0o755 }]);
		expect(remarks).toEqual([]);
	});

	it("declares a gateway on-link only if the kernel would reject it", () => {
		const own = { ip_address: "10.0.0.5", netmask: "255.255.255.0", routes };
		expect(calls(document(own))).toContain("route 0.0.0.0/0 10.0.0.1");
		expect(calls(document({ ...own, ip_address: "10.9.0.5" }))).toContain("route 0.0.0.0/0 10.0.0.1 onlink");
		expect(calls(document({ type: "ipv4_dhcp", routes }))).toContain("route 0.0.0.0/0 10.0.0.1 onlink");
	});

	it("has no gateway for a destination on the link", () => {
		const own = { ip_address: "10.0.0.5", netmask: "255.255.255.0" };
		const onLink = [{ network: "10.64.0.0", netmask: "255.192.0.0", gateway: "0.0.0.0" }];
		expect(calls(document({ ...own, routes: onLink }))).toContain("route 10.64.0.0/10 -");
		expect(calls(document({ type: "ipv4_dhcp", routes: onLink }))).toContain("route 10.64.0.0/10 -");
	});

	it("ranks a second default route after the first", () => {
		const own = { netmask: "255.255.255.0", routes };
		const data = document({ ...own, ip_address: "10.0.0.5" }, { ...own, ip_address: "10.0.0.6", link: "b" });
		expect(calls(data)).toContain("route 0.0.0.0/0 10.0.0.1");
		expect(calls(data, "fa:16:3e:00:00:02").join()).toMatch(/route 0\.0\.0\.0\/0 10\.0\.0\.1 metric \d+/);
	});

	it("asks stateless DHCPv6 only if the document has no name servers", () => {
		const type = "ipv6_dhcpv6-stateless";
		expect(calls(document({ type }))).toContain("stateless_dhcp");
		expect(calls(document({ type, services: dns("2001:db8::53") }))).not.toContain("stateless_dhcp");
	});

	it("contains the addresses that DHCP servers assign, for guests without a DHCP client", () => {
		const lease4 = { type: "ipv4_dhcp" as const, ip_address: "10.0.0.5", netmask: "255.255.255.0" };
		const netmask = "ffff:ffff:ffff:ffff::";
		const lease6 = { type: "ipv6_dhcpv6-stateful" as const, ip_address: "2001:db8::5", netmask };
		expect(calls(document(lease4, lease6))).toEqual(
			expect.arrayContaining(["dhcp 4 - 10.0.0.5/24", "dhcp 6 - 2001:db8::5/128"]),
		);
		expect(calls(document({ type: "ipv4_dhcp" }))).toContain("dhcp 4 -");
	});

	it("accepts router advertisements only where addresses come from them", () => {
		const static6 = { type: "ipv6" as const, ip_address: "2001:db8::5", netmask: "ffff:ffff:ffff:ffff::", routes: [] };
		expect(calls(document({ type: "ipv6_slaac" }))).toContain("ipv6 auto");
		expect(calls(document(static6, { type: "ipv6_dhcpv6-stateful" }))).toContain("ipv6 auto");
		expect(calls(document(static6))).toContain("ipv6 static");
		expect(calls(document({ type: "ipv4_dhcp" }))).toContain("ipv6 none");
	});

	it("has remarks on what resolv.conf can't express", () => {
		const reasons = (data: NetworkData) => render("iproute2", data).remarks.map(({ reason }) => reason);
		const entry = (link: string, ...servers: string[]) => ({
			type: "ipv4_dhcp" as const,
			link,
			services: dns(...servers),
		});
		expect(reasons(document(entry("a", "10.0.0.1"), entry("b", "10.0.0.1")))).toEqual([]);
		expect(reasons(document(entry("a", "10.0.0.1"), entry("b", "10.0.0.2")))).toEqual([
			"resolv.conf has one list of name servers for all links",
		]);
		expect(reasons(document(entry("a", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")))).toEqual([
			"the C library uses only the first 3 name servers",
		]);
		expect(reasons(document(entry("a", "fe80::1")))).toEqual([expect.stringMatching(/link-local name server/)]);
	});
});
