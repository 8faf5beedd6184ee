import type { Remark } from "../documents/reading.ts";
import { networkVersion2 } from "./netplan.ts";
import { assumedNames, type PlannedInterface, type PlannedRoute } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { yaml } from "./text.ts";

/**
 * A `network-config` of version 2 for cloud-init's NoCloud datasource.
 * https://docs.cloud-init.io/en/latest/reference/network-config-format-v2.html
 */
export const cloudInit: Renderer = (plan) => {
	const metricRemarks: Remark[] = [];
	const interfaces = plan.interfaces.map((one) => withSafeMetrics(one, metricRemarks));
	const { network, remarks } = networkVersion2(interfaces);
	return {
		files: [{ path: "network-config", mode: 0o644, text: yaml(network) }],
		remarks: [...metricRemarks, ...remarks, ...onlyWithNetplan(interfaces)],
	};
};

type Family = 4 | 6;

/**
 * cloud-init 25.1 and later, with NetworkManager, fails without any network on a default route with a metric, unless its
 * IP version is that of the interface's first subnet: it handles all routes with the first subnet, before the other
 * version has a section (network_manager.py, `_add_route`). Static addresses are reordered if that helps. Otherwise a
 * route that should win loses only its metric, and one that should not win is dropped.
 */
function withSafeMetrics(one: PlannedInterface, remarks: Remark[]): PlannedInterface {
	const ranked = new Set(one.routes.filter(isRankedDefault).map(({ version }) => version));
	const [family] = ranked;
	const ordered = ranked.size === 1 && family !== undefined ? withFirst(one, family) : one;
	const first = firstFamily(ordered);
	const routes = ordered.routes.flatMap((route): PlannedRoute[] => {
		if (!isRankedDefault(route) || route.version === first) return [route];
		const { metric, ...plain } = route;
		const wins = metric < LOSING_METRIC;
		const consequence = wins ? "the metric is dropped" : "the route is dropped";
		const reason = `cloud-init with NetworkManager fails on this default route with a metric: ${consequence}`;
		remarks.push({ pointer: route.pointer, reason, value: JSON.stringify({ gateway: route.gateway, metric }) });
		return wins ? [plain] : [];
	});
	return { ...ordered, routes };
}

/** Metrics from here on rank after a route without a metric of either IP version. */
const LOSING_METRIC = 1024;

function isRankedDefault(route: PlannedRoute): route is PlannedRoute & { readonly metric: number } {
	return route.prefixLength === 0 && route.metric !== undefined;
}

/** The IP version of what cloud-init takes for the first subnet. */
function firstFamily({ dhcp4, dhcp6, addresses }: PlannedInterface): Family | undefined {
	if (dhcp4) return 4;
	return dhcp6 ? 6 : addresses[0]?.version;
}

function withFirst(one: PlannedInterface, family: Family): PlannedInterface {
	const addresses = one.addresses.toSorted((a, b) => Number(b.version === family) - Number(a.version === family));
	return { ...one, addresses };
}

/** cloud-init hands the file to netplan unchanged. For other systems it converts it, and loses more (network_state.py). */
function onlyWithNetplan(interfaces: readonly PlannedInterface[]): Remark[] {
	const assumed = assumedNames(interfaces);
	const macs = new Map(interfaces.map(({ name, macAddress }) => [name, macAddress]));
	return interfaces.flatMap((one) => {
		const below = one.kind === "vlan" ? [one.parent] : one.kind === "bond" ? one.members : [];
		const remarks: Remark[] = [];
		const remark = (reason: string) => remarks.push({ pointer: one.pointer, reason: `without netplan, ${reason}` });
		if (below.some((name) => assumed.has(name))) remark("cloud-init does not find the NICs below: give their names");
		if (one.routerAdvertisements && one.dhcp6 === undefined) remark("cloud-init cannot express SLAAC, and it is lost");
		if (one.kind === "vlan" && one.macAddress !== macs.get(one.parent)) {
			remark("cloud-init may give the VLAN its parent's MAC address: give both the same in Neutron");
		}
		if (one.learnedMetrics?.ipv4 !== undefined) {
			remark("cloud-init may lose the metric, and the default routes of several DHCP servers are not ranked");
		}
		return remarks;
	});
}
