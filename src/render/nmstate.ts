import type { Remark } from "../documents/reading.ts";
import type { BondOption } from "../instance/bonding.ts";
import { givenMac, optionsFor, realPrimary } from "./lacking-options.ts";
import { isMember, nextHop, type PlannedBond, type PlannedInterface } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { bondOptions, destination, optional, yaml } from "./text.ts";

/**
 * A state that nmstate.service applies at boot. Needs nmstate 2.2.41, the first version in which bonds, VLANs and routes
 * can refer to a NIC that is found by its MAC address.
 *
 * Sources: https://nmstate.io/features/mac_identifier.html, https://nmstate.io/devel/yaml_api.html
 */
export const nmstate: Renderer = (plan) => {
	const { interfaces } = plan;
	const servers = new Set(interfaces.flatMap(({ dns }) => dns));
	const search = new Set(interfaces.flatMap(({ search }) => search));
	const routes = interfaces.flatMap(describeRoutes);
	const remarks = sharedServers(interfaces);
	const state = {
		interfaces: interfaces.map((one) => describe(one, remarks)),
		...(routes.length > 0 && { routes: { config: routes } }),
		...(servers.size + search.size > 0 && {
			"dns-resolver": { config: { search: [...search], server: [...servers] } },
		}),
	};
	const file = { path: "etc/nmstate/50-guestwire.yml", mode: 0o600, text: yaml(state) };
	return { files: [file], remarks };
};

/** nmstate configures name servers for the host, not for a link. */
function sharedServers(interfaces: readonly PlannedInterface[]): Remark[] {
	const asking = interfaces.filter(({ dns, search }) => dns.length + search.length > 0);
	const same = new Set(asking.map(({ dns, search }) => JSON.stringify([dns, search]))).size <= 1;
	const reason =
		"nmstate has one list of name servers and search domains for the host: those of this link are added to it";
	return same ? [] : asking.map(({ pointer }) => ({ pointer, reason }));
}

function describe(one: PlannedInterface, remarks: Remark[]): object {
	const macAddress = givenMac(one);
	return {
		name: one.name,
		type: one.kind === "physical" ? "ethernet" : one.kind,
		state: "up",
		...(one.kind === "physical" && one.macAddress !== undefined && { identifier: "mac-address" }),
		...(macAddress !== undefined && { "mac-address": macAddress }),
		...(one.mtu !== undefined && { mtu: one.mtu }),
		...(one.kind === "bond" && { "link-aggregation": linkAggregation(one, remarks) }),
		...(one.kind === "vlan" && { vlan: { "base-iface": one.parent, id: one.vlanId } }),
		...(isMember(one) ? {} : { ipv4: ipv4(one), ipv6: ipv6(one) }),
	};
}

/** nmstate refuses a state with an option that it does not know. */
const UNKNOWN: readonly BondOption[] = ["arp_missed_max", "lacp_active", "peer_notif_delay"];
const SWITCHES: readonly string[] = ["tlb_dynamic_lb", "use_carrier"];

function linkAggregation(bond: PlannedBond, remarks: Remark[]): object {
	const known = optionsFor(bond, "nmstate", (option) => !UNKNOWN.includes(option), remarks);
	const [, ...options] = [...bondOptions(known, ","), ...optional("primary", realPrimary(bond, "nmstate", remarks))];
	const values = options.map(([name, value]) => [name, SWITCHES.includes(name) ? value === "1" : value]);
	return { mode: known.mode, port: bond.members, ...(values.length > 0 && { options: Object.fromEntries(values) }) };
}

function ipv4(one: PlannedInterface): object {
	const address = addressesOf(one, 4);
	if (!one.dhcp4 && address.length === 0) return { enabled: false };
	return {
		enabled: true,
		dhcp: one.dhcp4,
		...autoMetric(one.learnedMetrics?.ipv4),
		...(address.length > 0 && { address }),
	};
}

/** nmstate rejects router advertisements without DHCPv6 and the reverse. The flags of the advertisement decide. */
function ipv6(one: PlannedInterface): object {
	const dynamic = one.routerAdvertisements;
	const address = addressesOf(one, 6);
	return {
		enabled: true,
		dhcp: dynamic,
		autoconf: dynamic,
		...(dynamic && { "addr-gen-mode": "eui64" }),
		...autoMetric(one.learnedMetrics?.ipv6),
		...(address.length > 0 && { address }),
	};
}

function autoMetric(metric: number | undefined): object {
	return metric === undefined ? {} : { "auto-route-metric": metric };
}

function addressesOf(one: PlannedInterface, version: 4 | 6): object[] {
	return one.addresses
		.filter((address) => address.version === version)
		.map(({ address, prefixLength }) => ({ ip: address, "prefix-length": prefixLength }));
}

/** nmstate has no flag for a gateway outside the subnet: a route to the gateway itself declares it on-link. */
function describeRoutes(one: PlannedInterface): object[] {
	const gateways = new Map(one.routes.filter(({ onLink }) => onLink).map((route) => [nextHop(route), route.version]));
	const onLink = [...gateways].map(([gateway, version]) => ({
		destination: `${gateway}/${version === 4 ? 32 : 128}`,
		"next-hop-interface": one.name,
	}));
	const routes = one.routes.map((route) => ({
		destination: destination(route),
		...(route.gateway !== undefined && { "next-hop-address": route.gateway }),
		"next-hop-interface": one.name,
		...(route.metric !== undefined && { metric: route.metric }),
	}));
	return [...onLink, ...routes];
}
