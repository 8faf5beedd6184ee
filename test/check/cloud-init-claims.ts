/** By rule: what to see, where the rule claims of cloud-init anything but a crash. */
import { expect } from "vitest";
import { parse } from "yaml";
import type { Judged } from "./cloud-init.ts";

interface Device {
	addresses?: string[];
	routes?: { to: string; via: string; "on-link"?: boolean; metric?: number }[];
	nameservers?: { addresses?: string[] };
	interfaces?: string[];
	[member: string]: unknown;
}

/** The netplan file's `network`. */
const network = (judged: Judged) => parse(judged.netplan ?? "").network;

/** The device of that name, of whatever kind. */
function device(judged: Judged, name: string): Device {
	const { ethernets, bonds, vlans } = network(judged);
	return { ...ethernets, ...bonds, ...vlans }[name];
}

const first = (judged: Judged) => device(judged, "eth0");
const second = (judged: Judged) => device(judged, "eth1");
const addresses = (judged: Judged) => first(judged).addresses ?? [];
const servers = (judged: Judged) => first(judged).nameservers?.addresses ?? [];
const destinations = (judged: Judged) => first(judged).routes?.map(({ to }) => to) ?? [];

type Claim = (bad: Judged, good: Judged) => void;

/** To see in the netplan file. */
export const CLAIMS: Readonly<Record<string, Claim>> = {
	"document-empty": (bad) => expect(network(bad)).toEqual({ version: 2 }),
	"link-id-repeated": (bad, good) => {
		expect(second(bad).addresses).toEqual(addresses(bad));
		expect(second(good).addresses).toBeUndefined();
	},
	"link-type-unknown": (bad, good) => {
		expect(bad.warnings.join()).toContain("treating as physical");
		expect(first(bad)).toEqual(first(good));
		expect(good.warnings).toEqual([]);
	},
	"nic-name": (bad, good) => {
		expect(device(bad, "lan0")["set-name"]).toBe("lan0");
		expect(first(good)["set-name"]).toBe("eth0");
	},
	"nic-mac-repeated": (bad, good) => {
		expect(Object.keys(network(bad).ethernets)).toEqual(["eth0"]);
		expect(Object.keys(network(good).ethernets)).toEqual(["eth0", "eth1"]);
		expect([addresses(bad), addresses(good)]).toEqual([["10.1.0.5/24"], ["10.0.0.5/24"]]);
	},
	"mtu-tiny": (bad, good) => {
		expect(first(bad)["mtu"]).toBeLessThan(68);
		expect([undefined, 68]).toContain(first(good)["mtu"]);
	},
	"mtu-below-ipv6": (bad) => expect(first(bad)).toMatchObject({ mtu: 1279, addresses: ["2001:db8::5/64"] }),
	"mtu-above-parent": (bad) => {
		expect(device(bad, "eth0.101")).toMatchObject({ link: "eth0", mtu: 1501 });
		expect(first(bad)["mtu"]).toBe(1500);
	},
	"bond-empty": (bad, good) => {
		expect(device(bad, "bond0").interfaces).toBeUndefined();
		expect(device(good, "bond0").interfaces).toEqual(["eth0"]);
	},
	"bond-link-shared": (bad, good) => {
		expect(device(bad, "bond0").interfaces).toBeUndefined();
		expect(device(bad, "bond1").interfaces).toEqual(["eth0"]);
		expect(device(good, "bond0").interfaces).toEqual(["eth0"]);
	},
	"bond-member-network": (bad) => {
		expect(addresses(bad)).toEqual(["10.0.0.5/24"]);
		expect(device(bad, "bond0").interfaces).toContain("eth0");
	},
	"vlan-id-repeated": (bad) => {
		expect(Object.keys(network(bad).vlans)).toEqual(["eth0.101"]);
		expect(device(bad, "eth0.101").addresses).toEqual(["10.1.0.5/24"]);
	},
	"virtual-link-unrendered": (bad) => expect(bad.netdevs).toEqual([]),
	"network-link-unknown": (bad, good) => {
		expect(addresses(bad)).toEqual([]);
		expect(addresses(good)).toEqual(["10.0.0.5/24"]);
	},
	"network-type-unknown": (bad, good) => {
		expect(first(bad)["dhcp6"]).toBeUndefined();
		expect(first(good)["dhcp6"]).toBe(true);
	},
	"network-type-unsupported": (bad) => expect(first(bad)["dhcp6"]).toBe(true),
	"netmask-missing": (bad) => expect(addresses(bad)).toEqual(["10.0.0.5/24"]),
	"address-unusable": (bad) => expect(addresses(bad)).toHaveLength(1),
	"address-repeated": (bad) => expect(addresses(bad)).toEqual(second(bad).addresses),
	"subnets-overlap": (bad) => expect([...addresses(bad), ...(second(bad).addresses ?? [])]).toHaveLength(2),
	"static6-stops-slaac": (bad, good) => {
		expect(first(bad)["accept-ra"]).toBe(false);
		expect(first(good)["accept-ra"]).toBeUndefined();
	},
	"static6-after-dhcp6": (bad, good) => {
		expect(first(bad)["accept-ra"]).toBe(false);
		expect(first(good)["accept-ra"]).toBe(true);
	},
	"route-netmask-missing": (bad, good) => {
		expect(destinations(bad)).toEqual(["192.168.0.0/24"]);
		expect(destinations(good)).toEqual(["192.168.0.0/16"]);
	},
	"gateway-off-link": (bad) => {
		expect(first(bad).routes).toHaveLength(1);
		expect(first(bad).routes?.[0]).not.toHaveProperty("on-link");
	},
	"default-route-repeated": (bad, good) => {
		expect(destinations(bad)).toEqual(["0.0.0.0/0", "0.0.0.0/0"]);
		expect(destinations(good)).toEqual(["0.0.0.0/0", "::/0"]);
	},
	"default-route-on-two-links": (bad) => {
		const [one, other] = [first(bad).routes?.[0], second(bad).routes?.[0]];
		expect([one?.to, other?.to, one?.metric, other?.metric]).toEqual(["0.0.0.0/0", "0.0.0.0/0", undefined, undefined]);
	},
	"default-route-beside-dhcp": (bad) => {
		expect(first(bad)["dhcp4"]).toBe(true);
		expect(second(bad).routes).toEqual([{ to: "0.0.0.0/0", via: "10.1.0.1" }]);
	},
	"route-repeated": (bad) => expect(destinations(bad)).toEqual(["192.168.0.0/16", "192.168.0.0/16"]),
	"dhcp-routes-unread": (bad) => expect(destinations(bad)).toEqual([]),
	"service-not-dns": (bad, good) => {
		expect(servers(bad)).toEqual(["10.0.0.9"]);
		expect(servers(good)).toEqual(["10.0.0.53"]);
	},
	"dns-out-of-reach": (bad) => expect(servers(bad)).toEqual(["2001:db8::53"]),
	"dns-missing": (bad) => expect(servers(bad)).toEqual([]),
	"dns-family-missing": (bad) => expect(servers(bad)).toEqual(["10.0.0.53"]),
};

/** netplan's generator refuses the document, and takes the one beside it. */
const refusal: Claim = (bad, good) => {
	expect(bad.refused).toBe(true);
	expect(good.refused).toBe(false);
};

/** netplan's generator speaks of a conflict, but not with the document beside it. */
const conflict: Claim = (bad, good) => {
	expect(bad.said).toContain("Conflicting default route declarations");
	expect(good.said).not.toContain("Conflicting");
};

/** To see in what netplan's generator makes of that file. */
export const NETPLAN_CLAIMS: Readonly<Record<string, Claim>> = {
	"mtu-invalid": refusal,
	"bond-mode-number": refusal,
	"bond-mode-unknown": refusal,
	"bond-miimon-invalid": refusal,
	"bond-mac-invalid": refusal,
	"vlan-mac-invalid": refusal,
	"vlan-over-vlan": refusal,
	"vlan-id-invalid": refusal,
	"route-gateway-missing": refusal,
	"route-gateway-invalid": refusal,
	"gateway-invalid": refusal,
	"route-gateway-family": refusal,
	"service-address-missing": refusal,
	"service-address-invalid": refusal,
	"default-route-repeated": conflict,
	"default-route-on-two-links": conflict,
};
