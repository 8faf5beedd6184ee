import type { Remark } from "../documents/reading.ts";
import { type BondOption, DEFAULT_MIIMON } from "../instance/bonding.ts";
import type { IpVersion } from "../instance/instance.ts";
import { cloudInitLosses } from "./cloud-init-losses.ts";
import { optionsFor } from "./lacking-options.ts";
import { networkVersion2 } from "./netplan.ts";
import { nextHop, type PlannedInterface, type PlannedRoute } from "./plan.ts";
import { winningRoutes } from "./ranking.ts";
import type { Renderer } from "./renderer.ts";
import { yaml } from "./text.ts";

/**
 * A `network-config` of version 2 for cloud-init's NoCloud datasource.
 * https://docs.cloud-init.io/en/latest/reference/network-config-format-v2.html
 */
export const cloudInit: Renderer = (plan) => {
	const safetyRemarks: Remark[] = [];
	const winning = winningRoutes(plan.interfaces);
	const interfaces = plan.interfaces.map((one) =>
		withSafeBond(withSafeMetrics(one, winning, safetyRemarks), safetyRemarks),
	);
	const { network, remarks } = networkVersion2(interfaces.map(withNextHops));
	return {
		files: [{ path: "network-config", mode: 0o644, text: yaml(network) }],
		remarks: [...safetyRemarks, ...remarks, ...cloudInitLosses(interfaces)],
	};
};

/**
 * cloud-init fails on a route without a next hop where it writes ifcfg or ENI files (`route["gateway"]` in sysconfig.py and
 * eni.py). netplan and the others take an unspecified one for none.
 */
function withNextHops(one: PlannedInterface): PlannedInterface {
	return { ...one, routes: one.routes.map((route) => ({ ...route, gateway: nextHop(route) })) };
}

/** `NET_CONFIG_TO_V2` in network_state.py of 22.4. */
const KNOWN_OPTIONS: readonly BondOption[] = [
	...(["ad_select", "fail_over_mac", "min_links", "num_grat_arp", "primary_reselect", "xmit_hash_policy"] as const),
];

/**
 * Without netplan, cloud-init fails without any network on a parameter of a bond that it does not know (KeyError in
 * `_handle_bond_bridge`): before 26.1 most further ones, and in all versions netplan's name of the ARP targets.
 */
function withSafeBond(one: PlannedInterface, remarks: Remark[]): PlannedInterface {
	if (one.kind !== "bond") return one;
	const { arp, ...options } = optionsFor(one, "cloud-init", (option) => KNOWN_OPTIONS.includes(option), remarks);
	if (arp === undefined) return { ...one, options };
	remarks.push({
		pointer: `${one.pointer}/bond_arp_interval`,
		reason: `without netplan, cloud-init fails on monitoring by ARP: bond_miimon ${DEFAULT_MIIMON} is used`,
		value: String(arp.interval),
	});
	return { ...one, options: { ...options, miimon: DEFAULT_MIIMON } };
}

/**
 * cloud-init 25.1 and later, with NetworkManager, fails without any network on a default route with a metric, unless its
 * IP version is that of the interface's first subnet: it handles all routes with the first subnet, before the other
 * version has a section (network_manager.py, `_add_route`). Static addresses are reordered if that helps. Otherwise a
 * route that should win loses only its metric, and one that should not win is dropped.
 */
function withSafeMetrics(
	one: PlannedInterface,
	winning: ReadonlySet<PlannedRoute>,
	remarks: Remark[],
): PlannedInterface {
	// Without a metric, an IPv4 route wins over all others.
	const [family] = one.routes
		.filter(isRankedDefault)
		.map(({ version }) => version)
		.toSorted();
	const ordered = family === undefined ? one : withFirst(one, family);
	const first = firstFamily(ordered);
	const routes = ordered.routes.flatMap((route): PlannedRoute[] => {
		if (!isRankedDefault(route) || route.version === first) return [route];
		const { metric, ...plain } = route;
		const wins = winning.has(route);
		const consequence = wins ? "the metric is dropped" : "the route is dropped";
		const reason = `cloud-init with NetworkManager fails on this default route with a metric: ${consequence}`;
		remarks.push({ pointer: route.pointer, reason, value: JSON.stringify({ gateway: route.gateway, metric }) });
		return wins ? [plain] : [];
	});
	return { ...ordered, routes };
}

function isRankedDefault(route: PlannedRoute): route is PlannedRoute & { readonly metric: number } {
	return route.prefixLength === 0 && route.metric !== undefined;
}

/** The IP version of what cloud-init takes for the first subnet. */
function firstFamily({ dhcp4, dhcp6, addresses }: PlannedInterface): IpVersion | undefined {
	if (dhcp4) return 4;
	return dhcp6 ? 6 : addresses[0]?.version;
}

function withFirst(one: PlannedInterface, family: IpVersion): PlannedInterface {
	const addresses = one.addresses.toSorted((a, b) => Number(b.version === family) - Number(a.version === family));
	return { ...one, addresses };
}
