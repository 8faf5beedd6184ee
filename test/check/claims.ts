/** What the findings of the check say of the guest's files, for comparing them with the files. */
import type { Finding } from "../../src/check/index.ts";
import { ASPECTS, type Aspect } from "./aspects.ts";
import type { RendererName } from "./cloud-init.ts";

/** The aspects that a rule's effect shows in, by the beginning of its id. The first that fits counts. */
const SHOWN: readonly (readonly [RegExp, readonly Aspect[]])[] = [
	[/^(virtual-link-unrendered|bond-link-shared|bond-member-network|bond-empty)$/, ASPECTS],
	[/^(link-id|nic-mac|vlan-id|vlan-link|vlan-over)/, ASPECTS],
	[/^(bond-mac|bond-member-macs)/, ["mac", "link", "bond"]],
	[/^bond-/, ["bond", "link"]],
	[/^vlan-mac/, ["mac", "link"]],
	[/^mtu-/, ["mtu", "link"]],
	[/^(address|netmask|several|ipv6-prefix)/, ["address", "route", "dns", "unreadable"]],
	[/^(network-type|network-link|static6)/, ["address", "dynamic", "route", "dns", "search", "unreadable"]],
	[/^(route|gateway|default-route|dhcp-routes|ipv6-routes)/, ["route", "unreadable"]],
	[/^(dns|service|network-service|dhcp-dns)/, ["dns", "search", "unreadable"]],
];

/** Rules whose effect is always seen in the files, where there is one. */
const VISIBLE: Readonly<Record<string, Aspect>> = {
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
};

export interface Claimed {
	/** Aspects in which some finding explains a difference. */
	readonly explained: ReadonlySet<Aspect>;
	/** Aspects in which some finding promises one, with the rule. */
	readonly promised: ReadonlyMap<string, Aspect>;
}

export function claimedAspects(findings: readonly Finding[], renderer: RendererName): Claimed {
	const here = findings.filter(({ effects }) =>
		effects.some(
			({ scopes, text }) =>
				!text.startsWith("networking is right") &&
				(!scopes || scopes.some(({ renderers }) => renderers?.includes(renderer) ?? true)),
		),
	);
	const rules = [...new Set(here.map(({ rule }) => rule))];
	return {
		explained: new Set(rules.flatMap((rule) => SHOWN.find(([pattern]) => pattern.test(rule))?.[1] ?? [])),
		promised: new Map(rules.flatMap((rule) => (VISIBLE[rule] ? [[rule, VISIBLE[rule]] as const] : []))),
	};
}
