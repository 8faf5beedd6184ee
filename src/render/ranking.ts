/** Which link's default route wins, if several have one. */
import type { AddRemark } from "../documents/reading.ts";
import type { IpVersion } from "../instance/instance.ts";
import {
	isDefault,
	type LearnedMetrics,
	learnsRoutes,
	type PlannedInterface,
	type PlannedRoute,
	ROUTER_METRIC,
} from "./plan.ts";

/** Above the metrics that DHCP clients and router advertisements use, 100 to 1024: ranks after them. */
const LATER_METRIC = 2048;

/** Below the metric of a router advertisement. A static IPv6 route without a metric has the same one as that. */
const FIRST_METRIC = 50;

/** What routes without a metric have: static ones in the kernel, and those that DHCP clients and the kernel make. */
const STATIC_METRIC = { 4: 0, 6: ROUTER_METRIC } as const;
const LEARNED_METRIC = { 4: 100, 6: ROUTER_METRIC } as const;

/** The order of the default routes of an IP version. */
interface Ranking {
	/** The first interface with a default route, or a way to get one, for which the document has no metric. */
	readonly first?: PlannedInterface | undefined;
	/** The metrics of its routes, where they must not be left to the system. */
	readonly static?: number;
	readonly learned?: number;
}

/**
 * A metric of the document is kept. Of the interfaces for which it has none, the first with a default route, or with a way
 * to get one, keeps that; on the others, default routes get a metric that ranks after it, static ones and those that DHCP
 * servers and routers hand out: of two with the same metric, either may win at a boot (cloud-init issue 4246).
 */
export function rankDefaultRoutes(interfaces: readonly PlannedInterface[], remark: AddRemark): PlannedInterface[] {
	const inOrder = interfaces.toSorted((a, b) => linkIndex(a) - linkIndex(b));
	const rankings = { 4: rankingOf(inOrder, 4), 6: rankingOf(inOrder, 6) };
	return interfaces.map((one) => {
		const later = LATER_METRIC + linkIndex(one);
		const rank = (route: PlannedRoute): PlannedRoute => {
			if (route.prefixLength > 0 || route.metric !== undefined) return route;
			const ranking = rankings[route.version];
			if (ranking.first !== one) {
				const reason = `an earlier link has the default route: this one gets metric ${later} and ranks after it`;
				remark(route.pointer, reason, route.gateway);
			}
			const metric = ranking.first === one ? ranking.static : later;
			return metric === undefined ? route : { ...route, metric };
		};
		const learnedMetric = (version: IpVersion) => (rankings[version].first === one ? rankings[version].learned : later);
		const [ipv4, ipv6] = [learnedMetric(4), learnedMetric(6)];
		const learned: LearnedMetrics = {
			...(one.dhcp4 && ipv4 !== undefined && { ipv4 }),
			...(one.routerAdvertisements && ipv6 !== undefined && { ipv6 }),
			...one.learnedMetrics,
		};
		return {
			...one,
			routes: one.routes.map(rank),
			...(Object.keys(learned).length > 0 && { learnedMetrics: learned }),
		};
	});
}

/**
 * Beside metrics of the document, routes without one get the metric that they would have in the kernel or by a DHCP client:
 * systems have others of their own (NetworkManager 100 for static routes, systemd-networkd 1024 for DHCP).
 */
function rankingOf(inOrder: readonly PlannedInterface[], version: IpVersion): Ranking {
	const first = inOrder.find((one) => metricsOf(one, version).includes(undefined));
	const given = inOrder.flatMap((one) => metricsOf(one, version).filter((metric) => metric !== undefined));
	if (given.length === 0) {
		const isAdvertised = version === 6 && inOrder.some(({ routerAdvertisements }) => routerAdvertisements);
		return { first, ...(isAdvertised && { static: FIRST_METRIC }) };
	}
	const taken = new Set(given);
	const free = (metric: number): number => {
		let next = metric;
		while (taken.has(next)) next++;
		taken.add(next);
		return next;
	};
	if (version === 6) return { first, static: free(ROUTER_METRIC - 1), learned: free(ROUTER_METRIC) };
	// Without one, a route wins over all that have one.
	const below = given.reduce((least, metric) => Math.min(least, metric - 1), FIRST_METRIC);
	return { first, learned: free(LEARNED_METRIC[4]), ...(below > 0 && { static: below }) };
}

/** The metrics of an interface's default routes, static ones and those that are handed out; undefined for none. */
function metricsOf(one: PlannedInterface, version: IpVersion): (number | undefined)[] {
	return [
		...one.routes.filter((route) => isDefault(route, version)).map(({ metric }) => metric),
		...(learnsRoutes(one, version) ? [one.learnedMetrics?.[`ipv${version}`]] : []),
	];
}

/** The static default routes that are in use: one per IP version, unless one that is handed out is. */
export function winningRoutes(interfaces: readonly PlannedInterface[]): ReadonlySet<PlannedRoute> {
	return new Set(([4, 6] as const).flatMap((version) => winnerOf(interfaces, version) ?? []));
}

function winnerOf(interfaces: readonly PlannedInterface[], version: IpVersion): PlannedRoute | undefined {
	const routes = interfaces.flatMap((one) => one.routes.filter((route) => isDefault(route, version)));
	const rankOf = ({ metric }: PlannedRoute) => metric ?? STATIC_METRIC[version];
	const [best] = routes.toSorted((a, b) => rankOf(a) - rankOf(b));
	const learning = interfaces.filter((one) => learnsRoutes(one, version));
	const learned = learning.map(({ learnedMetrics }) => learnedMetrics?.[`ipv${version}`] ?? LEARNED_METRIC[version]);
	return best && rankOf(best) <= Math.min(...learned) ? best : undefined;
}

/** The index of the link in the document. */
function linkIndex({ pointer }: PlannedInterface): number {
	return Number(pointer.slice("/links/".length));
}
