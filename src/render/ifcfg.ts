import type { Remark } from "../documents/reading.ts";
import { connectionUuid } from "./connection-uuid.ts";
import { realPrimary } from "./lacking-options.ts";
import { isMember, type PlannedBond, type PlannedInterface, type PlannedRoute } from "./plan.ts";
import type { RenderedFile, Renderer } from "./renderer.ts";
import { bondOptions, cidr, destination, optional } from "./text.ts";

const FOLDER = "etc/sysconfig/network-scripts";

/**
 * `ifcfg-*`, `route-*` and `route6-*` for RHEL 7 to 9 and their derivatives. NetworkManager's ifcfg-rh plugin finds a
 * NIC by `HWADDR`. The older network-scripts also need `DEVICE`.
 *
 * Sources: nm-settings-ifcfg-rh(5); initscripts' sysconfig.txt.
 */
export const ifcfg: Renderer = (plan) => {
	const named = new Map(plan.interfaces.map((one) => [one.name, one]));
	const remarks: Remark[] = [];
	const files = plan.interfaces.flatMap((one) => {
		if (!isNamed(one)) {
			const reason = "the NIC's name is unknown: network-scripts need DEVICE, and only NetworkManager reads the file";
			remarks.push({ pointer: one.pointer, reason });
		}
		return [
			{ path: `${FOLDER}/ifcfg-${one.name}`, mode: 0o644, text: shellVariables(variables(one, named, remarks)) },
			...routeFile(one, 4),
			...routeFile(one, 6),
		];
	});
	return { files, remarks };
};

/** Whether the guest uses our name for the interface. It does for bonds and VLANs, which the files create. */
function isNamed(one: PlannedInterface): boolean {
	return one.kind !== "physical" || one.nameKnown;
}

type Variables = Readonly<Record<string, string | number | undefined>>;

/** Values with a space are quoted. No value has any other character that is special to a shell. */
function shellVariables(variables: Variables): string {
	return Object.entries(variables)
		.filter(([, value]) => value !== undefined)
		.map(([key, value]) => (String(value).includes(" ") ? `${key}="${value}"\n` : `${key}=${value}\n`))
		.join("");
}

type Named = ReadonlyMap<string, PlannedInterface>;

function variables(one: PlannedInterface, named: Named, remarks: Remark[]): Variables {
	return {
		NAME: `guestwire ${one.name}`,
		UUID: connectionUuid(one),
		DEVICE: isNamed(one) ? one.name : undefined,
		ONBOOT: "yes",
		...linkVariables(one, named, remarks),
		MTU: one.mtu,
		...(isMember(one) ? { BOOTPROTO: "none" } : { ...ipv4(one), ...ipv6(one), ...nameServers(one) }),
	};
}

function linkVariables(one: PlannedInterface, named: Named, remarks: Remark[]): Variables {
	switch (one.kind) {
		case "physical": {
			const nic = { TYPE: "Ethernet", HWADDR: one.macAddress };
			return one.bond === undefined ? nic : { ...nic, MASTER: one.bond, SLAVE: "yes" };
		}
		case "bond":
			return {
				TYPE: "Bond",
				MACADDR: one.macAddress,
				BONDING_MASTER: "yes",
				BONDING_OPTS: bondingOptions(one, remarks),
			};
		case "vlan": {
			const parent = named.get(one.parent);
			const PHYSDEV = parent === undefined || isNamed(parent) ? one.parent : connectionUuid(parent);
			return { TYPE: "Vlan", MACADDR: one.macAddress, VLAN: "yes", PHYSDEV, VLAN_ID: one.vlanId };
		}
	}
}

function bondingOptions(bond: PlannedBond, remarks: Remark[]): string {
	const options = [...bondOptions(bond.options, ","), ...optional("primary", realPrimary(bond, "ifcfg", remarks))];
	return options.map((option) => option.join("=")).join(" ");
}

function ipv4(one: PlannedInterface): Variables {
	const addresses = one.addresses.filter(({ version }) => version === 4);
	return {
		BOOTPROTO: one.dhcp4 ? "dhcp" : "none",
		// The first is read by NetworkManager, the second by network-scripts.
		IPV4_ROUTE_METRIC: one.learnedMetrics?.ipv4,
		METRIC: one.learnedMetrics?.ipv4,
		...Object.fromEntries(
			addresses.flatMap(({ address, prefixLength }, i) => [
				[`IPADDR${i || ""}`, address],
				[`PREFIX${i || ""}`, prefixLength],
			]),
		),
	};
}

/** `IPV6_AUTOCONF=no` without an address leaves the link-local address, which the metadata service may need. */
function ipv6(one: PlannedInterface): Variables {
	const [first, ...others] = one.addresses.filter(({ version }) => version === 6).map(cidr);
	return {
		IPV6INIT: "yes",
		IPV6_AUTOCONF: one.routerAdvertisements ? "yes" : "no",
		...(one.dhcp6 && { DHCPV6C: "yes" }),
		...(one.dhcp6 === "stateless" && { DHCPV6C_OPTIONS: "-S" }),
		// Neutron's port security passes only the address that is derived from the MAC address.
		...(one.routerAdvertisements && { IPV6_ADDR_GEN_MODE: "eui64", IPV6_PRIVACY: "no" }),
		IPV6_ROUTE_METRIC: one.learnedMetrics?.ipv6,
		IPV6ADDR: first,
		IPV6ADDR_SECONDARIES: others.length > 0 ? others.join(" ") : undefined,
	};
}

function nameServers(one: PlannedInterface): Variables {
	return {
		...Object.fromEntries(one.dns.map((server, i) => [`DNS${i + 1}`, server])),
		DOMAIN: one.search.length > 0 ? one.search.join(" ") : undefined,
	};
}

function routeFile(one: PlannedInterface, version: 4 | 6): RenderedFile[] {
	const routes = one.routes.filter((route) => route.version === version);
	if (routes.length === 0) return [];
	const path = `${FOLDER}/${version === 4 ? "route" : "route6"}-${one.name}`;
	return [{ path, mode: 0o644, text: routes.map((route) => routeLine(route, one)).join("") }];
}

/** The arguments of `ip route add`: network-scripts pass the line to it. */
function routeLine(route: PlannedRoute, one: PlannedInterface): string {
	const words = [destination(route)];
	if (route.gateway !== undefined) words.push("via", route.gateway);
	if (isNamed(one)) words.push("dev", one.name);
	if (route.onLink) words.push("onlink");
	if (route.metric !== undefined) words.push("metric", String(route.metric));
	return `${words.join(" ")}\n`;
}
