/** What cloud-init makes of metrics, of networks and of routes. */
import type { NetworkView } from "../document-view.ts";
import { member } from "../json.ts";
import type { Fault } from "../rule.ts";
import type { VersionRange } from "../versions.ts";
import { type Condition, crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { degraded, degradedStatus, NETPLAN, netplanRefuses, SCHEMA } from "./cloud-init-effects.ts";
import { all, isBlankValue, isInteger, isStatic, isText, isUnjoinableList, not } from "./conditions.ts";
import { conversionReactions } from "./conversion.ts";

const metricUnread = "leaves it out: the network's routes have the system's own metric";

export const cloudInitMetricReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"network-metric-unread": [
		...routeMetricUnread({ until: "25.2" }, () => true),
		...routeMetricUnread({ since: "25.2" }, isText),
		// Its schema has the member since 25.2.
		ignored(degraded, { ...SCHEMA, until: "25.2", renderers: ["sysconfig", "eni"] }),
		wrong(`${metricUnread}; ${degradedStatus}`, { ...SCHEMA, until: "25.2" }),
		ignored(degraded, { ...NETPLAN, since: "25.2", when: isText }),
		ignored(degraded, { renderers: ["network-manager"], since: "26.2", when: isText }),
		ignored(degraded, { renderers: ["sysconfig", "eni"], since: "25.2", when: isText }),
		fine({ ...NETPLAN, since: "25.2" }),
		fine({ renderers: ["network-manager"], since: "26.2" }),
		fine({ renderers: ["sysconfig", "eni"] }),
		wrong(`${metricUnread}; ${degradedStatus}`, { since: "25.2", when: isText }),
		wrong(metricUnread),
	],
	"network-metric-invalid": [
		crash("TypeError: no NIC is configured", { renderers: ["eni"], when: isUnjoinableList }),
		lost(netplanRefuses, { ...NETPLAN, since: "25.2", when: not(isBlankValue) }),
		...ignoredMetric({ renderers: ["sysconfig", "eni"] }),
		...ignoredMetric({ renderers: ["network-manager"], since: "26.2" }),
		fine({ since: "25.2", when: isInteger }),
		ignored(degraded, SCHEMA),
	],
	"dhcp-on-two-links": [
		// systemd-networkd's own metric for DHCP is 100.
		fine({ ...NETPLAN, since: "25.2", when: not(haveMetric(100)) }),
		fine({ renderers: ["eni"], when: not(haveMetric(0)) }),
		wrong("both default routes have the same metric: which one is used may change from boot to boot", {
			renderers: ["netplan", "networkd", "eni"],
		}),
	],
	"route-metric-invalid": [
		...conversionReactions["route-metric-invalid"],
		lost(netplanRefuses, { ...NETPLAN, when: all(isStatic, isNoMetric) }),
		wrong("the system ignores the metric, or refuses the route", {
			renderers: ["networkd", "sysconfig", "eni"],
			when: isNegative,
		}),
		wrong("the system ignores the metric, or refuses the route", {
			renderers: ["network-manager"],
			since: "24.4",
			when: isNegative,
		}),
	],
};

/** Whether both networks have the same metric, which is the usual one where the document names none. */
function haveMetric(usual: number): (fault: Fault) => boolean {
	const metricOf = (network: NetworkView | undefined) => String((network && member(network.raw, "metric")) ?? usual);
	return ({ network, otherNetwork }) => metricOf(network) === metricOf(otherNetwork);
}

/** ENI and sysconfig do not give it to the network's own routes, but for sysconfig's default route. */
function routeMetricUnread(versions: VersionRange, isRejected: (fault: Fault) => boolean): Reaction[] {
	const text = "leaves it out of the network's routes";
	const hasOthers = ({ network }: Fault) =>
		(network?.routes ?? []).some(({ destination }) => destination?.prefixLength !== 0);
	const reactions = (where: Condition, when: (fault: Fault) => boolean) => [
		wrong(`${text}; ${degradedStatus}`, { ...SCHEMA, ...versions, ...where, when: all(when, isRejected) }),
		wrong(text, { ...versions, ...where, when }),
	];
	return [
		...reactions({ renderers: ["eni"] }, ({ network }) => (network?.routes.length ?? 0) > 0),
		...reactions({ renderers: ["sysconfig"] }, hasOthers),
	];
}

/** Where an invalid metric is written. Its schema has whole numbers of any size since 25.2, and no metric before. */
function ignoredMetric(where: Condition): Reaction[] {
	const written = not(isBlankValue);
	return [
		...(where.since === undefined
			? [
					wrong("the system ignores it", { ...where, until: "24.2", when: written }),
					wrong(`the system ignores it; ${degradedStatus}`, { ...where, until: "25.2", when: written }),
				]
			: []),
		wrong("the system ignores it", { ...where, when: isInteger }),
		wrong(`the system ignores it; ${degradedStatus}`, { ...where, when: written }),
	];
}

function isNegative({ value }: Fault): boolean {
	return typeof value === "number" && (value < 0 || value >= 2 ** 32);
}

/** Converted or not, netplan does not accept it. */
function isNoMetric({ value }: Fault): boolean {
	return typeof value === "number" ? value < 0 || value >= 2 ** 32 : value !== true;
}
