/** What the findings of the check say of the guest's files, for comparing them with the files. */
import type { Finding } from "../../src/check/index.ts";
import { ASPECTS, type Aspect } from "./aspects.ts";

/** The aspects that a rule's effect shows in, by the beginning of its id. The first that fits counts. */
const SHOWN: readonly (readonly [RegExp, readonly Aspect[]])[] = [
	[/^(virtual-link-unrendered|bond-link-shared|bond-member-network|bond-empty)$/, ASPECTS],
	[
		/^(list-missing|link-unconfigured|network-id|network-type-(missing|unknown|unsupported)|bond-mode-missing)/,
		ASPECTS,
	],
	[/^(link-id|link-name|nic-mac|nic-name-invalid|vlan-id|vlan-link|vlan-over)/, ASPECTS],
	[/^(bond-mac|bond-member-macs)/, ["mac", "link", "bond", "unreadable"]],
	[/^bond-unsupported$/, ["bond", "link", "address", "route", "dns"]],
	[/^number-fraction$/, ASPECTS],
	[/^bond-/, ["bond", "link"]],
	[/^nic-profile-unbound$/, ["mac"]],
	[/^vlan-unsupported$/, ["link", "mac", "route"]],
	[/^vlan-mac/, ["mac", "link", "unreadable"]],
	[/^mtu-/, ["mtu", "link"]],
	[/^(address|netmask|several|ipv6-prefix)/, ["address", "route", "dns", "unreadable"]],
	[/^network-type-approximated/, ["dynamic"]],
	[
		/^(network-type|network-link|static6|dhcp6)/,
		["link", "address", "dynamic", "route", "dns", "search", "unreadable"],
	],
	[/^(route|gateway|network-metric|default-route|dhcp-routes|host-routes|ipv6-routes)/, ["route", "unreadable"]],
	[/^(dns|service|network-service|dhcp-dns)/, ["dns", "search", "unreadable"]],
];

/** The aspects that a rule's effect is always seen in, where there is one: in one of them at least. */
export type Visible = Readonly<Record<string, Aspect | readonly Aspect[]>>;

/**
 * Effects in what the system makes of a file are not seen in it, and neither are those that the plan has, too: a value that
 * both leave out, or that both pass on.
 */
const VISIBLE_IN_CLOUD_INIT: Visible = {
	"nic-mac-invalid": "link",
	"nic-mac-repeated": ["address", "link", "mac"],
	"bond-mode-unknown": "bond",
	"bond-mode-number": "bond",
	"bond-mode-number-text": "bond",
	"bond-monitoring-missing": "bond",
	"bond-arp-monitoring": "bond",
	"bond-option-spelling": "bond",
	"bond-option-unread": "bond",
	"bond-link-shared": ["address", "bond", "link"],
	"bond-member-network": ["address", "bond"],
	"vlan-id-repeated": ["address", "link"],
	"virtual-link-unrendered": "link",
	"mtu-above-parent": "mtu",
	"netmask-missing": "address",
	"netmask-invalid": "address",
	"netmask-zero": "address",
	"static6-stops-slaac": "dynamic",
	"static6-after-dhcp6": "dynamic",
	"default-route-repeated": "route",
	"route-repeated": "route",
	"route-network-family": "route",
	"route-netmask-missing": "route",
	"route-netmask-invalid": "route",
	"route-metric-invalid": ["route", "unreadable"],
	"route-gateway-missing": ["route", "unreadable"],
	"route-gateway-invalid": ["route", "unreadable"],
	"route-gateway-family": "route",
	"gateway-invalid": ["route", "unreadable"],
	"dns-nameservers-overridden": "dns",
	"dns-in-services-alone": "dns",
	"dns-of-every-link": "dns",
	"dns-nameserver-invalid": ["dns", "unreadable"],
	"network-service-address-invalid": ["dns", "unreadable"],
	"dns-search-unread": "search",
	"bond-mode-unread": "bond",
	"bond-miimon-unread": "bond",
	"bond-hash-policy-unread": "bond",
	"bond-lacp-rate-unread": "bond",
	"bond-mac-unread": "mac",
	"vlan-mac-own": "mac",
	"mtu-unread": "mtu",
	"dns-not-on-link": "dns",
	"dhcp-dns-unread": "dns",
	"dhcp-routes-unread": "route",
	"route-metric-unread": "route",
	"static6-takes-ra": "dynamic",
	"dhcp6-starts-dhcp4": "dynamic",
	"dns-on-dhcp-link": "dns",
};

/** What a renderer's files show that the findings do not say, and the reverse. */
export interface Contradictions {
	/** Aspects that differ, and that no finding explains. */
	readonly missed: readonly Aspect[];
	/** Rules whose effect should be seen, and is not. */
	readonly alarms: readonly string[];
	/** Rules whose effect cannot be seen, because more is lost or cannot be read. */
	readonly hidden: readonly string[];
	/** Rules whose effect is seen. */
	readonly shown: readonly string[];
}

/** @param differing how the files that the renderer wrote differ from the document's plan */
export function contradictions(
	findings: readonly Finding[],
	renderer: string,
	differing: readonly Aspect[],
	visible: Visible = VISIBLE_IN_CLOUD_INIT,
): Contradictions {
	const here = findings.flatMap(({ rule, effects }) =>
		effects
			.filter(({ scopes }) => !scopes || scopes.some(({ renderers }) => renderers?.includes(renderer) ?? true))
			.filter(({ text }) => !text.startsWith("networking is right"))
			.map(({ outcome }) => ({ rule, outcome })),
	);
	const rules = [...new Set(here.map(({ rule }) => rule))];
	const explained = new Set(rules.flatMap((rule) => SHOWN.find(([pattern]) => pattern.test(rule))?.[1] ?? []));
	const promised = rules.flatMap((rule) => {
		const aspects = [visible[rule] ?? []].flat();
		return aspects.length === 0 ? [] : [{ rule, isSeen: aspects.some((aspect) => differing.includes(aspect)) }];
	});
	const unseen = promised.flatMap(({ rule, isSeen }) => (isSeen ? [] : [rule]));
	const isHidden = ["link", "unreadable", "address"].some((aspect) => differing.includes(aspect as Aspect));
	const isLost = (rule: string) => here.some((one) => one.outcome === "lost" && one.rule !== rule);
	return {
		missed: differing.filter((aspect) => !explained.has(aspect)),
		alarms: unseen.filter((rule) => !isHidden && !isLost(rule)),
		hidden: unseen.filter((rule) => isHidden || isLost(rule)),
		shown: promised.flatMap(({ rule, isSeen }) => (isSeen ? [rule] : [])),
	};
}
