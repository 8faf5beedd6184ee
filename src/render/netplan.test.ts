import { expect, it } from "vitest";
import type { NetworkDescription } from "../documents/network-description.ts";
import { render } from "./index.ts";

const described = (...metrics: [type: "ipv4_dhcp" | "ipv6_dhcp", metric: number][]): NetworkDescription => ({
	links: [{ id: "nic0", type: "phy", ethernet_mac_address: "fa:16:3e:00:00:10" }],
	networks: metrics.map(([type, metric]) => ({ id: type, type, link: "nic0", metric })),
	services: [],
});

it.each([
	["of IPv6 alone, though it is the usual one", described(["ipv6_dhcp", 1024]), [1024], []],
	["of both IP versions", described(["ipv4_dhcp", 300], ["ipv6_dhcp", 300]), [300, 300], []],
	[
		"of IPv4, where routers' routes have the usual one",
		described(["ipv4_dhcp", 100], ["ipv6_dhcp", 1024]),
		[100, 100],
		[100],
	],
	["that is the greater", described(["ipv4_dhcp", 300], ["ipv6_dhcp", 200]), [300, 300], [300]],
])("gives DHCP the metric %s, and says which one got lost", (_, document, written, remarked) => {
	const { files, remarks } = render("netplan", document);
	const text = files.map((file) => file.text).join("");
	expect([...text.matchAll(/"?route-metric"?: (\d+)/g)].map(([, metric]) => Number(metric))).toEqual(written);
	expect(remarks.map(({ reason }) => reason)).toEqual(
		remarked.map((metric) => `netplan has one metric for DHCP of both IP versions: it is ${metric}`),
	);
});
