/** Which link's default route wins, if several have one. */
import type { AddRemark } from "../documents/reading.ts";
import type { LearnedMetrics, PlannedInterface, PlannedRoute } from "./plan.ts";

/** Above the metrics that DHCP clients and router advertisements use, 100 to 1024: ranks after them. */
const LATER_METRIC = 2048;

/** Below the metric of a router advertisement. A static IPv6 route without a metric has the same 1024 as that. */
const FIRST_METRIC = 50;

/**
 * The first interface with a default route, or with a way to get one, keeps it. On the others, default routes get a
 * metric that ranks after it, static ones and those that DHCP servers and routers hand out: of two with the same metric,
 * either may win at a boot (cloud-init issue 4246). A metric of the document is kept.
 */
export function rankDefaultRoutes(interfaces: readonly PlannedInterface[], remark: AddRemark): PlannedInterface[] {
	const inOrder = interfaces.toSorted((a, b) => linkIndex(a) - linkIndex(b));
	const first = {
		4: inOrder.find((one) => one.dhcp4 || one.routes.some((route) => isDefault(route, 4))),
		6: inOrder.find((one) => one.routerAdvertisements || one.routes.some((route) => isDefault(route, 6))),
	};
	const advertised = interfaces.some(({ routerAdvertisements }) => routerAdvertisements);
	return interfaces.map((one) => {
		const metric = LATER_METRIC + linkIndex(one);
		const rank = (route: PlannedRoute): PlannedRoute => {
			if (route.prefixLength > 0 || route.metric !== undefined) return route;
			if (first[route.version] === one) {
				return route.version === 6 && advertised ? { ...route, metric: FIRST_METRIC } : route;
			}
			const reason = `an earlier link has the default route: this one gets metric ${metric} and ranks after it`;
			remark(route.pointer, reason, route.gateway);
			return { ...route, metric };
		};
		const learned: LearnedMetrics = {
			...(one.dhcp4 && first[4] !== one && { ipv4: metric }),
			...(one.routerAdvertisements && first[6] !== one && { ipv6: metric }),
			...one.learnedMetrics,
		};
		return {
			...one,
			routes: one.routes.map(rank),
			...(Object.keys(learned).length > 0 && { learnedMetrics: learned }),
		};
	});
}

/** The index of the link in the document. */
function linkIndex({ pointer }: PlannedInterface): number {
	return Number(pointer.slice("/links/".length));
}

function isDefault(route: PlannedRoute, version: 4 | 6): boolean {
	return route.version === version && route.prefixLength === 0;
}
